"""An answer's Markdown, made harmless for Slack and cut to size; pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape

# A word joiner: invisible, and the end of every mention. Unlike an entity it works inside code, too, and however
# Slack orders decoding entities and looking for mentions.
_JOINER = "\u2060"
_LESS_THAN = r"(?:<|&lt;?|&#0*60;?|&#x0*3c;?)"
_MENTION = re.compile(rf"({_LESS_THAN})(?=\\?(?:[@#]|!(?!doctype|--|\[)))", re.IGNORECASE)
_GROUP_PING = re.compile(r"(?<!\w)@(?=(?:everyone|channel|here|group)\b)", re.IGNORECASE)
_FENCE = re.compile(r"^ {0,3}(`{3,20}|~{3,20})[ \t]*([^`\n]*)$")
_CODE_SPAN = re.compile(r"(?<!`)(`+)(?!`)(.+?)(?<!`)\1(?!`)", re.DOTALL)
_AUTOLINK = re.compile(r"<((?:https?://|mailto:)[^<>\s]+)>", re.IGNORECASE)
_TAG = re.compile(r"<(?=[A-Za-z/?!])")
_TARGET = re.compile(r"\]\(\s*(<[^<>\n]*>|(?:[^()\s<>]|\([^()\s]*\))*)[^()]*\)")
_DEFINITION = re.compile(r"^ {0,3}\[([^\[\]]+)\]:[ \t]*(<[^<>\n]*>|\S+).*$", re.MULTILINE)
_SCHEME = re.compile(r"([a-z][a-z0-9+.-]*):", re.IGNORECASE)
_SAFE_SCHEMES = frozenset({"http", "https", "mailto", "tel"})

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

    text = _EMPHASIS.sub(r"\2", _HEADING.sub("", _LINK.sub(shown, markdown))).strip()
    if size(escape(text)) <= limit:
        return escape(text)
    # Entities make text longer; halving finds the longest head that fits.
    low, high = 0, len(text)
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if size(escape(text[:middle])) < limit else (low, middle - 1)
    return escape(text[:low]) + "…"


def cut(markdown: str, *, limit: int) -> list[str]:
    """Parts of at most `limit` characters once neutralised, broken where it hurts least; at least one.

    A code block that is cut is closed, and opened again in the next part.
    """
    parts: list[str] = []
    rest = markdown.strip("\n")
    while size(neutralise(rest)) > limit:
        head, fence = _head(rest, limit)
        tail = rest[len(head) :].lstrip("\n")
        closing = "\n" + fence.partition(" ")[0] if fence else ""
        if head.strip():
            parts.append(head.rstrip() + closing)
        rest = (fence.replace(" ", "", 1) + "\n" if fence else "") + tail
    return [*parts, rest] if rest.strip() or not parts else parts


def size(text: str) -> int:
    """Length in UTF-16 units, which is never less than what Slack counts."""
    return len(text) + sum(character > "\uffff" for character in text)


def _head(text: str, limit: int) -> tuple[str, str]:
    """The first part of a text that is too long, and the fence ("``` python") that is open at its end."""
    room = limit
    while True:
        head = text[: _break_at(text, room)]
        fence = _open_fence(head)
        if size(neutralise(head)) + len(fence) <= limit or room < 2:
            return head, fence
        room = room * 3 // 4


def _break_at(text: str, room: int) -> int:
    """Where to break within the first `room` characters: a paragraph, a line, a sentence, a word, or anywhere."""
    window = text[:room]
    fenced = list(_fenced(window))
    lines = [match.start() for match in re.finditer("\n", window) if match.start() >= room // 2]
    paragraphs = [at for at in lines if window.startswith("\n\n", at) and not _inside(fenced, at)]
    outside = [at for at in lines if not _inside(fenced, at)]
    for places in (paragraphs, outside, lines):
        if places:
            return places[-1]
    for separator in (". ", " "):
        at = window.rfind(separator, room // 2)
        if at > 0:
            return at + len(separator)
    return max(1, room)


def _inside(spans: list[tuple[int, int]], at: int) -> bool:
    return any(start <= at < end for start, end in spans)


def _open_fence(text: str) -> str:
    """The fence that is still open at the end, with its language after a space; empty where none is."""
    opened = language = ""
    for line in text.split("\n"):
        match = _FENCE.match(line)
        if match is None:
            continue
        if not opened:
            opened, language = match[1], "".join(match[2].split()[:1])[:20]
        elif match[1].startswith(opened) and not match[2].strip():
            opened = language = ""
    return f"{opened} {language}" if opened else ""


def _fenced(text: str) -> Iterator[tuple[int, int]]:
    """Where code blocks begin and end, one that is never closed included."""
    at, start, opened = 0, 0, ""
    for line in text.splitlines(keepends=True):
        match = _FENCE.match(line.rstrip("\n"))
        if match and not opened:
            start, opened = at, match[1]
        elif match and match[1].startswith(opened) and not match[2].strip():
            yield start, at + len(line)
            opened = ""
        at += len(line)
    if opened:
        yield start, at


def _pieces(markdown: str) -> Iterator[tuple[bool, str]]:
    """The text in order, in pieces that are code and pieces that aren't."""
    at = 0
    for start, end in [*_fenced(markdown), (len(markdown), len(markdown))]:
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
