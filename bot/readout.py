"""What the processes say: every line into a log file of its own, and what matters onto the terminal."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.text import Text

from bot.child import Line
from bot.logfile import LogFile

COLOURS = ("cyan", "green", "magenta", "blue", "bright_cyan", "bright_green")
LEVELS = {"debug": 10, "info": 20, "warning": 30, "warn": 30, "error": 40, "exception": 40, "critical": 50}
STYLES = {30: "yellow", 40: "red", 50: "bold red"}
SHOWN_FROM = 30
# The fields of a log line that say nothing on a terminal: the level is its colour, the time is now.
LEFT_OUT = frozenset(
    {"event", "message", "level", "timestamp", "time", "logger", "process", "exception", "at_line"}
)


@dataclass(frozen=True)
class Record:
    """A line as people read it; `level` as in logging."""

    level: int
    text: str


class Readout:
    """Takes the lines of all processes."""

    def __init__(self, console: Console, *, folder: Path, names: Iterable[str], verbose: bool) -> None:
        self._console = console
        self._folder = folder
        self._verbose = verbose
        self._width = max((len(name) for name in names), default=0)
        self._files: dict[str, LogFile] = {}
        self._colours: dict[str, str] = {}

    def take(self, line: Line) -> None:
        """Log the line, and show it where it is a warning or worse, or everything is wanted."""
        if line.name not in self._files:
            self._files[line.name] = LogFile(self._folder / f"{line.name}.log")
        self._files[line.name].write(line.raw)
        if self._verbose or not is_quiet(line):
            record = to_record(line)
            if record.text and (self._verbose or record.level >= SHOWN_FROM):
                self._show(line.name, record)

    def close(self) -> None:
        for file in self._files.values():
            file.close()

    def _show(self, name: str, record: Record) -> None:
        kind = name.partition(".")[0]
        colour = self._colours.setdefault(kind, COLOURS[len(self._colours) % len(COLOURS)])
        prefix = Text(f"{name:<{self._width}} │ ", style=colour)
        self._console.print(prefix + Text(record.text, style=STYLES.get(record.level, "")), soft_wrap=True)


def is_quiet(line: Line) -> bool:
    """Whether the line is below a warning, told without parsing: most lines are, and there can be thousands a
    second."""
    return b'"level": "info"' in line.raw or b'"level": "debug"' in line.raw


def to_record(line: Line) -> Record:
    """A JSON log line as `event key=value`; any other line as it is, worth showing where it came by stderr."""
    text = line.raw.decode("utf-8", "replace").rstrip()
    try:
        fields = json.loads(text) if text.startswith("{") else None
    except (ValueError, RecursionError):
        fields = None
    if not isinstance(fields, dict):
        return Record(level=_plain_level(text) if line.error else 20, text=printable(text))
    event = fields.get("event") or fields.get("message") or ""
    rest = [f"{key}={value}" for key, value in fields.items() if key not in LEFT_OUT]
    if trace := str(fields.get("exception") or "").strip():
        rest.append(f"({trace.splitlines()[-1].strip()})")
    level = LEVELS.get(str(fields.get("level", "info")).lower(), 20)
    return Record(level=level, text=printable(" ".join((str(event), *rest))))


def _plain_level(text: str) -> int:
    """How much a line on stderr matters: of a traceback only its last line, which isn't indented, is worth showing
    here; all of it is in the log file."""
    return 20 if text[:1].isspace() or text.startswith("Traceback (most recent") else SHOWN_FROM


def printable(text: str) -> str:
    """The text without what would steer the terminal: control characters and invisible direction marks."""
    return "".join(one if one in "\n\t" or not _steers(one) else "\N{REPLACEMENT CHARACTER}" for one in text)


def _steers(character: str) -> bool:
    return unicodedata.category(character) == "Cc" or unicodedata.bidirectional(character) in _DIRECTIONS


_DIRECTIONS = frozenset({"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"})
