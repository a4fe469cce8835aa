"""An answer's Markdown as HTML that can do nothing but be read.

Answers hold what models and strangers wrote. Their own HTML is shown as text, links lead to pages and mail only, and
an image is a link: loading it would tell somebody's server that, and from where, the answer is read.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import nh3
from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token

from core.integrations.masking import KNOWN

HEADING_SHIFT = 2
"""The page's own headings are the first and the second level."""
LOWEST_HEADING = 6
SCHEMES = {"http", "https", "mailto"}
ABSOLUTE = re.compile(r"(?:https?://|mailto:)", re.IGNORECASE)
BLOCKS = ("p", "li", "h3", "h4", "h5", "h6", "blockquote", "td", "th")
TAGS = {
    *BLOCKS,
    *(
        "a",
        "br",
        "code",
        "del",
        "div",
        "em",
        "hr",
        "ol",
        "pre",
        "s",
        "strong",
        "table",
        "tbody",
        "thead",
        "tr",
    ),
    "ul",
}
ATTRIBUTES = {
    "a": {"href", "title"},
    "ol": {"start"},
    "td": {"class"},
    "th": {"class"},
    "div": {"class", "role", "aria-label", "tabindex"},
}
FIXED = {
    "a": {"target": "_blank"},
    # What is wider than its place can be moved with the keyboard.
    "pre": {"tabindex": "0"},
    # Each paragraph runs in the direction of its own words.
    **{block: {"dir": "auto"} for block in BLOCKS},
}


def to_html(markdown: str) -> str:
    """The Markdown as safe HTML."""
    return nh3.clean(
        _PARSER.render(KNOWN.mask(markdown)),
        tags=TAGS,
        attributes=ATTRIBUTES,
        url_schemes=SCHEMES,
        link_rel="noopener noreferrer nofollow",
        set_tag_attribute_values=FIXED,
    )


def _shifted(tokens: Sequence[Token]) -> None:
    for token in tokens:
        if token.type in ("heading_open", "heading_close"):
            token.tag = f"h{min(LOWEST_HEADING, int(token.tag[1:]) + HEADING_SHIFT)}"


def _image(self: RendererHTML, tokens: Sequence[Token], index: int, options: Any, env: Any) -> str:
    token = tokens[index]
    described = self.renderInlineAsText(token.children, options, env) or "image"
    link = Token("link_open", "a", 1, attrs={"href": str(token.attrs.get("src", ""))})
    words = Token("text", "", 0, content=described)
    return self.renderInline([link, words, Token("link_close", "a", -1)], options, env)


def _cell(self: RendererHTML, tokens: Sequence[Token], index: int, options: Any, env: Any) -> str:
    """Alignment as a class: the page's policy takes no styles that stand in a tag."""
    token = tokens[index]
    alignment = str(token.attrs.pop("style", "")).removeprefix("text-align:")
    if alignment:
        token.attrSet("class", alignment)
    return self.renderToken(tokens, index, options, env)


def _table(self: RendererHTML, tokens: Sequence[Token], index: int, options: Any, env: Any) -> str:
    return '<div class="wide" role="region" aria-label="Table" tabindex="0"><table>\n'


def _table_end(self: RendererHTML, tokens: Sequence[Token], index: int, options: Any, env: Any) -> str:
    return "</table></div>\n"


def _parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"html": False, "linkify": True, "breaks": True})
    parser.enable(["table", "strikethrough", "linkify"])
    # Only what says that it is an address becomes a link: "notes.md" is a file, not a page in Moldova.
    parser.linkify.set({"fuzzy_link": False, "fuzzy_email": False})  # type: ignore[union-attr]
    # Nor is anything a link that would lead somewhere within this very page.
    parser.validateLink = lambda url: ABSOLUTE.match(url) is not None  # type: ignore[method-assign]
    parser.core.ruler.push("shift_headings", lambda state: _shifted(state.tokens))
    for name, rule in {
        "image": _image,
        "td_open": _cell,
        "th_open": _cell,
        "table_open": _table,
        "table_close": _table_end,
    }.items():
        parser.add_render_rule(name, rule)
    return parser


_PARSER = _parser()
