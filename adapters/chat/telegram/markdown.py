"""An answer's Markdown, brought into what Telegram can show: no tables, no HTML, no quotes in quotes; pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator, Sequence

import pyromark

from adapters.chat import cutting

_OPTIONS = (
    pyromark.Options.ENABLE_TABLES | pyromark.Options.ENABLE_STRIKETHROUGH | pyromark.Options.ENABLE_TASKLISTS
)
_TAG = re.compile(r"<(?=[A-Za-z/?!])")
_BREAK = re.compile(r"<br\s*/?>", re.IGNORECASE)
# In bars and dollars the converter sees spoilers and formulas; an escaped one it leaves alone.
_SPECIAL = re.compile(r"(?<!\\)[|$]")
_INNER_QUOTE = re.compile(r"^( {0,3}>[ \t]?)(?:[ \t]*>)+[ \t]*(?=\S)", re.MULTILINE)
_EMPTY_INNER_QUOTE = re.compile(r"^( {0,3}>)(?:[ \t]*>)+[ \t]*$", re.MULTILINE)
_LINK = re.compile(r"(?<!!)\[(?:[^\[\]]|\[[^\[\]]*\])+\]\((?:[^()\s]|\([^()\s]*\))+\)")
_PIPE = re.compile(r"(?<!\\)\|")
_TICKS = re.compile("`+")

Plain = Callable[[str], str]


def prepared(markdown: str, *, plain: Plain) -> str:
    """Markdown that Telegram's converter shows as it is meant. `plain` gives the text of a table's cell."""
    text = _one_deep(markdown)
    source = text.encode()
    out: list[bytes] = []
    at = 0
    for start, end, instead in _changes(source, plain=plain):
        out += [source[at:start], instead.encode()]
        at = end
    return b"".join([*out, source[at:]]).decode()


def _one_deep(markdown: str) -> str:
    """Quotes within quotes, which Telegram has not, as lines that begin with an arrow."""
    out: list[str] = []
    at = 0
    for start, end in [*cutting.fenced(markdown), (len(markdown), len(markdown))]:
        prose = _INNER_QUOTE.sub(r"\1» ", markdown[at:start])
        out += [_EMPTY_INNER_QUOTE.sub(r"\1", prose), markdown[start:end]]
        at = end
    return "".join(out)


def _changes(source: bytes, *, plain: Plain) -> Iterator[tuple[int, int, str]]:
    """Where the source has to change, in order: start, end, and what stands there instead."""
    until = 0
    for payload, place in pyromark.events_with_range(source.decode(), options=_OPTIONS):
        start, end = place["start"], place["end"]
        if not isinstance(payload, dict) or start < until:
            continue
        began = payload.get("Start")
        kind = next(iter(began)) if isinstance(began, dict) else ""
        piece = source[start:end].decode()
        if kind == "CodeBlock" or (kind == "Link" and piece.startswith("<")):
            until = end
        elif kind == "Table" and not source[:start].rpartition(b"\n")[2]:
            until = end
            yield start, end, _table(piece, plain=plain)
        elif "InlineHtml" in payload or "Html" in payload:
            yield start, end, _literal(piece)
        elif "Text" in payload and _SPECIAL.search(piece):
            # A character that was escaped already stands alone at the beginning of its text.
            kept = 1 if source[start - 1 : start] == b"\\" else 0
            yield start, end, piece[:kept] + _SPECIAL.sub(r"\\\g<0>", piece[kept:])


def _literal(html: str) -> str:
    """HTML as people read it who asked for none; only a line break becomes one."""
    return _TAG.sub("&lt;", _BREAK.sub("\\\\\n", html))


def _table(markdown: str, *, plain: Plain) -> str:
    """The table as a block of code, in columns, and its links below it: a block of code holds none."""
    lines = markdown.strip("\n").split("\n")
    sides = [_side(cell) for cell in _cells(lines[1])]
    rows = [_cells(line) for line in (lines[0], *lines[2:])]
    shown = [
        [plain(prepared(_BREAK.sub(" ", cell), plain=plain)) for cell in _exactly(row, len(sides))]
        for row in rows
    ]
    laid = _laid_out(shown, sides=sides)
    fence = "`" * max(3, *(len(run) + 1 for run in _TICKS.findall("\n".join(laid)) or [""]))
    links = " · ".join(dict.fromkeys(_LINK.findall(markdown)))
    tail = "\n" if markdown.endswith("\n") else ""
    return "\n".join([fence, *laid, fence]) + (f"\n{links}" if links else "") + tail


def _cells(line: str) -> list[str]:
    bare = line.strip()
    bare = bare[1:] if bare.startswith("|") else bare
    bare = bare[:-1] if bare.endswith("|") and not bare.endswith("\\|") else bare
    return [cell.strip().replace("\\|", "|") for cell in _PIPE.split(bare)]


def _exactly(row: list[str], count: int) -> list[str]:
    return (row + [""] * count)[:count]


def _side(dashes: str) -> str:
    if dashes.endswith(":"):
        return "^" if dashes.startswith(":") else ">"
    return "<"


def _laid_out(rows: Sequence[Sequence[str]], *, sides: Sequence[str]) -> list[str]:
    widths = [max(3, *(width(row[column]) for row in rows)) for column in range(len(sides))]
    lines = [
        " | ".join(_padded(cell, size, side) for cell, size, side in zip(row, widths, sides, strict=True))
        for row in rows
    ]
    return [line.rstrip() for line in (lines[0], "-+-".join("-" * size for size in widths), *lines[1:])]


def _padded(cell: str, size: int, side: str) -> str:
    missing = size - width(cell)
    left = {"<": 0, ">": missing, "^": missing // 2}[side]
    return " " * left + cell + " " * (missing - left)


def width(text: str) -> int:
    """How many columns this takes in a monospaced font; emoji that are joined into one take two."""
    columns = 0
    joined = False
    for character in text:
        if character == "\u200d":
            joined = True
        elif character == "\ufe0f":
            columns += 1
        elif not joined and not unicodedata.combining(character) and not _silent(character):
            columns += 2 if unicodedata.east_asian_width(character) in "WF" else 1
        if character != "\u200d":
            joined = False
    return columns


def _silent(character: str) -> bool:
    # A skin tone changes the emoji before it.
    return unicodedata.category(character) in ("Mn", "Me", "Cf") or "\U0001f3fb" <= character <= "\U0001f3ff"
