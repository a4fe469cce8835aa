"""An answer's Markdown, made harmless for Slack and cut to size; pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape

from adapters.chat import cutting

# A word joiner: invisible, and the end of every mention. Unlike an entity it works inside code, too, and however
# Slack orders decoding entities and looking for mentions.
_JOINER = "\u2060"
_LESS_THAN = r"(?:<|&lt;?|&#0*60;?|&#x0*3c;?)"
_MENTION = re.compile(rf"({_LESS_THAN})(?=\\?(?:[@#]|!(?!doctype|--|\[)))", re.IGNORECASE)
_GROUP_PING = re.compile(r"(?<!\w)@(?=(?:everyone|channel|here|group)\b)", re.IGNORECASE)
_CODE_SPAN = re.compile(r"(?<!`)(`+)(?!`)(.+?)(?<!`)\1(?!`)", re.DOTALL)
_AUTOLINK = re.compile(r"<((?:https?://|mailto:)[^<>\s]+)>", re.IGNORECASE)
_TAG = re.compile(r"<(?=[A-Za-z/?!])")
_TARGET = re.compile(r"\]\(\s*(<[^<>\n]*>|(?:[^()\s<>]|\([^()\s]*\))*)[^()]*\)")
_DEFINITION = re.compile(r"^ {0,3}\[([^\[\]]+)\]:[ \t]*(<[^<>\n]*>|\S+).*$", re.MULTILINE)
_SCHEME = re.compile(r"([a-z][a-z0-9+.-]*):", re.IGNORECASE)
_SAFE_SCHEMES = frozenset({"http", "https", "mailto", "tel"})

# Stands for a piece of code while the text around it is changed.
_CODE = "\x00"
_LINK = re.compile(r"!?\[([^\[\]]*)" + _TARGET.pattern)
_HEADING = re.compile(r"^ {0,3}#{1,6}[ \t]+", re.MULTILINE)
_EMPHASIS = re.compile(r"(\*\*|__|~~)(?=\S)(.+?)(?<=\S)\1", re.DOTALL)


def escape(text: str) -> str:
    """Plain text for a field in which Slack looks for markup: shown as it is, and nobody is pinged."""
    text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return _GROUP_PING.sub("@" + _JOINER, text)


def neutralise(markdown: str) -> str:
    """The same Markdown without anything that pings, runs or hides where it leads."""
    safe = "".join(piece if code else _defuse(piece) for code, piece in _pieces(markdown))
    return _GROUP_PING.sub("@" + _JOINER, _MENTION.sub(r"\1" + _JOINER, safe))


def to_plain(markdown: str, *, limit: int) -> str:
    """What notifications and screen readers get: escaped text of at most `limit` characters."""

    def shown(match: re.Match[str]) -> str:
        return match[1] if _is_harmful(match[2]) else f"{match[1]} ({match[2].strip('<>')})"

    pieces = list(_pieces(markdown.replace(_CODE, "")))
    bare = "".join(_CODE if code else piece for code, piece in pieces)
    kept = (piece for code, piece in pieces if code)
    text = _EMPHASIS.sub(r"\2", _HEADING.sub("", _LINK.sub(shown, bare)))
    text = re.sub(_CODE, lambda _: next(kept), text).strip()
    if size(escape(text)) <= limit:
        return escape(text)
    # Entities make text longer; halving finds the longest head that fits.
    low, high = 0, len(text)
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if size(escape(text[:middle])) < limit else (low, middle - 1)
    return escape(text[:low]) + "…"


def cut(markdown: str, *, limit: int) -> list[str]:
    """Parts of at most `limit` characters once neutralised, broken where it hurts least; at least one."""
    return cutting.cut(markdown, limit=limit, measure=lambda text: size(neutralise(text)))


def size(text: str) -> int:
    """Length in UTF-16 units, which is never less than what Slack counts."""
    return len(text) + sum(character > "\uffff" for character in text)


def _pieces(markdown: str) -> Iterator[tuple[bool, str]]:
    """The text in order, in pieces that are code and pieces that aren't."""
    at = 0
    for start, end in [*cutting.fenced(markdown), (len(markdown), len(markdown))]:
        yield from _spans(markdown[at:start])
        yield True, markdown[start:end]
        at = end


def _spans(text: str) -> Iterator[tuple[bool, str]]:
    at = 0
    for match in _CODE_SPAN.finditer(text):
        yield False, text[at : match.start()]
        yield True, match[0]
        at = match.end()
    yield False, text[at:]


def _defuse(text: str) -> str:
    """Text outside of code: no tags, and only links that lead to ordinary places."""
    text = _AUTOLINK.sub(r"\1", text)
    text = _TARGET.sub(lambda match: "]" if _is_harmful(match[1]) else match[0], text)
    text = _DEFINITION.sub(lambda match: "" if _is_harmful(match[2]) else match[0], text)
    return _TAG.sub("&lt;", text)


def _is_harmful(target: str) -> bool:
    """Whether a link's target has a scheme other than the ordinary ones, however it is disguised."""
    bare = re.sub(r"[\x00-\x20\\\u200b-\u200f\u2060]", "", unescape(target)).strip("<>")
    scheme = _SCHEME.match(bare)
    return scheme is not None and scheme[1].lower() not in _SAFE_SCHEMES
