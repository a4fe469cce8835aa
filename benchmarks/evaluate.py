"""How often the rule planner makes the right plan: `python -m benchmarks.evaluate`.

A plan is right when it has the same agents in the same order, each after the same steps. Rows of the held-out set are
counted and never shown.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import time
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from adapters.settings import Settings
from adapters.tools.registry import ToolParts, build_tools
from adapters.web.fetch import GuardedFetcher
from core.catalog import BUILT_IN, load_agents
from core.memory.clock import ManualClock
from core.memory.integrations import InMemoryCredentials
from core.memory.notes import InMemoryNotes
from core.memory.usage import InMemoryUsageLog
from core.models import Agent, Person, Plan, Task
from core.planning import RulePlanner
from core.planning.validation import in_order
from core.ports.archive import Archived
from core.ports.planner import PlanRequest

SETS = Path(__file__).parent.parent / "tests" / "evaluation"
TUNING = SETS / "tuning.jsonl"
HELD_OUT = tuple(sorted(SETS.glob("held_out*.jsonl")))
NOW = datetime(2026, 11, 2, 9, 30, tzinfo=UTC)

Graph = tuple[tuple[str, frozenset[int]], ...]
"""A plan's agents, each with the places of those that come directly before it."""


@dataclass(frozen=True)
class Row:
    text: str
    kind: str
    steps: Graph


@dataclass(frozen=True)
class Outcome:
    row: Row
    plan: Plan
    right: bool
    right_agents: bool
    seconds: float


def read_rows(path: Path) -> list[Row]:
    rows = []
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.strip():
            row = json.loads(line)
            steps = [(step["agent"], step.get("after", [])) for step in row["steps"]]
            rows.append(Row(row["text"], row.get("kind", "all"), to_graph(steps)))
    return rows


def to_graph(steps: Sequence[tuple[str, Iterable[int]]]) -> Graph:
    """The plan with every step behind those that it waits for, so that graphs can be compared as they stand."""
    order = in_order([after for _, after in steps])
    if order is None:
        raise ValueError(f"the steps wait for one another in a circle: {steps}")
    place = {old: new for new, old in enumerate(order)}
    return tuple((steps[old][0], frozenset(place[i] for i in steps[old][1])) for old in order)


def to_request(text: str, agents: tuple[Agent, ...]) -> PlanRequest:
    person = Person(id="evaluation:local:person")
    task = Task(
        text=text, instruction=text, person=person, workspace="evaluation", now=NOW, zone="Europe/Berlin"
    )
    return PlanRequest(task=task, agents=agents)


async def measure(planner: RulePlanner, rows: Sequence[Row], *, agents: tuple[Agent, ...]) -> list[Outcome]:
    outcomes = []
    for row in rows:
        request = to_request(row.text, agents)
        start = time.perf_counter()
        plan = await planner.plan(request)
        seconds = time.perf_counter() - start
        graph = to_graph([(step.agent, step.after) for step in plan.steps])
        named = sorted(agent for agent, _ in graph) == sorted(agent for agent, _ in row.steps)
        outcomes.append(Outcome(row, plan, graph == row.steps, named, seconds))
    return outcomes


def share(outcomes: Sequence[Outcome]) -> float:
    return sum(outcome.right for outcome in outcomes) / len(outcomes) if outcomes else 0.0


def table(name: str, outcomes: Sequence[Outcome]) -> str:
    """The scores by kind, and of all."""
    by_kind: dict[str, list[Outcome]] = defaultdict(list)
    for outcome in outcomes:
        by_kind[outcome.row.kind].append(outcome)
    lines = [f"{name}", f"  {'kind':<12}{'rows':>6}{'plan right':>12}{'agents right':>14}"]
    for kind, of_kind in [*sorted(by_kind.items()), ("all", list(outcomes))]:
        agents = sum(outcome.right_agents for outcome in of_kind) / len(of_kind)
        lines.append(f"  {kind:<12}{len(of_kind):>6}{share(of_kind):>12.1%}{agents:>14.1%}")
    times = sorted(outcome.seconds for outcome in outcomes)
    lines.append(
        f"  milliseconds a plan: median {times[len(times) // 2] * 1e3:.2f}, worst {times[-1] * 1e3:.2f}"
    )
    return "\n".join(lines)


class Untouched:
    """An archive that nothing may use: planning only reads words."""

    async def create(self, workspace: str, *, key: str) -> Archived:
        raise AssertionError("planning made a backup")

    async def restore(self, path: Path, *, workspace: str | None = None) -> dict[str, int]:
        raise AssertionError("planning restored a backup")


def built_in_planner() -> tuple[RulePlanner, tuple[Agent, ...]]:
    """The rule planner with the built-in agents and their real tools."""
    clock = ManualClock(NOW)
    parts = ToolParts(
        settings=Settings(_env_file=None),
        clock=clock,
        notes=InMemoryNotes(clock=clock),
        archive=Untouched(),
        fetch=GuardedFetcher(),
        usage=InMemoryUsageLog(),
        credentials=InMemoryCredentials(),
    )
    return RulePlanner(tools=build_tools(parts)), tuple(load_agents([BUILT_IN]).values())


def show_failures(outcomes: Sequence[Outcome]) -> None:
    for outcome in outcomes:
        if not outcome.right:
            got = [(step.agent, step.task, step.after) for step in outcome.plan.steps]
            print(f"\n[{outcome.row.kind}] {outcome.row.text!r}")
            print("  expected", [(agent, sorted(after)) for agent, after in outcome.row.steps])
            print("  got     ", got or (outcome.plan.question or "").split("\n")[0])


def to_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--failures", action="store_true", help="show what went wrong in the tuning sets")
    parser.add_argument("--set", type=Path, metavar="PATH", help="measure this file instead")
    parser.add_argument("--require", type=float, default=0.0, metavar="SHARE", help="exit 1 below this share")
    return parser.parse_args()


def main() -> int:
    options = to_options()
    planner, agents = built_in_planner()

    def run(path: Path) -> list[Outcome]:
        return asyncio.run(measure(planner, read_rows(path), agents=agents))

    if options.set:
        outcomes = run(options.set)
        print(table(str(options.set), outcomes))
        return 0 if share(outcomes) >= options.require else 1
    for path in sorted(SETS.glob("tuning*.jsonl")):
        outcomes = run(path)
        print(table(f"{path.stem} (looked at while the rules were written)", outcomes))
        if options.failures:
            show_failures(outcomes)
    reached = []
    for path in HELD_OUT:
        outcomes = run(path)
        print(table(f"{path.stem} (never tuned on)", outcomes))
        reached.append(share(outcomes))
    return 0 if min(reached) >= options.require else 1


if __name__ == "__main__":
    sys.exit(main())
