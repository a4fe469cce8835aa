"""What an agent's run makes of poor answers and of a model's server in trouble."""

from __future__ import annotations

import pytest

from core.errors import ModelUnavailable, PermanentError
from core.memory.model import ScriptedModel, calls, says
from core.memory.runs import InMemoryRuns
from core.models import StepState
from core.ports.language_model import FinishReason
from tests.fakes.agent_bench import FIND, SEND, STEP, Bench, agent, task
from tests.fakes.toy_tools import ToyTool, mail

# 34 to 36: poor answers


@pytest.mark.parametrize("nothing", ["", " \n"])
async def test_34_an_empty_answer_is_tried_again_once(nothing: str) -> None:
    assert (await Bench(ScriptedModel(says(nothing), says("Here I am."))).run()).output == "Here I am."


async def test_34_a_second_empty_answer_fails_with_a_plain_sentence() -> None:
    result = await Bench(ScriptedModel(says(""), says(""))).run()
    assert (result.state, result.error) == (StepState.FAILED, "The model gave an empty answer twice.")


async def test_35_a_refusal_is_relayed_and_not_retried() -> None:
    refusal = says("I can't help with that.", finish=FinishReason.REFUSAL)
    result = await Bench(ScriptedModel(refusal)).run()
    assert result.state is StepState.FAILED
    assert result.output == "I can't help with that."
    assert result.error == "The model declined: I can't help with that."


async def test_35_the_content_filter_is_said_and_not_retried() -> None:
    turn = says("Half a sen", finish=FinishReason.CONTENT_FILTER)
    result = await Bench(ScriptedModel(turn)).run()
    assert result.error == "The provider's content filter stopped the model's answer."
    assert result.output == "", "half an answer is not posted as a whole one"


async def test_36_a_cut_answer_is_continued_once_and_marked_partial() -> None:
    bench = Bench(ScriptedModel(says("It is in the cup", finish=FinishReason.LENGTH), says("board.")))
    result = await bench.run()
    assert (result.output, result.partial) == ("It is in the cupboard.", True)


async def test_36_an_answer_that_is_cut_again_ends_there_and_says_so() -> None:
    cut = FinishReason.LENGTH
    result = await Bench(ScriptedModel(says("One, ", finish=cut), says("two, ", finish=cut))).run()
    assert result.output == "One, two,\n\nThe answer was cut at its length limit."
    assert result.partial


async def test_36_truncated_arguments_never_run_even_where_they_parse() -> None:
    search = ToyTool("search")
    cut = calls(FIND, FIND, finish=FinishReason.LENGTH)
    bench = Bench(ScriptedModel(cut, calls(("search", {"words": "tea and milk"})), says("Both.")), search)
    result = await bench.run()
    assert [arguments["words"] for arguments, _ in search.made] == ["tea and milk"]
    assert not result.partial, "it was all said again"


async def test_36_a_model_that_thinks_its_length_away_gets_more_room_once() -> None:
    silent = says("", finish=FinishReason.LENGTH)
    bench = Bench(ScriptedModel(silent, silent))
    result = await bench.run()
    assert [r.max_output_tokens for r in bench.model.requests] == [2000, 4000]  # type: ignore[union-attr]
    assert result.state is StepState.FAILED
    assert result.error is not None
    assert "output_tokens" in result.error


# 37, 38: the model's server


async def test_37_an_unavailable_model_asks_for_another_attempt_which_pays_nothing_twice() -> None:
    search, runs = ToyTool("search"), InMemoryRuns()
    first = Bench(
        ScriptedModel(calls(FIND), ModelUnavailable("Busy.", retry_after_seconds=7)), search, runs=runs
    )
    with pytest.raises(ModelUnavailable) as caught:
        await first.run()
    assert caught.value.retry_after_seconds == 7
    assert (await first.loop.spent(STEP)).input_tokens == 100
    second = Bench(ScriptedModel(says("In the cupboard.")), search, runs=runs)
    result = await second.run()
    assert result.output == "In the cupboard."
    assert result.usage.input_tokens == 200
    assert len(search.made) == 1
    assert second.told() == ["found it"]


async def test_38_a_permanent_error_fails_at_once_with_its_sentence() -> None:
    result = await Bench(ScriptedModel(PermanentError("Check OPENAI_API_KEY."))).run()
    assert (result.state, result.error) == (StepState.FAILED, "Check OPENAI_API_KEY.")
    assert not result.used_model


async def test_a_failure_after_a_change_in_the_world_says_that_it_was_made() -> None:
    bench = Bench(ScriptedModel(calls(SEND), PermanentError("No quota left.")), mail())
    result = await bench.run(agent("send_email"), task("email ann@example.com hello"))
    assert result.error == "No quota left. Before that, send_email was done."
