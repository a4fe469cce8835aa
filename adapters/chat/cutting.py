"""Long Markdown, cut into messages where it hurts least; pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

_FENCE = re.compile(r"^ {0,3}(`{3,20}|~{3,20})[ \t]*([^`\n]*)$")
_DELIMITER = re.compile(r"^ {0,3}\|?[ \t]*:?-+:?[ \t]*(?:\|[ \t]*:?-+:?[ \t]*)*\|?[ \t]*$")
_HEADING = re.compile(r" {0,3}#{1,6}[ \t]")
_INDENT = re.compile(r"[ \t]*")
# A message never holds this many times what it may show: markup is not that much longer than its text.
_HOPELESS = 4

Measure = Callable[[str], int]


def cut(markdown: str, *, limit: int, measure: Measure) -> list[str]:
    """Parts whose measure is at most `limit`; at least one.

    A code block that is cut is closed, and opened again in the next part; a table's head is repeated there; what
    was indented below something that stays behind moves to the left.
    """
    parts: list[str] = []
    rest = markdown.strip("\n")
    while _too_long(rest, limit, measure):
        head, fence = _head(rest, limit, measure)
        tail = rest[len(head) :].lstrip("\n")
        closing = "\n" + fence.partition(" ")[0] if fence else ""
        opening = fence.replace(" ", "", 1) + "\n" if fence else _table_head(head, tail, most=limit // 4)
        if head.strip():
            parts.append(head.rstrip() + closing)
        rest = opening + (tail if fence else _dedented(tail))
    return [*parts, rest] if rest.strip() or not parts else parts


def fenced(text: str) -> Iterator[tuple[int, int]]:
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


def tables(text: str) -> Iterator[tuple[int, int]]:
    """Where tables begin and end: a head, a line of dashes, rows; never inside of code."""
    code = list(fenced(text))
    lines = list(re.finditer(r"[^\n]*\n|[^\n]+", text))
    number = 0
    while number + 1 < len(lines):
        first, second = lines[number], lines[number + 1]
        if not _begins_table(first[0], second[0]) or _inside(code, first.start()):
            number += 1
            continue
        number += 2
        while number < len(lines) and "|" in lines[number][0]:
            number += 1
        yield first.start(), lines[number - 1].end()


def _begins_table(first: str, second: str) -> bool:
    dashes = second.rstrip("\n")
    return "|" in first and "|" in dashes and _DELIMITER.match(dashes) is not None


def _too_long(text: str, limit: int, measure: Measure) -> bool:
    # Measuring all of a long rest for every part would take the square of its length.
    return len(text) > limit * _HOPELESS or measure(text) > limit


def _head(text: str, limit: int, measure: Measure) -> tuple[str, str]:
    """The first part of a text that is too long, and the fence ("``` python") that is open at its end."""
    room = limit
    while True:
        head = text[: _break_at(text, room)]
        fence = _open_fence(head)
        if measure(head) + len(fence) <= limit or room < 2:
            return head, fence
        room = room * 3 // 4


def _break_at(text: str, room: int) -> int:
    """Where to break within the first `room` characters: a paragraph, a line, a sentence, a word, or anywhere."""
    window = text[:room]
    whole = [*fenced(window), *tables(window)]
    # A heading stays with what it is the heading of.
    lines = [
        match.start()
        for match in re.finditer("\n", window)
        if match.start() >= room // 2 and not _HEADING.match(window[: match.start()].rpartition("\n")[2])
    ]
    paragraphs = [at for at in lines if window.startswith("\n\n", at) and not _inside(whole, at)]
    outside = [at for at in lines if not _inside(whole, at)]
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


def _table_head(head: str, tail: str, *, most: int) -> str:
    """The two lines to repeat where a table was cut between two of its rows; empty where none was."""
    if "|" not in tail.partition("\n")[0]:
        return ""
    for start, end in tables(head):
        lines = head[start:end].split("\n")
        repeated = "\n".join(lines[:2]) + "\n"
        if not head[end:].strip("\n") and head[start:end].count("\n") >= 1 and len(repeated) <= most:
            return repeated
    return ""


def _dedented(tail: str) -> str:
    """The text without the indentation of its first line, up to where less is indented.

    Items of a list below one that stayed behind would be read as code, were they left where they are.
    """
    indent = _INDENT.match(tail)
    depth = len(indent[0]) if indent else 0
    if not depth:
        return tail
    lines = tail.split("\n")
    for number, line in enumerate(lines):
        if line.strip() and line[:depth].strip():
            break
        lines[number] = line[depth:]
    return "\n".join(lines)
