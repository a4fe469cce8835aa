"""The turn that ends a run may be left to whoever saves the end of the step; no other turn is."""

from __future__ import annotations

import pytest

from core.memory.model import ScriptedModel, calls, says
from core.memory.runs import InMemoryRuns
from core.models import StepState
from core.ports.language_model import FinishReason, ModelTurn
from core.ports.runs import Ending
from tests.fakes.agent_bench import FIND, STEP, Bench, agent, task
from tests.fakes.toy_tools import ToyTool

CUT = ModelTurn(text="Once upon", finish=FinishReason.LENGTH)
REFUSED = ModelTurn(text="No.", finish=FinishReason.REFUSAL)


async def ended(*turns: ModelTurn) -> tuple[InMemoryRuns, Ending, Bench, StepState]:
    runs, ending = InMemoryRuns(), Ending()
    bench = Bench(ScriptedModel(*turns), ToyTool("search"), runs=runs)
    result = await bench.loop.run(agent("search"), task("find milk"), step_id=STEP, ending=ending)
    return runs, ending, bench, result.state


async def test_an_answer_is_left_and_can_be_kept_by_itself() -> None:
    runs, ending, bench, state = await ended(says("Milk."))
    assert (state, await runs.turns(STEP)) == (StepState.SUCCEEDED, ())
    assert ending.last is not None
    assert (ending.last.step_id, ending.last.index, ending.last.turn.text) == (STEP, 0, "Milk.")
    for _ in range(2):
        await bench.loop.keep(ending)
    assert [saved.turn.text for saved in await runs.turns(STEP)] == ["Milk."]


async def test_turns_that_go_on_are_saved_before_they_are_used() -> None:
    runs, ending, _, _ = await ended(calls(FIND), says(""), CUT, says("a cow."))
    assert [saved.index for saved in await runs.turns(STEP)] == [0, 1, 2]
    assert ending.last is not None
    assert (ending.last.index, ending.last.turn.text) == (3, "a cow.")


@pytest.mark.parametrize(
    "turns", [(REFUSED,), (CUT, CUT), (ModelTurn(text="", finish=FinishReason.CONTENT_FILTER),)]
)
async def test_what_ends_in_any_other_way_is_saved_as_ever(turns: tuple[ModelTurn, ...]) -> None:
    runs, ending, bench, _ = await ended(*turns)
    assert len(await runs.turns(STEP)) == len(turns)
    assert ending.last is None
    await bench.loop.keep(ending)
    assert len(await runs.turns(STEP)) == len(turns)


async def test_a_run_that_is_repeated_before_it_was_kept_pays_for_that_turn_alone() -> None:
    runs, _, _, _ = await ended(calls(FIND), says("Milk."))
    again = Bench(ScriptedModel(says("Milk!")), ToyTool("search"), runs=runs)
    result = await again.loop.run(agent("search"), task("find milk"), step_id=STEP, ending=Ending())
    assert result.output == "Milk!"
