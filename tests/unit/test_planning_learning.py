"""What a planner knows of its agents is learned once, and never on the loop that everything else waits for."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable

import pytest

from benchmarks.evaluate import built_in_planner, to_request
from core.planning import RulePlanner, TieredPlanner
from core.ports.planner import Planner, PlanRequest
from tests.fakes.learning import Learned, noted


def alone(rules: RulePlanner) -> Planner:
    return rules


def tiered(rules: RulePlanner) -> Planner:
    return TieredPlanner(rules=rules, model=None)


@pytest.fixture
def learned(monkeypatch: pytest.MonkeyPatch) -> list[Learned]:
    return noted(monkeypatch)


@pytest.mark.parametrize("of", [alone, tiered])
async def test_the_first_plans_learn_once_and_not_on_the_loop(
    learned: list[Learned], of: Callable[[RulePlanner], Planner]
) -> None:
    rules, agents = built_in_planner()
    planner = of(rules)
    requests = [to_request(text, agents) for text in ("what is 2+2", "what time is it in Oslo", "12 * 12")]
    plans = await asyncio.gather(*(planner.plan(request) for request in requests))
    assert [plan.steps[0].agent for plan in plans] == ["calculator", "clock", "calculator"]
    assert len(learned) == 1
    assert learned[0].thread != threading.get_ident()


@pytest.mark.parametrize("of", [alone, tiered])
async def test_what_was_learned_in_advance_is_not_learned_again(
    learned: list[Learned], of: Callable[[RulePlanner], Planner], monkeypatch: pytest.MonkeyPatch
) -> None:
    rules, agents = built_in_planner()
    planner = of(rules)
    await planner.learn(to_request("", agents))
    assert len(learned) == 1

    def refused(*_: object) -> Awaitable[object]:
        raise AssertionError("a plan of known agents goes to no thread")

    monkeypatch.setattr("core.planning.ranking.asyncio.to_thread", refused)
    request: PlanRequest = to_request("what is 2+2", agents)
    assert (await planner.plan(request)).steps[0].agent == "calculator"
    assert len(learned) == 1
