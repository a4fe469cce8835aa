"""No model is asked what the words alone make clear, and what it is asked begins alike."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from adapters.llm.openai_request import to_parameters
from adapters.settings import Settings
from benchmarks.evaluate import HELD_OUT, SETS, measure, read_rows
from benchmarks.evaluate import to_request as evaluated
from benchmarks.tokens import shared_beginning
from core.errors import BudgetSpent, StoreUnavailable
from core.memory.clock import START
from core.memory.model import ScriptedModel, calls, says
from core.models import Exchange
from core.planning import ModelPlanner, TieredPlanner
from core.ports.language_model import ModelRequest
from tests.fakes.agent_bench import FIND, Bench, agent, task
from tests.fakes.toy_tools import ToyTool
from tests.unit.planning_bench import built_in, to_request

DOUBTFUL = "do something nice for the team with whatever is in the fridge"
SPENT = "Your budget for today is used up."


async def test_most_instructions_that_nothing_was_tuned_on_need_no_model_and_are_planned_right() -> None:
    rules, agents = built_in()
    rows = [row for path in HELD_OUT for row in read_rows(path)]
    certain = [row for row in rows if rules.decide(evaluated(row.text, agents)).certain]
    outcomes = await measure(rules, certain, agents=agents)
    assert len(certain) >= 0.6 * len(rows)
    assert sum(outcome.right for outcome in outcomes) >= 0.98 * len(outcomes)


def test_of_those_for_a_single_agent_most_are_clear() -> None:
    rules, agents = built_in()
    rows = [row for row in read_rows(SETS / "tuning.jsonl") if len(row.steps) == 1]
    assert sum(rules.decide(evaluated(row.text, agents)).certain for row in rows) >= 0.7 * len(rows)


CLEAR = [
    "@clock what time is it in Tokyo",
    "clock: what time is it in Tokyo",
    "what is 15% of 320",
    "what is 15% of 320 and what time is it in Tokyo",
    "create backup",
    "help",
    "thanks",
]


@pytest.mark.parametrize("text", CLEAR)
async def test_what_is_explicit_or_matches_clearly_costs_no_model_call(text: str) -> None:
    rules, agents = built_in()
    async with ScriptedModel() as model:
        await TieredPlanner(rules=rules, model=ModelPlanner(model)).plan(to_request(text, agents=agents))
        preferred = to_request(DOUBTFUL, agents=agents, preferred=("writer",))
        await TieredPlanner(rules=rules, model=ModelPlanner(model)).plan(preferred)
        assert not model.requests


async def test_only_a_doubt_costs_one_and_it_goes_to_the_model_for_planning() -> None:
    rules, agents = built_in()
    plan = json.dumps({"steps": [], "question": "What do you mean?"})
    async with ScriptedModel(says(plan)) as model:
        planner = TieredPlanner(rules=rules, model=ModelPlanner(model, name="small"))
        assert (await planner.plan(to_request(DOUBTFUL, agents=agents))).question == "What do you mean?"
    assert [request.model for request in model.requests] == ["small"]
    spender = model.requests[0].spender
    assert spender is not None
    assert (spender.person, spender.agent) == ("test:local:ann", "")


async def test_where_the_budget_is_used_up_the_rules_plan_and_say_so_where_they_can_not() -> None:
    rules, agents = built_in()
    follow_up = to_request("and in Paris?", agents=agents, before=("what time is it in Tokyo", "19:04"))
    async with ScriptedModel(BudgetSpent(SPENT), BudgetSpent(SPENT), StoreUnavailable()) as model:
        planner = TieredPlanner(rules=rules, model=ModelPlanner(model))
        assert [step.agent for step in (await planner.plan(follow_up)).steps] == ["clock"]
        nobody = tuple(agent for agent in agents if agent.name in ("clock", "backup"))
        unsure = await planner.plan(to_request(DOUBTFUL, agents=nobody))
        assert (unsure.steps, unsure.question) == ((), SPENT)
        without = await planner.plan(to_request(DOUBTFUL, agents=nobody))
        assert without.question not in (None, SPENT)


PLANNERS: list[tuple[dict[str, Any], str | None]] = [
    ({}, "gpt-5-nano"),
    ({"openai_base_url": "http://127.0.0.1:1/v1"}, None),
    ({"openai_base_url": "http://127.0.0.1:1/v1", "flowmate_planner_model": "tiny"}, "tiny"),
    ({"flowmate_planner_model": "gpt-5"}, "gpt-5"),
]


@pytest.mark.parametrize(("given", "model"), PLANNERS)
def test_a_small_model_plans_where_one_is_known(given: dict[str, Any], model: str | None) -> None:
    assert Settings(_env_file=None, **given).planner_model == model


def sent(request: ModelRequest) -> str:
    """What a server reads of a request, in the order in which it fills its cache: tools, then messages."""
    body = to_parameters(request, model=request.model or "default")
    return json.dumps([body.get("tools", []), body["messages"]])


async def asked(*, hours: int, words: str = "find tea", said: str = "") -> list[ModelRequest]:
    """The requests of one run: a search, and the answer."""
    history = (Exchange(instruction="before", answer=said, at=START),) if said else ()
    what = task(words, history=history).model_copy(update={"now": START + timedelta(hours=hours)})
    async with ScriptedModel(calls(FIND), says("In the cupboard.")) as model:
        bench = Bench(model, ToyTool("search"), ToyTool("read_page"))
        await bench.run(agent("search", "read_page", system_prompt="You find things. " * 40), what)
    return model.requests


async def test_two_runs_of_one_agent_share_all_but_what_is_their_own() -> None:
    (first, _), (later, _) = await asked(hours=0), await asked(hours=30, said="other words")
    shared = sent(first)[: shared_beginning(sent(first), sent(later))]
    system = json.dumps(first.messages[0].text)
    assert system in shared
    assert shared.endswith("Task: find tea\\n\\n")
    other = (await asked(hours=0, words="where is the milk"))[0]
    assert system in sent(first)[: shared_beginning(sent(first), sent(other))]


async def test_each_turn_of_a_run_begins_with_the_whole_one_before() -> None:
    first, second = await asked(hours=0)
    assert second.messages[: len(first.messages)] == first.messages
    assert second.tools == first.tools


async def test_two_plans_share_all_of_the_rules_and_the_agents() -> None:
    _, agents = built_in()
    plan = json.dumps({"steps": [], "question": "?"})
    async with ScriptedModel(says(plan), says(plan)) as model:
        for text in ("do something nice", "and something else"):
            await ModelPlanner(model).plan(to_request(text, agents=agents))
    first, second = model.requests
    assert first.messages[0] == second.messages[0]
    assert first.response_schema == second.response_schema
    assert first.messages[1].text.startswith("The instruction:\ndo something nice")
    assert "Now: 2026-11-02" in first.messages[1].text.rpartition("\n")[2]
