"""What processes have taken so far, from Linux' /proc: CPU seconds and memory, those that they started included."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator
from contextlib import suppress
from pathlib import Path

TICKS_A_SECOND = os.sysconf("SC_CLK_TCK")
USER, SYSTEM, WAITED_USER, WAITED_SYSTEM = 11, 12, 13, 14
"""Places in /proc/<pid>/stat, counted from behind the name: proc_pid_stat(5)."""


def cpu_seconds(pid: int, *, but: Collection[int] = ()) -> float:
    """Of the process, of those it started `but` these, and of those that ended; 0 when it is gone."""
    taken = 0
    for one in _family(pid, but):
        with suppress(OSError):
            # The name stands in parentheses and may hold anything.
            fields = Path(f"/proc/{one}/stat").read_text().rpartition(")")[2].split()
            taken += sum(int(fields[place]) for place in (USER, SYSTEM, WAITED_USER, WAITED_SYSTEM))
    return taken / TICKS_A_SECOND


def memory_mb(pid: int, *, but: Collection[int] = ()) -> float:
    """Pages that are shared with others are counted in proportion (PSS)."""
    kilobytes = 0
    for one in _family(pid, but):
        with suppress(OSError):
            for line in Path(f"/proc/{one}/smaps_rollup").read_text().splitlines():
                if line.startswith("Pss:"):
                    kilobytes += int(line.split()[1])
    return kilobytes / 1024


def _family(pid: int, but: Collection[int]) -> Iterator[int]:
    yield pid
    for children in Path(f"/proc/{pid}/task").glob("*/children"):
        with suppress(OSError):
            for child in map(int, children.read_text().split()):
                if child not in but:
                    yield from _family(child, but)
