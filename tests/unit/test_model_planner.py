"""The model plans; nothing that it says is taken on trust."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from core.errors import ModelUnavailable, PermanentError
from core.memory.model import ScriptedModel, says
from core.models import Agent, Person, Plan, Task
from core.planning import ModelPlanner, PlanRejected, RulePlanner, TieredPlanner
from core.ports.language_model import FinishReason
from core.ports.planner import PlanRequest

AGENTS = tuple(
    Agent(name=name, description=about, examples=examples)
    for name, about, examples in [
        ("painter", "Paints pictures of animals.", ("paint a horse", "draw a cat")),
        ("singer", "Sings songs.", ("sing a song", "hum a tune")),
    ]
)
# Words that the rules can't be sure of, so that the model is asked.
DOUBTFUL = "make something nice with a horse in it, and something for the ears"


def request(text: str = DOUBTFUL) -> PlanRequest:
    task = Task(
        text=text,
        instruction=text,
        person=Person(id="memory:w:p"),
        workspace="memory:w",
        now=datetime(2026, 11, 20, 9, 0, tzinfo=UTC),
        zone="UTC",
    )
    return PlanRequest(task=task, agents=AGENTS)


def answer(*steps: tuple[str, str, list[int]], question: str | None = None) -> str:
    rows = [{"agent": agent, "task": task, "after": after} for agent, task, after in steps]
    return json.dumps({"steps": rows, "question": question})


GOOD = answer(("painter", "paint a horse", []), ("singer", "sing to it", [0]))
BAD: dict[str, str] = {
    "no JSON": "I would paint a horse.",
    "an unknown agent": answer(("dancer", "dance", [])),
    "a cycle": answer(("painter", "a", [1]), ("singer", "b", [0])),
    "a step after itself": answer(("painter", "a", [0])),
    "eleven steps": answer(*[("painter", "a", [])] * 11),
    "no steps and no question": answer(),
    "a step after one that does not exist": answer(("painter", "a", [5])),
    "an empty task": answer(("painter", "  ", [])),
    "unknown fields": json.dumps({"steps": [], "question": "?", "mood": "good"}),
    "nothing": "",
}


async def test_a_valid_plan_is_taken_with_its_usage() -> None:
    async with ScriptedModel(says(GOOD)) as model:
        plan = await ModelPlanner(model).plan(request())
    assert [(step.agent, step.after) for step in plan.steps] == [("painter", ()), ("singer", (0,))]
    assert plan.planner == "model"
    assert plan.usage.input_tokens == 100


async def test_a_fenced_plan_is_read() -> None:
    async with ScriptedModel(says(f"```json\n{GOOD}\n```")) as model:
        assert len((await ModelPlanner(model).plan(request())).steps) == 2


async def test_steps_are_put_into_an_order_in_which_they_can_run() -> None:
    backwards = answer(("singer", "sing to it", [1]), ("painter", "paint a horse", []))
    async with ScriptedModel(says(backwards)) as model:
        plan = await ModelPlanner(model).plan(request())
    assert [(step.agent, step.after) for step in plan.steps] == [("painter", ()), ("singer", (0,))]


@pytest.mark.parametrize("bad", list(BAD))
async def test_a_bad_plan_is_repaired(bad: str) -> None:
    async with ScriptedModel(says(BAD[bad]), says(GOOD)) as model:
        plan = await ModelPlanner(model).plan(request())
        assert "can't be used" in model.requests[1].messages[-1].text
    assert len(plan.steps) == 2
    assert plan.usage.input_tokens == 200


@pytest.mark.parametrize("bad", list(BAD))
async def test_but_at_most_twice_and_then_the_rules_answer(bad: str) -> None:
    """INPUTS row 39."""
    async with ScriptedModel(*[says(BAD[bad])] * 3) as model:
        with pytest.raises(PlanRejected):
            await ModelPlanner(model).plan(request())
    async with ScriptedModel(*[says(BAD[bad])] * 3) as model:
        plan = await tiered(model).plan(request())
    assert plan.planner != "model"


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (ModelUnavailable("The model at 127.0.0.1 can't be reached."), "can't be reached"),
        (PermanentError("The key is wrong."), "The key is wrong."),
    ],
)
async def test_where_the_rules_find_nothing_either_it_is_said_why_the_model_was_not_asked(
    error: Exception, reason: str
) -> None:
    async with ScriptedModel(error) as model:
        plan = await tiered(model).plan(request("fold the laundry"))
    assert plan.steps == ()
    assert plan.question is not None
    assert reason in plan.question
    assert "I can't do that" in plan.question


@pytest.mark.parametrize("finish", [FinishReason.REFUSAL, FinishReason.CONTENT_FILTER])
async def test_a_refusal_is_not_repaired(finish: FinishReason) -> None:
    async with ScriptedModel(says("No.", finish=finish)) as model:
        with pytest.raises(PlanRejected):
            await ModelPlanner(model).plan(request())


async def test_a_plan_that_was_cut_off_is_never_taken() -> None:
    async with ScriptedModel(says(GOOD, finish=FinishReason.LENGTH), says(GOOD)) as model:
        await ModelPlanner(model).plan(request())
        assert len(model.requests) == 2


async def test_where_nothing_fits_the_model_asks() -> None:
    async with ScriptedModel(says(answer(question="Which horse?"))) as model:
        plan = await ModelPlanner(model).plan(request())
    assert plan == Plan(planner="model", question="Which horse?", usage=plan.usage)


@pytest.mark.parametrize("error", [ModelUnavailable(), PermanentError("The key is wrong.")])
async def test_without_the_model_the_rules_answer(error: Exception) -> None:
    async with ScriptedModel(error) as model:
        plan = await tiered(model).plan(request())
    assert plan.planner != "model"


@pytest.mark.parametrize("text", ["@painter paint a horse", "hello", "@painter a horse then @singer sing"])
async def test_what_is_certain_costs_no_model_call(text: str) -> None:
    async with ScriptedModel() as model:
        await tiered(model).plan(request(text))
        assert not model.requests


def tiered(model: Any) -> TieredPlanner:
    return TieredPlanner(rules=RulePlanner(tools={}), model=ModelPlanner(model))
