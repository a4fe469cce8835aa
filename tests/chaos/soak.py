"""`python -m tests.chaos.soak`: a steady load without faults, and whether anything grows that should not."""

from __future__ import annotations

import argparse
import asyncio
import random
import statistics
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import aiohttp
from redis import Redis

from tests.chaos.campaign import Campaign, World, quiet, world
from tests.chaos.checks import Verdict, check_doors, check_mails, check_rows
from tests.chaos.doors import Asked
from tests.chaos.script import KINDS, Question

DOORS = ("slack", "telegram", "telegram", "telegram", "telegram", "api", "api", "api", "api", "api")
"""Slack takes some fifty edits a minute, which half a question a second stays below."""
PROBES = 20
PAGE_BYTES = 4096
MB = 1024 * 1024


@dataclass(frozen=True)
class Sample:
    """How things stand at one moment; per process in the order of the fleet."""

    at: float
    rss_mb: tuple[float, ...]
    descriptors: tuple[int, ...]
    keys: int
    live_ms: float
    """The median of some answers of `/health/live`: how long the web process's loop makes others wait."""


async def soak(
    *, minutes: float, per_second: float, every: float, database: str
) -> tuple[list[Sample], Verdict]:
    """Ask at this pace for so long, sampling now and then; the checks of a campaign at the end."""
    campaign = Campaign(
        "soak",
        seed=1,
        questions=round(minutes * 60 * per_second),
        per_second=per_second,
        faulty_model=0.0,
        database=database,
    )
    dice = random.Random(campaign.seed)
    async with world(campaign, dice) as here:
        asked = [
            Asked(Question(n, dice.choice(KINDS)), dice.choice(DOORS))
            for n in range(1, campaign.questions + 1)
        ]
        samples: list[Sample] = []
        sampling = asyncio.create_task(_sample(here, samples, every=every))
        tasks = set()
        began = time.monotonic()
        for number, one in enumerate(asked):
            await asyncio.sleep(max(0.0, began + number / per_second - time.monotonic()))
            task = asyncio.create_task(here.doors[one.door].ask(one))
            tasks.add(task)
            task.add_done_callback(tasks.discard)
        await asyncio.gather(*tasks)
        verdict = Verdict()
        verdict.expect(await quiet(here, seconds=campaign.quiet_seconds), "not quiet")
        sampling.cancel()
        await asyncio.gather(sampling, return_exceptions=True)
        for one in asked:
            await here.doors[one.door].read(one)
        check_doors(verdict, asked)
        check_mails(verdict, here.mail)
        check_rows(verdict, here.engine, asked)
    return samples, verdict


async def _sample(here: World, samples: list[Sample], *, every: float) -> None:
    began = time.monotonic()
    async with aiohttp.ClientSession() as session:
        while True:
            await asyncio.sleep(every)
            pids = [member.pid for member in here.fleet.members if member.pid]
            with Redis(unix_socket_path=str(here.valkey.socket)) as client:
                keys = int(client.dbsize())
            samples.append(
                Sample(
                    at=time.monotonic() - began,
                    rss_mb=tuple(_rss(pid) for pid in pids),
                    descriptors=tuple(len(list(Path(f"/proc/{pid}/fd").iterdir())) for pid in pids),
                    keys=keys,
                    live_ms=await _live(session, here.base_url),
                )
            )


def _rss(pid: int) -> float:
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * PAGE_BYTES / MB


async def _live(session: aiohttp.ClientSession, base_url: str) -> float:
    times = []
    for _ in range(PROBES):
        began = time.perf_counter()
        async with session.get(f"{base_url}/health/live") as response:
            await response.read()
        times.append((time.perf_counter() - began) * 1000)
    return statistics.median(times)


def table(samples: Sequence[Sample], names: Sequence[str]) -> str:
    """Ten moments of the run, evenly spread."""
    shown = [samples[round(n * (len(samples) - 1) / 9)] for n in range(10)] if len(samples) >= 10 else samples
    head = ["minute", *(f"{name}, MB" for name in names), "descriptors", "keys in Redis", "live, ms"]
    lines = ["| " + " | ".join(head) + " |", "|" + " ---: |" * len(head)]
    for sample in shown:
        cells = [f"{sample.at / 60:.1f}", *(f"{rss:.0f}" for rss in sample.rss_mb)]
        cells += [str(sum(sample.descriptors)), str(sample.keys), f"{sample.live_ms:.1f}"]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=30.0)
    parser.add_argument("--per-second", type=float, default=5.0)
    parser.add_argument("--database", choices=["sqlite", "postgresql"], default="sqlite")
    given = parser.parse_args()
    every = max(2.0, given.minutes * 60 / 60)
    samples, verdict = asyncio.run(
        soak(minutes=given.minutes, per_second=given.per_second, every=every, database=given.database)
    )
    print(table(samples, ["web", "worker", "worker", "scheduler"]))
    print(dict(verdict.counts), verdict.broken[:10])
    return 1 if verdict.broken else 0


if __name__ == "__main__":
    sys.exit(main())
