"""Whether one person's flood delays another's single step: `python -m benchmarks.fairness [--quick]`.

One worker. One person has 2,000 steps planned, each of which waits half a second for its model; another asks for one
short step after the other meanwhile, and then once more right behind instructions that aren't planned yet. The promise:
no more than one slot (half a second) later than alone.
"""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

from sqlalchemy import Connection, func, select

from adapters.assembly import Assembly, assembled
from adapters.sql import tables
from benchmarks import report
from benchmarks.asking import ask, milliseconds
from benchmarks.service import helper, service

STEPS = 2000
A_PLAN = 10
SLOT_SECONDS = 0.5
AT_ONCE = 100
"""Instructions that one person may send in a quarter of an hour, by default."""
BEYOND = 1000
SAMPLES = 20
PATIENCE_SECONDS = 90.0
AGENT = "---\nname: {name}\ndescription: Answers for the benchmark, number {name}.\n---\n{prompt}\n"
SLOW = tuple(f"slow-{letter}" for letter in "abcdefghij")
HEADER = (
    "the other person asks",
    "samples",
    "p50 ms",
    "p95 ms",
    "max ms",
    "later than alone ms",
    "steps left",
)


async def measure(*, steps: int, at_once: Sequence[int]) -> list[list[report.Cell]]:
    """A row for each situation."""
    async with _running() as assembly:
        await _other(assembly, 5)
        alone = await _other(assembly, SAMPLES)
        rows = [_row("alone", alone, alone, 0)]
        for _ in range(steps // A_PLAN):
            await ask(assembly, "; ".join(f"@{name} say done" for name in SLOW), person="flood")
        await _planned(assembly)
        beside = await _other(assembly, SAMPLES)
        rows.append(_row(f"beside {steps} planned steps", beside, alone, await _open(assembly)))
        await _done(assembly)
        for number in at_once:
            await asyncio.gather(
                *(ask(assembly, "@slow-a say done", person=f"flood-{number}") for _ in range(number))
            )
            behind = await _other(assembly, 1)
            rows.append(_row(f"right behind {number} instructions", behind, alone, await _open(assembly)))
            await _done(assembly)
    return rows


@asynccontextmanager
async def _running() -> AsyncIterator[Assembly]:
    agents = {name: AGENT.format(name=name, prompt=f"WAIT {SLOT_SECONDS}") for name in SLOW}
    agents["quick"] = AGENT.format(name="quick", prompt="Answer in one word.")
    async with helper("benchmarks.slow_model") as server:
        assert server.stdout is not None
        model = (await server.stdout.readline()).decode().strip()
        settings = {
            "OPENAI_API_KEY": "sk-invented",
            "OPENAI_BASE_URL": f"{model}/v1",
            "RATE_LIMIT_MAX_REQUESTS": "1000000",
        }
        async with (
            service(settings, agents=agents) as running,
            running.worker(),
            assembled(running.settings, runs_agents=False) as assembly,
        ):
            yield assembly


async def _other(assembly: Assembly, count: int) -> list[float]:
    return await milliseconds(
        assembly, "@quick say done", person="other", count=count, patience_seconds=PATIENCE_SECONDS
    )


def _row(name: str, times: Sequence[float], alone: Sequence[float], left: int) -> list[report.Cell]:
    cuts = [report.cut(times, percent) for percent in (50, 95)]
    return [name, len(times), *cuts, max(times), cuts[0] - report.cut(alone, 50), left]


async def _planned(assembly: Assembly) -> None:
    """Wait until nothing is left to be planned."""
    D = tables.delegations
    query = select(func.count()).where(D.c.state == "received")
    await _until_none(assembly, query)


async def _done(assembly: Assembly) -> None:
    """Wait until everything has been delivered."""
    await _until_none(assembly, select(func.count()).where(tables.delegations.c.delivered_at.is_(None)))


async def _open(assembly: Assembly) -> int:
    return await _count(assembly, select(func.count()).where(tables.steps.c.ended_at.is_(None)))


async def _until_none(assembly: Assembly, query: Any) -> None:
    async with asyncio.timeout(PATIENCE_SECONDS * 3):
        while await _count(assembly, query):  # noqa: ASYNC110 - other processes set no event here
            await asyncio.sleep(0.2)


async def _count(assembly: Assembly, query: Any) -> int:
    def count(c: Connection) -> int:
        return int(c.execute(query).scalar_one())

    return await assembly.database.read(count)


def misses(rows: Sequence[Sequence[Any]]) -> list[str]:
    """Where somebody waited for more than one slot, in sentences."""
    return [
        f"BROKEN: {name} the other person waits {later:.0f} ms longer than alone; a slot is {SLOT_SECONDS} s"
        for name, _, _, _, _, later, _ in rows
        if not later <= SLOT_SECONDS * 1000
    ]


def main() -> None:
    """Measure and say where the promise is broken."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="400 steps, and 20 instructions at once")
    given = parser.parse_args()
    steps, at_once = (400, (20,)) if given.quick else (STEPS, (AT_ONCE, BEYOND))
    rows = asyncio.run(measure(steps=steps, at_once=at_once))
    title = f"One person's flood, another's single step; one worker, a slot is {SLOT_SECONDS} s, 20 slots a person"
    report.publish("fairness", title, HEADER, rows, notes=misses(rows) or ["The promise is kept."])


if __name__ == "__main__":
    main()
