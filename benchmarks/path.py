"""How long each stage of the path takes: 200 delegations of three agents whose model answers after 200 ms.

    python -m benchmarks.path --count 200 --latency 0.2 --at-once 1

Everything is real: the embedded Valkey, SQLite (or DATABASE_URL), a worker process, the openai client over HTTP to a
scripted server. Stages are read off the rows that the path itself writes.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import secrets
import signal
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from adapters.assembly import Assembly, assembled
from adapters.settings import Settings
from adapters.sql.migrations import migrate
from benchmarks.report import Cell, cut, publish
from bot.embedded import EmbeddedValkey
from core.models import Address, Delegation, EventKind, Instruction, Person
from tests.counterparts.openai_server import KEY, Answer, ScriptedOpenAI

AGENT = (
    "---\nname: {name}\ndescription: Answers for the benchmark, number {name}.\n---\nAnswer in one word.\n"
)
NAMES = ("alpha", "beta", "gamma")
STAGES = (
    "receive",
    "plan",
    "dispatch",
    "run",
    "finish",
    "deliver",
    "total",
    "overhead",
)

HEADER = ("stage", "p50 ms", "p95 ms", "p99 ms")
TARGETS = {50: 15.0, 99: 60.0}
"""Of the overhead: all but the slowest agent, by percentile, in ms."""
QUICK = 40


async def measure(*, count: int, latency: float, at_once: int) -> list[dict[str, float]]:
    """One row of stage times in ms for each delegation."""
    with tempfile.TemporaryDirectory(prefix="flowmate-bench-") as folder:
        agents = Path(folder) / "agents"
        agents.mkdir()
        for name in NAMES:
            (agents / f"{name}.md").write_text(AGENT.format(name=name))
        async with (
            ScriptedOpenAI(latency=latency, default=lambda _: Answer(text="done")) as model,
            EmbeddedValkey(Path(folder) / "valkey") as valkey,
        ):
            environment = {
                "REDIS_URL": valkey.url,
                "FLOWMATE_DATA_DIR": folder,
                "FLOWMATE_AGENTS_DIR": str(agents),
                "OPENAI_API_KEY": KEY,
                "OPENAI_BASE_URL": model.url,
                "RATE_LIMIT_MAX_REQUESTS": "1000000",
                "FLOWMATE_LOG_LEVEL": "WARNING",
            }
            os.environ.update(environment)
            settings = Settings()
            migrate(settings)
            async with worker(), assembled(settings) as assembly:
                await _many(assembly, count=5, at_once=1)
                return await _many(assembly, count=count, at_once=at_once)


@asynccontextmanager
async def worker() -> AsyncIterator[None]:
    """One worker process beside this one."""
    process = await asyncio.create_subprocess_exec(sys.executable, "-m", "bot.cli", "worker")
    try:
        yield
    finally:
        process.send_signal(signal.SIGTERM)
        await process.wait()


async def _many(assembly: Assembly, *, count: int, at_once: int) -> list[dict[str, float]]:
    places = asyncio.Semaphore(at_once)

    async def one() -> dict[str, float]:
        async with places:
            return await _one(assembly)

    return await asyncio.gather(*(one() for _ in range(count)))


async def _one(assembly: Assembly) -> dict[str, float]:
    key = secrets.token_hex(8)
    instruction = Instruction(
        key=key,
        text="; ".join(f"@{name} say done" for name in NAMES),
        person=Person(id="local:local:bench"),
        address=Address(platform="local", workspace="local", place=key),
        origin="api",
    )
    before = time.perf_counter()
    receipt = await assembly.reception.receive(instruction)
    receive = (time.perf_counter() - before) * 1000
    async for event in assembly.events.follow(receipt.delegation_id):
        if event.kind is EventKind.DELEGATION_DELIVERED:
            break
    return stages(await assembly.store.load(receipt.delegation_id), receive_ms=receive)


def stages(delegation: Delegation, *, receive_ms: float) -> dict[str, float]:
    """Stage times in ms of a delivered delegation."""
    assert len(delegation.steps) == len(NAMES), delegation.reply
    received, planned = delegation.received_at, _known(delegation.planned_at)
    started = max(_known(step.started_at) for step in delegation.steps)
    ended = max(_known(step.ended_at) for step in delegation.steps)
    answered, delivered = _known(delegation.answered_at), _known(delegation.delivered_at)
    slowest = max(step.execution_time_ms for step in delegation.steps)
    total = _ms(received, delivered)
    return {
        "receive": receive_ms,
        "plan": _ms(received, planned),
        "dispatch": _ms(planned, started),
        "run": float(slowest),
        "finish": _ms(ended, answered),
        "deliver": _ms(answered, delivered),
        "total": total,
        "overhead": total - slowest,
    }


def _known(at: datetime | None) -> datetime:
    assert at is not None
    return at


def _ms(since: datetime, until: datetime) -> float:
    return (until - since).total_seconds() * 1000


def misses(rows: list[dict[str, float]]) -> list[str]:
    """Which of the targets for FlowMate's own time were not reached."""
    found = []
    for percent, most in TARGETS.items():
        reached = cut([row["overhead"] for row in rows], percent)
        if reached > most:
            found.append(f"overhead: p{percent} is {reached:.1f} ms, the target {most:.0f}")
    return found


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--latency", type=float, default=0.2, help="seconds until the model answers")
    parser.add_argument("--at-once", type=int, default=1)
    parser.add_argument("--quick", action="store_true", help="40 delegations")
    given: Any = parser.parse_args()
    count = QUICK if given.quick else given.count
    rows = asyncio.run(measure(count=count, latency=given.latency, at_once=given.at_once))
    title = (
        f"{count} delegations of three agents, {given.latency * 1000:.0f} ms model, "
        f"{given.at_once} at once, one worker process"
    )
    cuts: list[list[Cell]] = [
        [stage, *(cut([row[stage] for row in rows], p) for p in (50, 95, 99))] for stage in STAGES
    ]
    publish("path", title, HEADER, cuts, notes=misses(rows) or ["Every target is met."])


if __name__ == "__main__":
    main()
