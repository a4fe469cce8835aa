"""A model's Markdown in which only addresses that somebody else supplied can be followed. Pure.

A link or an image can carry whatever the model read to whoever owns its address: when it is clicked, or as soon as
something loads it. So an address that the model made up is shown as code, which no platform makes a link of.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field
from html import unescape
from itertools import accumulate
from sys import maxsize
from typing import Any

import pyromark

from core.addresses import ANY, WITH_SCHEME, normal, trimmed

_OPTIONS = (
    pyromark.Options.ENABLE_TABLES | pyromark.Options.ENABLE_STRIKETHROUGH | pyromark.Options.ENABLE_TASKLISTS
)
_MAY_LEAD = re.compile(r"//|\]\s*[\[(:]|<|&|\.\S|\\")
_DEFINITION = re.compile(r"^[ >\t]*\[[^\]\n]{1,999}\]:\s*<?([^\s>]+)>?[^\n]*", re.MULTILINE)
_SPECIAL = re.compile(r"([\\`*_\[\]<>~|#&!])")
_MAIL = re.compile(r"mailto:[^?&\s]+", re.IGNORECASE)
_INLINE = ("Emphasis", "Strong", "Strikethrough")


def only_known(markdown: str, *, known: Collection[str], strict: bool) -> str:
    """The text with each address that is not among the `known` ones (in their normal spelling) as code.

    `strict`: also what only looks like an address, without a scheme: some platforms make a link of that, too. An
    image becomes a link: none is ever loaded.
    """
    if not may_lead(markdown):
        return markdown
    text = _Pass(markdown, known, ANY if strict else WITH_SCHEME).result()
    # Where another reader may see other structure than this one, whatever says that it is an address is code.
    return _Pass(text, known, WITH_SCHEME).swept()


def may_lead(markdown: str) -> bool:
    """Whether anything in it could be an address; False is certain."""
    return _MAY_LEAD.search(markdown) is not None


@dataclass
class _Run:
    """Text that is shown in one piece, with where each of its characters stands in the source (bytes)."""

    text: str = ""
    starts: list[int] = field(default_factory=list)
    """By piece: where it begins in `text` …"""
    places: list[tuple[int, int]] = field(default_factory=list)
    """… and in the source."""

    def add(self, text: str, start: int, end: int) -> None:
        self.starts.append(len(self.text))
        self.places.append((start, end))
        self.text += text

    def place(self, at: int, *, source: bytes, end: bool) -> int:
        """Where in the source the character at `at` begins, or ends where it is the last one."""
        number = bisect_right(self.starts, at) - 1
        start, stop = self.places[number]
        begin = self.starts[number]
        length = (self.starts[number + 1] if number + 1 < len(self.starts) else len(self.text)) - begin
        piece = self.text[begin : begin + length]
        if source[start:stop] != piece.encode():
            # An entity: it is one character, or all of a few.
            return stop if end else start
        return start + len(piece[: at - begin + end].encode())


class _Pass:
    def __init__(self, markdown: str, known: Collection[str], pattern: re.Pattern[str]) -> None:
        self._source = markdown.encode("utf-8", "replace")
        self._known, self._pattern = known, pattern
        self._events: list[tuple[Any, int, int]] = [
            (event, place["start"], place["end"])
            for event, place in pyromark.events_with_range(
                self._source.decode("utf-8", "replace"), options=_OPTIONS
            )
        ]
        self._changes: list[tuple[int, int, str]] = []
        self._ticks: list[tuple[int, int, str]] = []
        """Backticks that begin no code, and would once others stand near them."""
        self._code: list[tuple[int, int]] = []
        self._in_link_until = self._quotes = 0

    def result(self) -> str:
        self._collect()
        self._definitions()
        return self._changed()

    def _changed(self) -> str:
        out, at = b"", 0
        for start, end, instead in sorted(self._changes + (self._ticks if self._changes else [])):
            if start >= at:
                out = _apart(out + self._source[at:start], instead.encode())
                at = end
        return _apart(out, self._source[at:]).decode("utf-8", "replace")

    def swept(self) -> str:
        """As the source says it, whatever its structure: nothing unknown stands outside of code."""
        code = [(start, end) for event, start, end in self._events if _is_code(event)]
        for event, start, end in self._events:
            if isinstance(event, dict) and "Text" in event and not _within(start, code):
                self._loose(start, end)
        text = self._source.decode("utf-8", "replace")
        place = _places(text)
        for match in self._pattern.finditer(text):
            address = trimmed(match[0])
            start = place(match.start())
            if address and not _within(start, code) and not self._known_as_written(address):
                self._changes.append((start, start + len(address.encode()), _as_code(address)))
        return self._changed()

    def _known_as_written(self, address: str) -> bool:
        # A link's target ends where its bracket does.
        return any(self._is_known(one) for one in (address, re.split(r"[)>\]|]", address, maxsplit=1)[0]))

    def _collect(self) -> None:
        run, until = _Run(), 0
        for event, start, end in self._events:
            if start < until or not isinstance(event, dict):
                run = self._flushed(run) if event in ("SoftBreak", "HardBreak") else run
                continue
            began = event.get("Start")
            kind = began if isinstance(began, str) else next(iter(began)) if isinstance(began, dict) else ""
            if isinstance(began, dict) and kind in ("Link", "Image"):
                run = self._flushed(run)
                until = end if self._link(began[kind], kind, start, end) else until
            elif _is_code(event):
                run = self._flushed(run)
                self._block(event, start, end)
                until = end
            elif kind == "HtmlBlock" or "InlineHtml" in event:
                # The text around it is looked at in one piece, whatever stands between.
                self._html(start, end)
                until = end
            elif "Text" in event:
                self._loose(start, end)
                if start >= self._in_link_until:
                    run.add(event["Text"], start, end)
            elif not (kind in _INLINE or event.get("End") in _INLINE):
                run = self._flushed(run)
                self._quotes += (kind == "BlockQuote") - ("BlockQuote" in str(event.get("End", "")))
        self._flushed(run)

    def _block(self, event: dict[str, Any], start: int, end: int) -> None:
        """Code stays as it is, but for blocks that another reader may not see as one: there no address is whole."""
        self._code.append((start, end))
        began = event.get("Start")
        if not isinstance(began, dict) or (began["CodeBlock"] != "Indented" and not self._quotes):
            return
        text = self._source[start:end].decode("utf-8", "replace")
        place = _places(text)
        for match in self._pattern.finditer(text):
            if not self._is_known(trimmed(match[0])):
                at, to = map(place, match.span())
                self._changes.append((start + at, start + to, _broken(match[0])))

    def _loose(self, start: int, end: int) -> None:
        ticks = [at for at in range(start, end) if self._source[at : at + 1] == b"`"]
        self._ticks += [(at, at + 1, "'") for at in ticks]

    def _flushed(self, run: _Run) -> _Run:
        """A new run, after the addresses of this one were looked at."""
        for match in self._pattern.finditer(run.text):
            address = trimmed(match[0])
            if address and not self._is_known(address):
                start = run.place(match.start(), source=self._source, end=False)
                end = run.place(match.start() + len(address) - 1, source=self._source, end=True)
                self._changes.append((start, end, _as_code(address)))
        return _Run()

    def _link(self, what: dict[str, Any], kind: str, start: int, end: int) -> bool:
        """Change a link or an image where it has to be; whether all of it was."""
        address = what["dest_url"]
        known = self._is_known(address)
        if known and kind == "Link":
            self._in_link_until = end
            return False
        label = " ".join("".join(self._texts(start, end)).split())
        if self._pattern.search(label):
            label = ""
        safe = _SPECIAL.sub(r"\\\1", label)
        if known:
            self._changes.append((start, end, f"[{safe or 'image'}](<{_encoded(address)}>)"))
        else:
            self._changes.append((start, end, f"{safe} ({_as_code(address)})" if safe else _as_code(address)))
        return True

    def _texts(self, start: int, end: int) -> Iterator[str]:
        for event, at, stop in self._events:
            if isinstance(event, dict) and start <= at and stop <= end:
                yield str(event.get("Text") or event.get("Code") or "")
            elif event == "SoftBreak" and start <= at and stop <= end:
                yield " "

    def _html(self, start: int, end: int) -> None:
        """HTML is shown as text everywhere, so that what it leads to is text, too."""
        text = unescape(self._source[start:end].decode("utf-8", "replace"))
        if all(self._is_known(trimmed(match[0])) for match in self._pattern.finditer(text)):
            return
        parts, at = [], 0
        for match in self._pattern.finditer(text):
            address = trimmed(match[0])
            parts += [_literal(text[at : match.start()]), _as_code(address)]
            at = match.start() + len(address)
        self._changes.append((start, end, "".join([*parts, _literal(text[at:])])))

    def _definitions(self) -> None:
        """What links refer to: the links are gone, and no other reader may find them again."""
        text = self._source.decode("utf-8", "replace")
        place = _places(text)
        for match in _DEFINITION.finditer(text):
            start, end = map(place, match.span())
            if not _within(start, self._code) and not self._is_known(match[1]):
                self._changes.append((start, end, _as_code(match[1])))

    def _is_known(self, address: str) -> bool:
        bare = unescape(address)
        return normal(bare) in self._known or _MAIL.fullmatch(bare) is not None


def _apart(before: bytes, after: bytes) -> bytes:
    """Both, so that what is code in either stays code."""
    if after.startswith(b"`"):
        if (len(before) - len(before.rstrip(b"\\"))) % 2:
            before += b"\\"
        elif before.endswith(b"`"):
            before += b" "
    return before + after


def _places(text: str) -> Callable[[int], int]:
    """Where a character stands in the text's bytes."""
    if text.isascii():
        return lambda at: at
    offsets = [0, *accumulate(len(character.encode()) for character in text)]
    return offsets.__getitem__


def _within(at: int, places: Sequence[tuple[int, int]]) -> bool:
    """Whether it lies in one of these, which follow one another."""
    number = bisect_right(places, (at, maxsize)) - 1
    return number >= 0 and at < places[number][1]


def _broken(address: str) -> str:
    """To be read, but not to be followed: with joiners that can't be seen."""
    return re.sub(r"(?<=:)(?=//)|(?<=\w\.)(?=\w)", "\u2060", address)


def _is_code(event: Any) -> bool:
    if not isinstance(event, dict):
        return False
    began = event.get("Start")
    return "Code" in event or (isinstance(began, dict) and "CodeBlock" in began)


def _literal(text: str) -> str:
    """HTML as text; no code begins in it."""
    bare = text.replace("`", "'")
    return _SPECIAL.sub(r"\\\1", bare).replace("\\&", "&amp;").replace("\\<", "&lt;")


def _encoded(address: str) -> str:
    return "".join(f"%{ord(c):02X}" if c in "`|<>\\" or c.isspace() else c for c in address)


def _as_code(address: str) -> str:
    return f"`{_encoded(address)}`"
