"""Web addresses in text, in one spelling: which of them somebody supplied is a question of sets. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from urllib.parse import urlsplit

_INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff\U000e0000-\U000e007f]")
_ESCAPE = re.compile(r"\\(?=[!-/:-@\[-`{-~])")
_MOST = 2000
_DOMAIN = r"(?:\w(?:[\w-]{0,61}\w)?\.){1,8}[^\W\d_]{2,24}"
_TAIL = r"[^\s<>\"`\u2060]"
WITH_SCHEME = re.compile(rf"[a-z][a-z0-9+.-]{{1,30}}://{_TAIL}{{1,{_MOST}}}", re.IGNORECASE)
"""Whatever says by itself that it is an address."""
ANY = re.compile(
    rf"{WITH_SCHEME.pattern}"
    rf"|(?<![\w@])[.:/\-]{{0,8}}(?:[\w.\-]{{1,60}}/){{0,4}}?{_DOMAIN}(?::\d{{1,5}})?(?![\w@])(?:[/?#]{_TAIL}{{0,{_MOST}}})?",
    re.IGNORECASE,
)
"""Also a bare `example.org/x`, which some platforms make a link of."""
_END = ".,;:!?)]}'\"*_>"


def normal(address: str) -> str:
    """The one spelling of an address: without its scheme where that is http(s), its fragment, and a bare slash."""
    bare = address.strip().strip("<>")
    if not re.match(r"[a-z][a-z0-9+.-]*:", bare, re.IGNORECASE) or re.match(r"[^/?#]*:\d", bare):
        bare = f"https://{bare.removeprefix('//')}"
    try:
        parts = urlsplit(bare)
    except ValueError:
        return bare
    if parts.scheme not in ("http", "https"):
        return bare
    query = f"?{parts.query}" if parts.query else ""
    return f"{parts.netloc.lower()}{'' if parts.path == '/' else parts.path}{query}"


def trimmed(address: str) -> str:
    """Without the sentence's punctuation; a closing bracket stays where the address opened one."""
    while address and address[-1] in _END:
        if address[-1] == ")" and address.count("(") >= address.count(")"):
            break
        address = address[:-1]
    return address


def addresses_in(text: str, *, escaped: bool = False) -> frozenset[str]:
    """Every address that stands in the text, each in its one spelling.

    With `escaped` the text is a tool's Markdown, in which what a page said was made literal: it is read as it was
    before that.
    """
    if escaped:
        text = _ESCAPE.sub("", _INVISIBLE.sub("", text))
    found: set[str] = set()
    for match in ANY.finditer(text):
        # `<https://…|label>` and `[label](https://…)` end where their brackets do.
        whole = re.split(r"[|]", match[0], maxsplit=1)[0]
        inner = re.split(r"\]\(|\)\]", whole, maxsplit=1)[0]
        found |= {normal(trimmed(one).lstrip(".:-")) for one in (whole, inner)}
        if ")" in whole and whole.count(")") > whole.count("("):
            found.add(normal(trimmed(_balanced(whole))))
    return frozenset(one for one in found if one)


def spelled_out(text: str) -> tuple[str, ...]:
    """The addresses in the text that name their scheme, as they stand there."""
    return tuple(dict.fromkeys(trimmed(match[0]) for match in WITH_SCHEME.finditer(text)))


def known_among(text: str, known: Iterable[str], *, most: int = 200) -> tuple[str, ...]:
    """Which of the known addresses the text holds."""
    return tuple(sorted(addresses_in(text) & set(known)))[:most]


def _balanced(text: str) -> str:
    depth = 0
    for place, character in enumerate(text):
        depth += (character == "(") - (character == ")")
        if depth < 0:
            return text[:place]
    return text
