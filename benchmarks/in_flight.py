"""How many steps one worker process can have waiting at once: `python -m benchmarks.in_flight [--quick]`.

For 1 to 3,000 steps whose model hasn't answered yet: what the worker holds in memory, how late its event
loop is, and how late a short delegation beside them is, compared with the same one alone. The calls are real ones of
the openai client, to a server in a process of its own that holds its answers back; it says how many it holds.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import secrets
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp

from adapters.assembly import Assembly, assembled
from benchmarks import report
from benchmarks.asking import ask, milliseconds
from benchmarks.service import Service, cpu_seconds, helper, resident_mb, service
from benchmarks.slow_model import HOLD
from core.models import Status

COUNTS = (1, 100, 1000, 2000, 3000)
STEPS = 10
AGENT = """---
name: {name}
description: Answers for the benchmark, number {name}.
limits:
  timeout_seconds: 300
---
{prompt}
"""
HOLDERS = tuple(f"holder-{letter}" for letter in "abcdefghij")
SHORT = 30
"""Short delegations, alone and beside the others."""
SETTLE_SECONDS = 3.0
STILL_SECONDS = 8.0
PATIENCE_SECONDS = 100.0
SHORT_PATIENCE_SECONDS = 20.0
DRAIN_SECONDS = 90.0
TARGET_CALLS, TARGET_MB, TARGET_LATE_MS = 2000, 250.0, 50.0
HEADER = (
    "steps waiting",
    "calls at the model",
    "filled after s",
    "RSS MB",
    "loop lag p50 ms",
    "loop lag p99 ms",
    "loop lag max ms",
    "short alone p50 ms",
    "short alone p95 ms",
    "short beside p50 ms",
    "short beside p95 ms",
    "late p50 ms",
    "late p95 ms",
    "CPU % while waiting",
    "answered at the end",
)


@dataclass
class Stage:
    """What one count is measured with."""

    running: Service
    assembly: Assembly
    model: str
    session: aiohttp.ClientSession
    lag: Path

    async def ask(self, path: str) -> dict[str, Any]:
        """The model server's own numbers."""
        async with self.session.get(f"{self.model}{path}") as answer:
            found: dict[str, Any] = await answer.json()
            return found

    async def tell(self, path: str) -> None:
        await (await self.session.post(f"{self.model}{path}")).release()


async def measure(counts: Sequence[int]) -> list[list[report.Cell]]:
    """A row for each count, each with a worker of its own."""
    agents = {name: AGENT.format(name=name, prompt=HOLD) for name in HOLDERS}
    agents["quick"] = AGENT.format(name="quick", prompt="Answer in one word.")
    rows = []
    async with helper("benchmarks.slow_model") as server, aiohttp.ClientSession() as session:
        assert server.stdout is not None
        model = (await server.stdout.readline()).decode().strip()
        settings = {
            "OPENAI_API_KEY": "sk-invented",
            "OPENAI_BASE_URL": f"{model}/v1",
            "RATE_LIMIT_MAX_REQUESTS": "1000000",
            "AGENT_TIMEOUT_MS": "300000",
        }
        for number in counts:
            async with (
                service(settings, agents=agents) as running,
                assembled(running.settings, runs_agents=False) as assembly,
            ):
                stage = Stage(running, assembly, model, session, running.folder / "lag")
                rows.append(await _one(stage, number))
    return rows


