"""What the processes say, on the terminal and in their log files."""

from __future__ import annotations

import io
import json
import os
from pathlib import Path

import pytest
from rich.console import Console

from bot.child import Line
from bot.locking import Held, hold, sign
from bot.logfile import LogFile
from bot.readout import Readout, printable, to_record


def said(text: str, *, error: bool = True) -> Line:
    return Line(name="worker.1", raw=text.encode(), error=error)


def log_line(event: str, **fields: object) -> Line:
    return said(json.dumps({"event": event, "timestamp": "now", **fields}))


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        (log_line("started", level="info"), ""),
        (log_line("slow", level="warning", seconds=3), "worker.1 │ slow seconds=3\n"),
        (
            log_line("broke", level="error", exception="Traceback\n  x\nKeyError: 1"),
            "worker.1 │ broke (KeyError: 1)\n",
        ),
        (said("Traceback (most recent call last):"), ""),
        (said("  File x, line 1"), ""),
        (said("KeyError: 1"), "worker.1 │ KeyError: 1\n"),
        (said("chatter", error=False), ""),
        (said('{"broken'), 'worker.1 │ {"broken\n'),
        (said("[1]\x1b[2J\u202e"), "worker.1 │ [1]\ufffd[2J\ufffd\n"),
        (said(""), ""),
    ],
)
def test_only_warnings_and_worse_reach_the_terminal(line: Line, shown: str, tmp_path: Path) -> None:
    out = io.StringIO()
    readout = Readout(Console(file=out, width=200), folder=tmp_path, names=["worker.1"], verbose=False)

    readout.take(line)
    readout.close()

    assert out.getvalue() == shown
    assert (tmp_path / "worker.1.log").read_bytes() == line.raw + b"\n"


def test_verbose_shows_everything(tmp_path: Path) -> None:
    out = io.StringIO()
    readout = Readout(Console(file=out, width=200), folder=tmp_path, names=["worker.1", "web"], verbose=True)

    readout.take(log_line("started", level="info"))
    readout.take(Line(name="web", raw=b"chatter", error=False))
    readout.close()

    assert out.getvalue() == "worker.1 │ started\nweb      │ chatter\n"


@pytest.mark.parametrize("text", ["{" * 100_000, '{"a":' * 5000, '{"event": null, "level": 7}'])
def test_no_line_breaks_the_reading(text: str) -> None:
    to_record(said(text))


def test_printable_keeps_text_of_every_script() -> None:
    assert printable("naïve 東京 שלום\n\tx") == "naïve 東京 שלום\n\tx"


def test_a_log_file_is_kept_small_and_private(tmp_path: Path) -> None:
    log = LogFile(tmp_path / "web.log", largest_bytes=100, kept=2)

    for number in range(100):
        log.write(b"%010d" % number)
    log.close()

    files = sorted(tmp_path.iterdir())
    assert [file.name for file in files] == ["web.log", "web.log.1", "web.log.2"]
    assert all(file.stat().st_size <= 100 and file.stat().st_mode & 0o777 == 0o600 for file in files)
    assert files[0].read_bytes().endswith(b"0000000099\n")


def test_a_log_that_cannot_be_written_stops_nobody(tmp_path: Path) -> None:
    log = LogFile(tmp_path / "missing" / "web.log")

    log.write(b"lost")
    log.close()

    assert not (tmp_path / "missing").exists()


def test_a_lock_has_one_holder_who_can_be_named(tmp_path: Path) -> None:
    first = hold(tmp_path / "lock")
    sign(first, 4711)

    with pytest.raises(Held) as held:
        hold(tmp_path / "lock")
    assert held.value.pid == 4711

    os.close(first)
    os.close(hold(tmp_path / "lock"))
