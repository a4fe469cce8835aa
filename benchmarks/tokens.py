"""How many tokens an answer takes, with what makes it cheap switched off and on: `python -m benchmarks.tokens`.

A fixed set of instructions is planned and run by the real planners and the real agent loop. The model is scripted: it
plans as the rules do, calls an agent's first tool once, and answers in 120 words. Tokens are counted as four
characters each. What a request shares with an earlier one from its beginning on, a server of one's own (vLLM,
llama.cpp) does not read again; OpenAI charges a tenth for it where it is 1,024 tokens or more. Prices are those of
gpt-5-mini.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any
from unittest import mock

from adapters.llm.openai_request import to_parameters
from benchmarks.evaluate import built_in_planner, to_request
from core.agent_loop import AgentLoop, calls, prompt
from core.approvals.gate import Gate
from core.approvals.policy import Rules
from core.memory.approvals import InMemoryApprovals
from core.memory.clock import ManualClock
from core.memory.runs import InMemoryRuns
from core.memory.store import InMemoryStore
from core.models import Agent, Plan
from core.planning import ModelPlanner, RulePlanner, TieredPlanner
from core.ports.language_model import ModelRequest, ModelTurn, OnText, ToolCall
from core.ports.tool import ToolOutput

CHARACTERS_PER_TOKEN = 4
SMALLEST_CACHED = 1024
USD_A_MILLION = {"full": 0.25, "cached": 0.025, "output": 2.0}
ANSWER = "A sentence about what was found, of seven words. " * 15
PAGE = "Some of what a page says, with a link to https://example.org/a and a number, 42. " * 600
INSTRUCTIONS = (
    "@clock what time is it in Tokyo",
    "what is 15% of 320",
    "what is 15% of 320 and what time is it in Tokyo",
    "read https://example.org/news and save it as a note",
    "headlines from https://example.org/feed.xml",
    "read https://example.org/a and https://example.org/b and email both to ops@example.org",
    "write a friendly note to the team about the move",
    "find my note about the retro",
    "create backup",
    "something about the numbers of last week, for the board",
    "read https://example.org/report, then write a summary of it",
    "remember that the retro is on Friday",
)


@dataclass
class Meter:
    """A scripted model that counts what it is sent."""

    plan: Plan = field(default_factory=lambda: Plan(planner="rules"))
    name: str = "scripted"
    time_first: bool = False
    calls: int = 0
    full: int = 0
    shared: int = 0
    cached: int = 0
    output: int = 0
    seen: list[str] = field(default_factory=list)

    async def complete(self, request: ModelRequest, *, on_text: OnText | None = None) -> ModelTurn:
        body = to_parameters(request, model=self.name)
        sent = json.dumps([body.get("tools", []), body["messages"]])
        if self.time_first:
            sent = f"{len(self.seen):>8}{sent}"
        shared = (
            max((shared_beginning(sent, other) for other in self.seen), default=0) // CHARACTERS_PER_TOKEN
        )
        cached = shared if shared >= SMALLEST_CACHED else 0
        self.shared += shared
        self.seen.append(sent)
        self.calls += 1
        self.cached += cached
        self.full += len(sent) // CHARACTERS_PER_TOKEN - cached
        turn = self._turn(request)
        written = turn.text + "".join(call.arguments for call in turn.tool_calls)
        self.output += len(written) // CHARACTERS_PER_TOKEN
        return turn

    def _turn(self, request: ModelRequest) -> ModelTurn:
        if request.response_schema is not None:
            steps = [{"agent": s.agent, "task": s.task, "after": list(s.after)} for s in self.plan.steps]
            return ModelTurn(text=json.dumps({"steps": steps, "question": self.plan.question}))
        if request.tools and request.messages[-1].role == "user":
            return ModelTurn(tool_calls=(ToolCall(id="c", name=request.tools[0].name, arguments="{}"),))
        return ModelTurn(text=ANSWER)

    async def aclose(self) -> None:
        return None

    @property
    def usd(self) -> float:
        prices = USD_A_MILLION
        priced = self.full * prices["full"] + self.cached * prices["cached"] + self.output * prices["output"]
        return priced / 1_000_000


def shared_beginning(one: str, other: str) -> int:
    """How many characters two texts have in common from their beginning on."""
    low, high = 0, min(len(one), len(other))
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if one[:middle] == other[:middle] else (low, middle - 1)
    return low


async def measure(*, tiering: bool, prefix: bool, trimming: bool) -> Meter:
    rules, agents = built_in_planner()
    meter = Meter(time_first=not prefix)
    tiered = TieredPlanner(rules=rules, model=ModelPlanner(meter))
    planner = tiered if tiering else ModelPlanner(meter)
    clock = ManualClock()
    gate = Gate(approvals=InMemoryApprovals(store=InMemoryStore()), clock=clock, rules=Rules())
    loop = AgentLoop(model=meter, tools=_paged(rules), runs=InMemoryRuns(), clock=clock, gate=gate)
    with ExitStack() as changed:
        if not trimming:
            for module in (prompt, calls):
                changed.enter_context(mock.patch.object(module, "shortened", lambda text, **_: text))
        for text in INSTRUCTIONS:
            await _answer(text, meter, (rules, planner), loop, agents)
    return meter


async def _answer(
    text: str,
    meter: Meter,
    planners: tuple[RulePlanner, TieredPlanner | ModelPlanner],
    loop: AgentLoop,
    agents: Sequence[Agent],
) -> None:
    request = to_request(text, tuple(agents))
    meter.plan = await planners[0].plan(request)
    plan = await planners[1].plan(request)
    named = {agent.name: agent for agent in agents}
    for index, step in enumerate(plan.steps):
        task = request.task.model_copy(update={"text": step.task})
        await loop.run(named[step.agent], task, step_id=f"{text}-{index}")


def _paged(rules: RulePlanner) -> dict[str, Any]:
    """The built-in tools, each of them giving a long page for any arguments."""

    async def run(arguments: Any, *, task: Any, idempotency_key: str) -> ToolOutput:
        return ToolOutput(text=PAGE)

    class Anything:
        @staticmethod
        def model_validate_json(given: str, *, strict: bool) -> Any:
            return given

        def __init__(self, arguments: Any) -> None:
            self.model_json_schema = arguments.model_json_schema

    tools = {}
    for name, tool in rules._tools.items():
        tools[name] = mock.Mock(spec=tool, wraps=tool, run=run, arguments=tool.arguments)
        tools[name].name, tools[name].description = name, tool.description
        tools[name].effect, tools[name].untrusted = tool.effect, tool.untrusted
        tools[name].arguments = Anything(tool.arguments)
        tools[name].named_by = lambda arguments: ()
    return tools


def main() -> None:
    variants = {
        "before: all off": (False, False, False),
        "tiering alone": (True, False, False),
        "stable prefix alone": (False, True, False),
        "trimming alone": (False, False, True),
        "after: all on": (True, True, True),
    }
    count = len(INSTRUCTIONS)
    print(f"{count} instructions, for each answer:")
    print(f"{'':<22}{'calls':>7}{'input':>9}{'of it shared':>14}{'output':>8}{'US cents':>10}")
    for name, (tiering, prefix, trimming) in variants.items():
        meter = asyncio.run(measure(tiering=tiering, prefix=prefix, trimming=trimming))
        given = (meter.full + meter.cached) / count
        print(
            f"{name:<22}{meter.calls / count:>7.1f}{given:>9,.0f}{meter.shared / count:>14,.0f}"
            f"{meter.output / count:>8,.0f}{meter.usd * 100 / count:>10.4f}"
        )


if __name__ == "__main__":
    main()
