"""Agents that never come to an end, in one process of several: `python -m tests.contracts.runaway_process`.

It lets its share of the people ask, and writes their results to stdout.
"""

from __future__ import annotations

import asyncio
import sys

from pydantic import TypeAdapter

from adapters.clock import SystemClock
from adapters.llm.openai_model import OpenAIModel
from adapters.sql.approvals import SqlApprovals
from adapters.sql.budgets import SqlBudgets
from adapters.sql.database import Database
from adapters.sql.runs import SqlRuns
from core.agent_loop import AgentLoop
from core.approvals.gate import Gate
from core.approvals.policy import Rules
from core.budgets import BudgetRules, MeteredModel
from core.models import Agent, Frozen, Person, Result, Task
from core.models.budget import Allowance, Period, Scope
from tests.counterparts.openai_server import KEY
from tests.fakes.toy_tools import ToyTool

PRICES = {"*": (2.0, 8.0)}
AGENT = Agent(name="finder", description="Finds things.", tools=("search",))
RESULTS = TypeAdapter(list[Result])


class Share(Frozen):
    """What one process is to do: which people ask, and of what."""

    database: str
    model: str
    people: tuple[int, ...]
    allowance: Allowance


async def ask_all(share: Share) -> list[Result]:
    """What one worker process does: its own connections, model and loop."""
    database, clock = Database(share.database), SystemClock()
    model = OpenAIModel(model="m", api_key=KEY, base_url=share.model, clock=clock, own_prices=PRICES)
    rules = BudgetRules(defaults={(Scope.WORKSPACE, Period.DAY): share.allowance})
    metered = MeteredModel(
        model, budgets=SqlBudgets(database, clock=clock), rules=rules, price=model.price, clock=clock
    )
    loop = AgentLoop(
        model=metered,
        tools={"search": ToyTool("search", gives="nothing but leaves " * 60)},
        runs=SqlRuns(database),
        clock=clock,
        gate=Gate(approvals=SqlApprovals(database), clock=clock, rules=Rules()),
    )

    async def ask(number: int) -> Result:
        task = Task(
            text=f"find tea number {number}",
            instruction=f"find tea number {number}",
            person=Person(id=f"toy:W1:p{number}"),
            workspace="toy:W1",
            now=clock.now(),
            zone="UTC",
            delegation_id=f"d{number}",
        )
        return await loop.run(AGENT, task, step_id=f"d{number}-0-0")

    try:
        return await asyncio.gather(*map(ask, share.people))
    finally:
        await model.aclose()
        database.close()


if __name__ == "__main__":
    results = asyncio.run(ask_all(Share.model_validate_json(sys.argv[1])))
    sys.stdout.buffer.write(RESULTS.dump_json(results))
