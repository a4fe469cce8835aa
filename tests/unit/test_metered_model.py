"""Every model call is set aside before, and settled after."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from core.budgets import BudgetRules, MeteredModel, estimate
from core.budgets.metered import WAIT_SECONDS
from core.errors import BudgetSpent, ModelUnavailable, PermanentError
from core.memory.budgets import InMemoryBudgets
from core.memory.clock import START, ManualClock
from core.memory.model import ScriptedModel, says
from core.models import Usage
from core.models.budget import Allowance, Budget, Period, Scope, Spender, Standing
from core.ports.language_model import TOOL_TOKENS, FinishReason, Message, ModelRequest, ToolSignature
from core.tokens import estimated

ADA = Spender(person="toy:W1:ada", workspace="toy:W1", agent="finder", schedule="s1", delegation="d1")
REQUEST = ModelRequest(
    messages=(Message(role="user", text="x" * 250),), max_output_tokens=400, spender=ADA, model="m"
)
USED = Usage(input_tokens=120, output_tokens=30, cost_usd=0.002)


async def price(model: str, *, input_tokens: int, output_tokens: int) -> float | None:
    return None if model == "unpriced" else (input_tokens + output_tokens) / 100_000


class Bench:
    def __init__(self, *turns: Any, zone: str = "UTC", **defaults: Allowance) -> None:
        self.clock = ManualClock(auto_advance=True)
        self.budgets = InMemoryBudgets(clock=self.clock)
        self.scripted = ScriptedModel(*turns)
        given = {(Scope(scope), Period.DAY): most for scope, most in defaults.items()}
        self.rules = BudgetRules(defaults=given, zone=zone)
        self.model = MeteredModel(
            self.scripted, budgets=self.budgets, rules=self.rules, price=price, clock=self.clock
        )

    async def standing(self, scope: Scope = Scope.WORKSPACE) -> Standing:
        caps = self.rules.caps(ADA, await self.budgets.listed(), now=self.clock.now())
        found = await self.budgets.standings(caps)
        return next(standing for standing in found if standing.cap.budget.scope is scope)


MUCH = Allowance(tokens=100_000, usd=10.0)


async def test_a_call_is_settled_with_the_servers_own_numbers() -> None:
    bench = Bench(says("Hello.", usage=USED), workspace=MUCH)
    turn = await bench.model.complete(REQUEST)
    standing = await bench.standing()
    assert turn.charge is None
    assert (standing.tokens, standing.usd, standing.held_tokens) == (150, 0.002, 0)


async def test_while_it_is_under_way_more_than_it_takes_is_set_aside() -> None:
    seen: list[Standing] = []

    class Looking(ScriptedModel):
        async def complete(self, request: ModelRequest, *, on_text: Any = None) -> Any:
            seen.append(await bench.standing())
            return await super().complete(request)

    bench = Bench(workspace=MUCH)
    bench.model._model = Looking(says("Hello.", usage=USED))
    await bench.model.complete(REQUEST)
    assert 500 <= seen[0].held_tokens < 550
    assert seen[0].held_usd == pytest.approx(seen[0].held_tokens / 100_000)
    assert seen[0].tokens == 0


async def test_a_turn_that_is_going_to_be_saved_brings_its_charge_along() -> None:
    bench = Bench(says("Hello.", usage=USED), workspace=MUCH)
    spender = ADA.model_copy(update={"run": "d1-0-0"})
    turn = await bench.model.complete(REQUEST.model_copy(update={"spender": spender}))
    assert turn.charge is not None
    assert turn.charge.actual == USED
    assert (await bench.standing()).tokens == 0
    await bench.budgets.settle(turn.charge)
    assert (await bench.standing()).tokens == 150


@pytest.mark.parametrize("scope", list(Scope))
async def test_each_of_the_four_can_stop_it(scope: Scope) -> None:
    bench = Bench()
    bench.model._rules = BudgetRules(defaults={(scope, Period.DAY): Allowance(tokens=10)})
    with pytest.raises(BudgetSpent) as caught:
        await bench.model.complete(REQUEST)
    assert not bench.scripted.requests
    assert "for today" in caught.value.sentence
    assert caught.value.sentence.endswith("and the operator can raise it.")


async def test_a_budget_that_was_set_replaces_the_default() -> None:
    bench = Bench(says("Hello."), workspace=Allowance(tokens=10))
    own = Budget(
        scope=Scope.WORKSPACE, subject="toy:W1", period=Period.DAY, allowance=Allowance(tokens=10_000)
    )
    await bench.budgets.set(own, now=START)
    assert (await bench.model.complete(REQUEST)).text == "Hello."


async def test_the_sentence_says_which_budget_and_when_it_opens_again_in_the_deployments_zone() -> None:
    bench = Bench(
        says("Hello.", usage=Usage(input_tokens=700, output_tokens=300, cost_usd=0.5)),
        zone="Europe/Vienna",
        person=Allowance(tokens=1000),
    )
    await bench.model.complete(REQUEST)
    with pytest.raises(BudgetSpent) as caught:
        await bench.model.complete(REQUEST)
    assert caught.value.sentence == (
        "Your budget for today is used up (1,000 of 1,000 tokens); it opens again on Sat 21 Nov 2026, 00:00 "
        "(Europe/Vienna), and the operator can raise it."
    )


async def test_the_next_day_it_opens_again() -> None:
    bench = Bench(says("One.", usage=USED), says("Two.", usage=USED), person=Allowance(tokens=600))
    await bench.model.complete(REQUEST)
    with pytest.raises(BudgetSpent):
        await bench.model.complete(REQUEST)
    await bench.clock.advance(24 * 3600)
    assert (await bench.model.complete(REQUEST)).text == "Two."


async def test_what_others_have_set_aside_is_waited_for_a_little() -> None:
    bench = Bench(workspace=Allowance(tokens=700))
    gate = asyncio.Event()

    class Slow(ScriptedModel):
        async def complete(self, request: ModelRequest, *, on_text: Any = None) -> Any:
            if not self.requests:
                turn = await super().complete(request)
                await gate.wait()
                return turn
            return await super().complete(request)

    bench.model._model = Slow(says("First.", usage=USED), says("Second.", usage=USED))
    bench.clock = ManualClock()
    bench.model._clock = bench.clock
    first = asyncio.create_task(bench.model.complete(REQUEST))
    second = asyncio.create_task(bench.model.complete(REQUEST))
    for _ in range(5):
        await asyncio.sleep(0)
    assert not first.done()
    assert not second.done()
    gate.set()
    await first
    await bench.clock.advance(1.0)
    assert (await second).text == "Second."


async def test_but_not_for_ever() -> None:
    bench = Bench(workspace=Allowance(tokens=700))
    held = await bench.model._charge(REQUEST, ADA)
    assert await bench.budgets.reserve(held) is None
    begun = bench.clock.monotonic()
    with pytest.raises(BudgetSpent, match="has no room for another model call"):
        await bench.model.complete(REQUEST)
    assert WAIT_SECONDS <= bench.clock.monotonic() - begun < WAIT_SECONDS + 2


FAILURES: list[tuple[Exception, bool]] = [
    (ModelUnavailable("The model is busy just now."), False),
    (PermanentError("The key is wrong."), False),
    (ModelUnavailable("The model took too long to answer.", may_have_cost=True), True),
]


@pytest.mark.parametrize(("error", "kept"), FAILURES)
async def test_a_call_without_an_answer_gives_back_what_it_did_not_cost(error: Exception, kept: bool) -> None:
    bench = Bench(error, workspace=MUCH)
    with pytest.raises(type(error)):
        await bench.model.complete(REQUEST)
    assert bool((await bench.standing()).held_tokens) is kept
    await bench.clock.advance(3600)
    assert bool((await bench.standing()).tokens) is kept


async def test_a_server_that_counts_nothing_is_counted_for() -> None:
    silent = says("y" * 250, usage=Usage(cost_usd=None))
    filtered = says("", finish=FinishReason.CONTENT_FILTER, usage=Usage(cost_usd=None))
    bench = Bench(filtered, silent, workspace=MUCH)
    await bench.model.complete(REQUEST)
    assert (await bench.standing()).tokens == 0
    await bench.model.complete(REQUEST)
    assert 200 <= (await bench.standing()).tokens < 250


async def test_each_tool_counts_with_all_its_text_however_often_it_is_offered() -> None:
    tool = ToolSignature(name="find", description="Finds it. " * 20, parameters={"type": "object"})
    plain = estimate.input_tokens(REQUEST)
    added = estimate.input_tokens(REQUEST.model_copy(update={"tools": (tool,)})) - plain
    assert added == TOOL_TOKENS + sum(
        estimated(text) for text in ("find", "Finds it. " * 20, '{"type": "object"}')
    )
    assert estimate.input_tokens(REQUEST.model_copy(update={"tools": (tool, tool)})) - plain == 2 * added
    other = tool.model_copy(update={"description": ""})
    assert estimate.input_tokens(REQUEST.model_copy(update={"tools": (other,)})) - plain == added - 80


async def test_a_model_with_smaller_tokens_is_not_underestimated_twice() -> None:
    dense = says("Hello.", usage=Usage(input_tokens=900, output_tokens=10, cost_usd=None))
    bench = Bench(dense, workspace=Allowance(tokens=2000))
    await bench.model.complete(REQUEST)
    assert (await bench.model._charge(REQUEST, ADA)).estimate.input_tokens == pytest.approx(900, abs=2)
    short = REQUEST.model_copy(update={"messages": (Message(role="user", text="x"),)})
    assert 600 < (await bench.model._charge(short, ADA)).estimate.input_tokens < 750
    with pytest.raises(BudgetSpent):
        await bench.model.complete(REQUEST)


async def test_a_budget_of_money_lets_a_model_without_a_price_through() -> None:
    bench = Bench(says("Hello."), workspace=Allowance(usd=0.000001))
    with pytest.raises(BudgetSpent):
        await bench.model.complete(REQUEST)
    assert (await bench.model.complete(REQUEST.model_copy(update={"model": "unpriced"}))).text == "Hello."


async def test_without_any_budget_nothing_is_set_aside_but_all_is_counted() -> None:
    bench = Bench(says("Hello.", usage=USED))
    await bench.model.complete(REQUEST)
    found = await bench.budgets.spending(
        workspace="toy:W1", since=START, until=START.replace(year=2027), by="agent", zone="UTC"
    )
    assert [(row.name, row.calls, row.input_tokens) for row in found.rows] == [("finder", 1, 120)]
