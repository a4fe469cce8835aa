"""`python -m tests.chaos`: the campaigns, one after the other, and what they found as a table."""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import platform
import random
import sys
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from tests.chaos.campaign import Campaign, Outcome, run
from tests.chaos.slots import run_slots

SHOWN = 12


def campaigns(seed: int, *, share: float, database: str) -> list[Campaign]:
    """What reliability.md tells of, or a part of it."""

    def some(count: int) -> int:
        return max(1, round(count * share))

    questions = max(20, round(1000 * share))
    return [
        Campaign(
            "SIGKILL", seed, questions, faults=(("kill", some(200)),), per_second=2.5, database=database
        ),
        Campaign(
            "SIGSTOP past the lease",
            seed + 1,
            max(20, questions // 2),
            faults=(("halt", some(50)),),
            per_second=1.5,
            database=database,
        ),
        Campaign(
            "Redis emptied",
            seed + 2,
            max(20, questions // 4),
            faults=(("flush", some(5)), ("restart", some(5)), ("read-only", some(5)), ("slow", some(5))),
            per_second=2.5,
            database=database,
        ),
        Campaign(
            "success reported as failure",
            seed + 3,
            max(20, questions // 4),
            lies=0.1,
            faults=(("platforms", some(100)),),
            per_second=2.5,
            database=database,
        ),
        Campaign(
            "database out or without room, clock steps, rolling restarts",
            seed + 5,
            max(20, questions // 4),
            faults=(
                ("database", some(4)),
                ("clock", some(10)),
                ("restart all", some(4)),
                *((("disk", some(4)),) if database == "sqlite" else ()),
            ),
            per_second=2.0,
            database=database,
        ),
        Campaign(
            "two of everything, by sockets and webhook",
            seed + 6,
            max(20, questions // 4),
            faults=(("kill", some(40)), ("halt", some(4)), ("platforms", some(20))),
            per_second=2.0,
            database=database,
            roles=("web", "web", "worker", "worker", "scheduler", "scheduler"),
            sockets=True,
        ),
        Campaign(
            "all at once",
            seed + 4,
            max(20, questions // 4),
            lies=0.02,
            faulty_model=0.1,
            faults=(("kill", some(30)), ("halt", some(5)), ("flush", some(2)), ("platforms", some(30))),
            per_second=1.5,
            database=database,
        ),
    ]


def table(outcomes: Iterable[Outcome]) -> str:
    """One line a campaign."""
    lines = [
        "| campaign | database | seed | faults | asked | accepted | answered as asked | said what is missing "
        "| broken | slowest, s | took, s |",
        "| --- | --- | ---: | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    for outcome in outcomes:
        counts, campaign = outcome.verdict.counts, outcome.campaign
        faults = ", ".join(f"{times} {kind}" for kind, times in sorted(outcome.faults.items()))
        lines.append(
            f"| {campaign.name} | {campaign.database} | {campaign.seed} | {faults} "
            f"| {counts['asked']} | {counts['accepted']} "
            f"| {counts['answered as asked']} | {counts['answered with what is missing']} "
            f"| {len(outcome.verdict.broken)} | {outcome.slowest_seconds:.0f} | {outcome.seconds:.0f} |"
        )
    return "\n".join(lines)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1_000_000))
    parser.add_argument("--share", type=float, default=1.0, help="how much of the full run")
    parser.add_argument("--database", choices=["sqlite", "postgresql", "both"], default="both")
    parser.add_argument(
        "--older", type=Path, help="the folder of another version, which one worker comes from"
    )
    parser.add_argument("--only", default="", help="campaigns whose name holds this")
    given = parser.parse_args()
    print(
        f"seed {given.seed}; {os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}",
        flush=True,
    )
    # Connections that break in the middle are what this is about.
    logging.getLogger("aiohttp.server").setLevel(logging.CRITICAL)
    databases = ["sqlite", "postgresql"] if given.database == "both" else [given.database]
    outcomes = []
    for database in databases:
        for campaign in campaigns(given.seed, share=given.share, database=database):
            if given.only in campaign.name:
                outcomes.append(asyncio.run(run(replace(campaign, older=given.older))))
                tell(outcomes[-1])
        clock = Campaign(
            "slots",
            given.seed + 7,
            faults=(("kill", max(1, round(50 * given.share))),),
            per_second=5.0,
            database=database,
        )
        if given.only in clock.name:
            outcomes.append(asyncio.run(run_slots(clock, slots=max(20, round(1000 * given.share)))))
            tell(outcomes[-1])
    print(table(outcomes))
    return 1 if any(outcome.verdict.broken for outcome in outcomes) else 0


def tell(outcome: Outcome) -> None:
    print(f"{outcome.campaign.name}: {dict(outcome.verdict.counts)}", flush=True)
    for sentence in outcome.verdict.broken[:SHOWN]:
        print(f"  broken: {sentence}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
