"""How long the rule planner takes for one instruction: `python -m benchmarks.understanding_time [--quick]`.

The instructions of the evaluation sets, with the built-in agents and invented ones beside them: 10 and 500 together.
The first instruction after the agents have changed pays for reading what they are for; it is shown by itself.
"""

from __future__ import annotations

import argparse
import asyncio
import time
from collections.abc import Sequence
from itertools import product

from benchmarks import report
from benchmarks.evaluate import SETS, built_in_planner, read_rows, to_request
from core.models import Agent
from core.planning import RulePlanner

COUNTS = (10, 500)
QUICK_ROWS = 50
DOINGS = (
    ("collects", "collect"),
    ("checks", "check"),
    ("files", "file"),
    ("renews", "renew"),
    ("archives", "archive"),
    ("approves", "approve"),
    ("reconciles", "reconcile"),
    ("prices", "price"),
    ("labels", "label"),
    ("audits", "audit"),
    ("drafts", "draft"),
    ("forecasts", "forecast"),
    ("books", "book"),
    ("cancels", "cancel"),
    ("ranks", "rank"),
    ("merges", "merge"),
    ("assigns", "assign"),
    ("splits", "split"),
    ("reviews", "review"),
    ("tracks", "track"),
)
THINGS = (
    "invoices",
    "contracts",
    "payslips",
    "tickets",
    "parcels",
    "leads",
    "campaigns",
    "budgets",
    "orders",
    "refunds",
    "warranties",
    "licences",
    "suppliers",
    "shifts",
    "holidays",
    "candidates",
    "surveys",
    "servers",
    "certificates",
    "releases",
    "incidents",
    "backlogs",
    "vehicles",
    "meetings",
    "forms",
    "prototypes",
)
HEADER = ("agents", "instructions", "first ms", "p50 ms", "p95 ms", "p99 ms", "max ms")


def with_agents(count: int) -> tuple[RulePlanner, tuple[Agent, ...]]:
    """The planner and so many agents: the built-in ones, and a team's own that nobody asks for."""
    planner, built_in = built_in_planner()
    invented = (
        Agent(
            name=f"{thing}-{do}",
            description=f"{does.capitalize()} {thing} for the team.",
            examples=(f"{do} the {thing} of this week", f"please {do} all {thing} that are open"),
        )
        for (does, do), thing in product(DOINGS, THINGS)
    )
    return planner, (*built_in, *invented)[:count]


def texts() -> list[str]:
    """The instructions of every evaluation set of plans."""
    paths = sorted([*SETS.glob("tuning*.jsonl"), *SETS.glob("held_out*.jsonl")])
    return [row.text for path in paths for row in read_rows(path)]


async def measure(count: int, instructions: Sequence[str]) -> list[report.Cell]:
    """One row: milliseconds for each instruction, planned once, in the order of the sets."""
    planner, agents = with_agents(count)
    requests = [to_request(text, agents) for text in instructions]
    times = []
    for request in requests:
        began = time.perf_counter()
        await planner.plan(request)
        times.append((time.perf_counter() - began) * 1000)
    first, *others = times
    cuts = (report.cut(others, percent) for percent in (50, 95, 99))
    return [len(agents), len(requests), first, *cuts, max(others)]


def main() -> None:
    """Measure every count."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help=f"{QUICK_ROWS} instructions only")
    given = parser.parse_args()
    found = texts()
    instructions = found[:: max(1, len(found) // QUICK_ROWS)] if given.quick else found
    rows = [asyncio.run(measure(count, instructions)) for count in COUNTS]
    report.publish("understanding_time", "The rule planner's time for one instruction", HEADER, rows)


if __name__ == "__main__":
    main()
