"""Which of a run's words are shown while they come, and which are void."""

from __future__ import annotations

import pytest

from core.errors import ModelUnavailable
from core.live_words import Writing
from core.memory.model import ScriptedModel, calls, says
from core.models import StepState
from core.ports.language_model import FinishReason, ModelTurn
from tests.fakes.agent_bench import FIND, Bench
from tests.fakes.toy_tools import ToyTool


class Screen(Writing):
    """Whoever watches: every state of what is shown, one after the other."""

    def __init__(self) -> None:
        super().__init__("d1", step=0, agent="finder", claim=1, begun=lambda _: None)
        self.states: list[str] = []

    def begin(self, text: str = "") -> None:
        super().begin(text)
        self.states.append(text)

    async def add(self, text: str) -> None:
        await super().add(text)
        self.states.append(self.states[-1] + text)

    @property
    def shown(self) -> str:
        self.close()
        piece = self.piece(whole=True)
        return piece.text if piece is not None else ""


BEFORE_A_CALL = ModelTurn(
    text="I look it up.\n", tool_calls=calls(FIND).tool_calls, finish=FinishReason.TOOL_CALLS
)


@pytest.mark.parametrize(
    ("turns", "states", "shown"),
    [
        ([says("One.\nTwo.")], ["", "One.\n", "One.\nTwo."], "One.\nTwo."),
        (
            [BEFORE_A_CALL, says("It is here.")],
            ["", "I look it up.\n", "", "", "It is here."],
            "It is here.",
        ),
        (
            [says("It was lo", finish=FinishReason.LENGTH), says("ng ago.")],
            ["", "It was lo", "It was lo", "It was long ago."],
            "It was long ago.",
        ),
        ([says("No, I won't.", finish=FinishReason.REFUSAL)], ["", "No, I won't.", ""], ""),
        ([says("Half of wh", finish=FinishReason.CONTENT_FILTER)], ["", "Half of wh", ""], ""),
    ],
    ids=["an answer", "before a call", "cut off and gone on", "a refusal", "filtered"],
)
async def test_only_words_that_may_be_the_answer_stay(
    turns: list[ModelTurn], states: list[str], shown: str
) -> None:
    screen = Screen()
    await Bench(ScriptedModel(*turns), ToyTool("search")).run(writing=screen)
    assert screen.states == states
    assert screen.shown == shown


async def test_a_run_that_goes_on_after_a_crash_shows_only_what_it_writes_itself() -> None:
    bench = Bench(
        ScriptedModel(calls(FIND), ModelUnavailable("The model is busy just now.")), ToyTool("search")
    )
    with pytest.raises(ModelUnavailable):
        await bench.run(writing=Screen())
    again = Bench(ScriptedModel(says("It is here.")), ToyTool("search"), runs=bench.runs)
    screen = Screen()
    assert (await again.run(writing=screen)).state is StepState.SUCCEEDED
    assert screen.states[-1] == "It is here."


async def test_without_anybody_to_show_them_to_words_are_not_passed_on() -> None:
    bench = Bench(ScriptedModel(says("One.\nTwo.")))
    await bench.run()
    assert bench.progress == []
