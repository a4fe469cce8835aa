"""What the tests of planning build on: requests, plans in a short form, and a team's own agents."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from functools import cache
from typing import Any

from pydantic import BaseModel, ConfigDict

from benchmarks.evaluate import built_in_planner
from core.models import Agent, Exchange, Person, Plan, Task
from core.planning import RulePlanner
from core.ports.planner import PlanRequest
from core.ports.tool import Effect, Tool, ToolOutput

NOW = datetime(2026, 11, 2, 9, 30, tzinfo=UTC)


class Order(BaseModel):
    """What a toy tool is asked for."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    words: str


class ToyTool:
    """Reads its arguments wherever its pattern is found; running it is nobody's business here."""

    description: str = "A toy."
    arguments: type[Order] = Order
    untrusted: bool = False
    integration: str | None = None

    def __init__(self, name: str, pattern: str, *, effect: Effect = Effect.READ) -> None:
        self.name: str = name
        self.effect: Effect = effect
        self.read = 0
        """How many characters it was shown."""
        self._pattern = re.compile(pattern, re.IGNORECASE)

    def parse(self, task: Task) -> Order | None:
        self.read += len(task.text)
        found = self._pattern.search(task.text)
        return Order(words=found.group()) if found else None

    def named_by(self, arguments: Order) -> tuple[str, ...]:
        return ()

    async def run(self, arguments: Order, *, task: Task, idempotency_key: str) -> ToolOutput:
        raise AssertionError("planning ran a tool")


class BrokenTool(ToyTool):
    """Trips over every text."""

    def parse(self, task: Task) -> Order | None:
        raise RuntimeError("no text is good enough")


TEAM = (
    Agent(
        name="barista",
        description="Makes coffee and tea.",
        tools=("brew",),
        examples=("brew an espresso", "make me a cappuccino", "two lattes please", "I need a coffee"),
    ),
    Agent(
        name="librarian",
        description="Looks books up in the catalogue.",
        tools=("catalogue",),
        examples=("find books about whales", "do we have a book on bees", "look up a novel by Austen"),
    ),
    Agent(
        name="courier",
        description="Carries parcels to a room.",
        tools=("carry",),
        examples=(
            "carry it to room 4",
            "bring the parcel to room 12",
            "take that to room 3",
            "deliver to room 9",
        ),
    ),
)
TOOLS: dict[str, Tool[Any]] = {
    "brew": ToyTool("brew", r"\b(?:espresso|cappuccino|latte|coffee|tea)s?\b"),
    "catalogue": ToyTool("catalogue", r"\b(?:books?|novels?) (?:about|on|by) \w+"),
    "carry": ToyTool("carry", r"\broom \d+", effect=Effect.WRITE),
}


def team_planner() -> RulePlanner:
    return RulePlanner(tools=TOOLS)


@cache
def built_in() -> tuple[RulePlanner, tuple[Agent, ...]]:
    return built_in_planner()


def to_request(
    text: str,
    *,
    agents: tuple[Agent, ...] = TEAM,
    preferred: tuple[str, ...] = (),
    before: tuple[str, str] | None = None,
) -> PlanRequest:
    """A request; `before` are the instruction and the answer that came before it in the conversation."""
    history = (Exchange(instruction=before[0], answer=before[1], at=NOW),) if before else ()
    task = Task(
        text=text,
        instruction=text,
        person=Person(id="test:local:ann"),
        workspace="local",
        now=NOW,
        zone="Europe/Berlin",
        history=history,
    )
    return PlanRequest(task=task, agents=agents, preferred_agents=preferred)


def shape(plan: Plan) -> str:
    """A plan's agents in order, each with what it comes after: "reader email[0]"."""
    return " ".join(
        step.agent + (f"[{','.join(map(str, step.after))}]" if step.after else "") for step in plan.steps
    )


async def plan_built_in(
    text: str, *, preferred: tuple[str, ...] = (), before: tuple[str, str] | None = None
) -> Plan:
    planner, agents = built_in()
    return await planner.plan(to_request(text, agents=agents, preferred=preferred, before=before))
