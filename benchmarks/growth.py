"""What years of history cost: `python -m benchmarks.growth [--quick]`.

The path in one process (receive, plan, run, finish, deliver), receiving alone, and a sweep that finds nothing to do,
over a SQLite database with 1,000, 10,000 and 100,000 delegations (a million events), their steps, messages, schedules
and people; the one who asks does so in a conversation that holds a tenth of them. Then the query plan of every
statement that these have issued: one that reads a whole table that grows with history is named.
"""

from __future__ import annotations

import argparse
import asyncio
import re
import sqlite3
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

from sqlalchemy import event

from adapters.assembly import Assembly, assembled
from adapters.sql.prepared import WATCHED
from benchmarks import report
from benchmarks.history import BUSY, EVENTS_A_DELEGATION, fill, sizes
from benchmarks.service import service
from core.models import Address, Instruction, Person, Status

SIZES = (1_000, 10_000, 100_000)
SAMPLES = 40
GROWING = frozenset("delegations steps messages events turns calls schedules slots admissions".split())
HEADER = (
    "delegations",
    "events",
    "schedules",
    "people",
    "database MB",
    "receive p50 ms",
    "receive p95 ms",
    "path p50 ms",
    "path p95 ms",
    "sweep p50 ms",
    "sweep p95 ms",
)
_SCAN = re.compile(r"SCAN (\w+)")


@dataclass
class Statements:
    """Every statement that was issued, once, with the parameters of its first use."""

    seen: dict[str, Any] = field(default_factory=dict)

    @contextmanager
    def watching(self, assembly: Assembly) -> Iterator[None]:
        def note(_c: Any, _cursor: Any, statement: str, parameters: Any, _context: Any, many: bool) -> None:
            self.seen.setdefault(statement, parameters[0] if many else parameters)

        engine = assembly.database.engine
        event.listen(engine, "before_cursor_execute", note)
        try:
            yield
        finally:
            event.remove(engine, "before_cursor_execute", note)

    def scans(self, path: str) -> list[str]:
        """Those that read all of a growing table, each with SQLite's plan."""
        found = []
        connection = sqlite3.connect(path)
        try:
            for statement, parameters in self.seen.items():
                if (
                    not statement.lstrip()
                    .upper()
                    .startswith(("SELECT", "INSERT", "UPDATE", "DELETE", "WITH"))
                ):
                    continue
                plan = [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {statement}", parameters)]
                if any(match[1] in GROWING for line in plan for match in _SCAN.finditer(line)):
                    found.append(f"{' '.join(statement.split())[:300]} … {'; '.join(plan)}")
        finally:
            connection.close()
        return found


async def measure(counts: Sequence[int]) -> tuple[list[list[report.Cell]], list[str], int]:
    """A row for each size; the scans; and how many different statements were looked at."""
    rows: list[list[report.Cell]] = []
    statements = Statements()
    async with (
        service({"RATE_LIMIT_MAX_REQUESTS": "1000000"}) as running,
        assembled(running.settings) as assembly,
    ):
        path = running.settings.database.removeprefix("sqlite:///")
        # Before anything is connected: what is prepared is told only to those who asked for it by then.
        assembly.database.engine.update_execution_options(**{WATCHED: True})
        keys = count()
        await _delegate(assembly, next(keys))
        filled = 0
        for number in counts:
            await asyncio.to_thread(fill, path, first=filled + 1, last=number)
            filled = number
            with statements.watching(assembly):
                rows.append([*_about(path), *await _times(assembly, keys)])
        scans = await asyncio.to_thread(statements.scans, path)
    return rows, scans, len(statements.seen)


def _about(path: str) -> list[report.Cell]:
    there = sizes(path)
    megabytes = Path(path).stat().st_size / 1024 / 1024
    return [there["delegations"], there["events"], there["schedules"], there["admissions"], megabytes]


async def _times(assembly: Assembly, keys: Iterator[int]) -> list[report.Cell]:
    works: tuple[Callable[[], Awaitable[object]], ...] = (
        lambda: _receive(assembly, next(keys)),
        lambda: _delegate(assembly, next(keys)),
        lambda: _sweep(assembly),
    )
    cells: list[report.Cell] = []
    for work in works:
        times = []
        for _ in range(SAMPLES):
            began = time.perf_counter()
            await work()
            times.append((time.perf_counter() - began) * 1000)
        cells += [report.cut(times, 50), report.cut(times, 95)]
    return cells


async def _receive(assembly: Assembly, number: int) -> str:
    address = Address(platform="local", workspace="local", place=BUSY)
    await assembly.reception.knows(address)
    instruction = Instruction(
        key=f"growth-{number}",
        text="@calculator 6*7",
        person=Person(id="local:local:p1"),
        address=address,
        origin="api",
    )
    return (await assembly.reception.receive(instruction)).delegation_id


async def _delegate(assembly: Assembly, number: int) -> None:
    found = await _receive(assembly, number)
    await assembly.coordinator.plan(found)
    for step in (await assembly.store.load(found)).steps:
        await assembly.coordinator.run_step(step.id)
    done = await assembly.store.load(found)
    assert done.status is Status.SUCCESS
    assert done.delivered_at is not None


async def _sweep(assembly: Assembly) -> None:
    now = assembly.clock.now()
    await assembly.reconciler.sweep()
    await assembly.alarm.ring()
    await assembly.schedules.upcoming(until=now, limit=1000)


def main() -> None:
    """Measure, and name what reads whole tables."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="1,000 and 5,000 delegations only")
    given = parser.parse_args()
    counts = (1_000, 5_000) if given.quick else SIZES
    rows, scans, looked_at = asyncio.run(measure(counts))
    title = f"The path in one process over SQLite that holds so much already, {EVENTS_A_DELEGATION} events a delegation"
    found = [f"SCAN: {scan}" for scan in scans] or ["None of them reads a whole table that grows."]
    report.publish("growth", title, HEADER, rows, notes=[f"{looked_at} different statements", *found])


if __name__ == "__main__":
    main()