async def _one(stage: Stage, number: int) -> list[report.Cell]:
    room = {"FLOWMATE_WORKER_CONCURRENCY": str(min(5000, number + 100))}
    await stage.tell("/hold")
    async with stage.running.worker(str(stage.lag), module="benchmarks.observed_worker", **room) as pid:
        await _short(stage, 5)
        alone = await _short(stage, SHORT)
        ids, filled, calls = await _fill(stage, number)
        await asyncio.sleep(SETTLE_SECONDS)
        memory = resident_mb([pid])
        read = _lines(stage.lag)
        used, began = cpu_seconds(pid), time.perf_counter()
        await asyncio.sleep(SETTLE_SECONDS)
        busy = (cpu_seconds(pid) - used) / (time.perf_counter() - began) * 100
        beside = await _short(stage, SHORT)
        memory = max(memory, resident_mb([pid]))
        lag = [late for line in stage.lag.read_text().splitlines()[read:] for late in json.loads(line)]
        await stage.tell("/release")
        answered = await _answered(stage, ids)
    return [
        number,
        calls,
        filled,
        memory,
        *(report.cut(lag, percent) for percent in (50, 99)),
        max(lag, default=float("nan")),
        *(report.cut(times, percent) for times in (alone, beside) for percent in (50, 95)),
        *(report.cut(beside, percent) - report.cut(alone, percent) for percent in (50, 95)),
        busy,
        f"{answered} of {len(ids)}",
    ]


async def _fill(stage: Stage, number: int) -> tuple[list[str], float, int]:
    """Ask for so many steps; the delegations, the seconds until the model holds them all, and how many it holds."""
    began = time.perf_counter()
    sizes = [STEPS] * (number // STEPS) + ([number % STEPS] if number % STEPS else [])
    ids = []
    for size in sizes:
        text = "; ".join(f"@{name} say done" for name in HOLDERS[:size])
        ids.append(await ask(stage.assembly, text, person=secrets.token_hex(4)))
    held = still = 0
    changed = time.perf_counter()
    while held < number and time.perf_counter() - began < PATIENCE_SECONDS:
        await asyncio.sleep(0.1)
        held = (await stage.ask("/calls"))["held"]
        if held != still:
            still, changed = held, time.perf_counter()
        elif time.perf_counter() - changed > STILL_SECONDS:
            break
    return ids, changed - began, held


async def _short(stage: Stage, count: int) -> list[float]:
    return await milliseconds(
        stage.assembly,
        "@quick say done",
        person="somebody-else",
        count=count,
        patience_seconds=SHORT_PATIENCE_SECONDS,
    )


async def _answered(stage: Stage, ids: Sequence[str]) -> int:
    """How many were answered with success, once all are delivered or patience ends."""
    until = time.perf_counter() + DRAIN_SECONDS
    while True:
        found = [await stage.assembly.store.load(one) for one in ids]
        if all(one.delivered_at for one in found) or time.perf_counter() > until:
            return sum(one.status is Status.SUCCESS and one.delivered_at is not None for one in found)
        await asyncio.sleep(0.5)


def _lines(file: Path) -> int:
    return len(file.read_text().splitlines()) if file.exists() else 0


def misses(rows: Sequence[Sequence[Any]]) -> list[str]:
    """What isn't as it should be, in sentences."""
    found = []
    for row in rows:
        by = dict(zip(HEADER, row, strict=True))
        said = f"with {by['steps waiting']} steps"
        if by["calls at the model"] < min(by["steps waiting"], TARGET_CALLS):
            found.append(f"MISSED: {said} only {by['calls at the model']} calls were at the model")
        if by["steps waiting"] <= TARGET_CALLS and by["RSS MB"] > TARGET_MB:
            found.append(f"MISSED: {said} {by['RSS MB']:.0f} MB, target {TARGET_MB:.0f} MB")
        if not by["late p95 ms"] <= TARGET_LATE_MS:
            found.append(f"MISSED: {said} a short one is {by['late p95 ms']:.0f} ms late (p95)")
    return found


def main() -> None:
    """Measure and say what was missed."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="1 and 100 steps only")
    parser.add_argument("--counts", type=int, nargs="+", default=COUNTS)
    given = parser.parse_args()
    rows = asyncio.run(measure(COUNTS[:2] if given.quick else given.counts))
    title = "Steps that wait for their model in one worker process, SQLite, embedded Valkey"
    report.publish("in_flight", title, HEADER, rows, notes=misses(rows) or ["Every target is met."])


if __name__ == "__main__":
    main()
