"""Agents that never come to an end, 50 people at once, one budget: real databases, a real model adapter over HTTP."""

from __future__ import annotations

import asyncio
import json
from itertools import count
from typing import Any

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
from core.models import Agent, Person, Result, StepState, Task
from core.models.budget import Allowance, Period, Scope
from tests.counterparts.openai_server import KEY, Answer, ScriptedOpenAI
from tests.fakes.toy_tools import ToyTool

PEOPLE, PROCESSES = 50, 3
PRICES = {"*": (2.0, 8.0)}
TOKENS, USD = 60_000, 0.25
AGENT = Agent(name="finder", description="Finds things.", tools=("search",))


class Runaway:
    """A model that asks for another search, whatever it is told, and counts what it sells."""

    def __init__(self) -> None:
        self.tokens = 0
        self.usd = 0.0
        self._numbers = count()

    def __call__(self, body: dict[str, Any]) -> Answer:
        given = len(json.dumps(body["messages"]) + json.dumps(body.get("tools", []))) // 4
        made = min(900, body["max_completion_tokens"])
        self.tokens += given + made
        self.usd += (given * PRICES["*"][0] + made * PRICES["*"][1]) / 1_000_000
        again = ("search", json.dumps({"words": f"tea {next(self._numbers)}"}))
        return Answer(tool_calls=(again,), usage=(given, made, 0))


async def process(url: str, server: str, people: range, allowance: Allowance) -> list[Result]:
    """What one worker process does: its own connections, model and loop."""
    database, clock = Database(url), SystemClock()
    model = OpenAIModel(model="m", api_key=KEY, base_url=server, clock=clock, own_prices=PRICES)
    rules = BudgetRules(defaults={(Scope.WORKSPACE, Period.DAY): allowance})
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
            text="find tea",
            instruction="find tea",
            person=Person(id=f"toy:W1:p{number}"),
            workspace="toy:W1",
            now=clock.now(),
            zone="UTC",
            delegation_id=f"d{number}",
        )
        return await loop.run(AGENT, task, step_id=f"d{number}-0-0")

    try:
        return await asyncio.gather(*map(ask, people))
    finally:
        await model.aclose()
        database.close()


async def run(url: str, allowance: Allowance) -> tuple[Runaway, list[Result]]:
    runaway = Runaway()
    async with ScriptedOpenAI(default=runaway, latency=0.02) as server:
        shares = [range(first, PEOPLE, PROCESSES) for first in range(PROCESSES)]
        results = await asyncio.gather(
            *(
                asyncio.to_thread(
                    lambda share: asyncio.run(process(url, server.url, share, allowance)), share
                )
                for share in shares
            )
        )
    return runaway, [result for part in results for result in part]


async def test_fifty_runaways_at_once_stop_within_a_budget_of_tokens(database_url: str) -> None:
    runaway, results = await run(database_url, Allowance(tokens=TOKENS))
    assert 0.8 * TOKENS < runaway.tokens <= 1.1 * TOKENS
    said = [result.error or result.output for result in results]
    assert len(said) == PEOPLE
    assert all(
        "This workspace's budget for today" in one and "the operator can raise it" in one for one in said
    )
    begun = [result for result in results if result.used_model]
    assert begun
    assert all(result.state is StepState.SUCCEEDED and result.partial for result in begun)
    assert all("nothing but leaves" in result.output for result in begun)


async def test_fifty_runaways_at_once_stop_within_a_budget_of_money(database_url: str) -> None:
    runaway, results = await run(database_url, Allowance(usd=USD))
    assert 0.8 * USD < runaway.usd <= 1.1 * USD
    assert all(f"of ${USD}" in (result.error or result.output) for result in results)
    usages = sum(result.usage.cost_usd or 0.0 for result in results)
    assert abs(usages - runaway.usd) < 1e-6
