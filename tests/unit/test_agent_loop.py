"""An agent's run against a scripted model: the ordinary run, wrong calls and loops."""

from __future__ import annotations

import pytest

from core.agent_loop.prompt import MAX_DATA_CHARACTERS
from core.errors import ToolFailed
from core.memory.model import ScriptedModel, calls, says
from core.models import AgentLimits, Artifact, StepState
from core.ports.tool import ToolOutput
from tests.fakes.agent_bench import FIND, SEND, STEP, Bench, agent, task
from tests.fakes.toy_tools import ToyTool, mail

# The ordinary run


async def test_a_run_is_model_tools_model_answer() -> None:
    search = ToyTool("search", gives="tea is in the cupboard")
    bench = Bench(ScriptedModel(calls(FIND), says("In the cupboard.")), search)
    result = await bench.run()
    assert (result.state, result.output, result.used_model) == (StepState.SUCCEEDED, "In the cupboard.", True)
    assert result.usage.input_tokens == 200
    assert result.usage.cost_usd == pytest.approx(0.002)
    assert not result.partial
    assert not result.tainted
    assert search.made == [({"words": "tea", "limit": 5}, f"{STEP}:0.0")]
    assert bench.told() == ["tea is in the cupboard"]
    assert bench.progress == [("step.tool", {"tool": "search", "outcome": "done", "ms": 0})]


async def test_calls_of_one_turn_run_side_by_side_and_are_answered_in_order() -> None:
    search = ToyTool("search")
    wanted = [("search", {"words": word}) for word in ("tea", "milk", "sugar")]
    bench = Bench(ScriptedModel(calls(*wanted), says("Done.")), search)
    await bench.run()
    assert search.most_at_once == 3
    answered = [m.tool_call_id for m in bench.model.requests[1].messages if m.role == "tool"]  # type: ignore[union-attr]
    assert answered == ["call_0", "call_1", "call_2"]


async def test_files_that_tools_made_come_with_the_result_and_are_named_to_the_model() -> None:
    file = Artifact(name="backup.zip", path="/data/backup.zip", media_type="application/zip", size_bytes=3)
    search = ToyTool("search", gives=ToolOutput(text="made", artifacts=(file,)))
    bench = Bench(ScriptedModel(calls(FIND), says("Here.")), search)
    assert (await bench.run()).artifacts == (file,)
    assert "/data/backup.zip" in bench.told()[0]


async def test_a_tools_failure_is_told_to_the_model_which_may_find_another_way() -> None:
    search = ToyTool("search")
    search.raises = [ToolFailed("There is no such shelf.")]
    bench = Bench(ScriptedModel(calls(FIND), says("I could not look there.")), search)
    assert (await bench.run()).output == "I could not look there."
    assert bench.told() == ["There is no such shelf."]


async def test_a_long_tool_result_is_cut_and_says_so() -> None:
    bench = Bench(ScriptedModel(calls(FIND), says("Long.")), ToyTool("search", gives="x" * 20_000))
    await bench.run()
    assert len(bench.told()[0]) < MAX_DATA_CHARACTERS + 100
    assert "[cut: 10000 more characters]" in bench.told()[0]


# 31: arguments


@pytest.mark.parametrize(
    "arguments",
    [
        "not json",
        '```json\n{"words": "tea"}\n```',
        '{"words": "tea", "shelf": 3}',
        '{"words": 3}',
        '{"words": "tea", "limit": "5"}',
        '{"words": "tea", "limit": NaN}',
        "[1]",
        "{}",
        "",
        "[" * 5000,
        '{"words": "tea"',
    ],
    ids=[
        "no json",
        "fenced",
        "extra",
        "type",
        "loose type",
        "nan",
        "list",
        "missing",
        "empty",
        "nested",
        "cut",
    ],
)
async def test_31_unfit_arguments_are_told_to_the_model_which_repairs_them(arguments: str) -> None:
    search = ToyTool("search")
    model = ScriptedModel(calls(("search", arguments)), calls(FIND), says("Found."))
    bench = Bench(model, search)
    assert (await bench.run()).output == "Found."
    assert "don't fit" in bench.told(1)[0]
    assert len(search.made) == 1


async def test_31_after_two_repairs_the_step_fails_plainly() -> None:
    search = ToyTool("search")
    unfit = [calls(("search", f'{{"word": "{n}"}}')) for n in range(3)]
    result = await Bench(ScriptedModel(*unfit), search).run()
    assert result.state is StepState.FAILED
    assert result.error is not None
    assert "tool calls that can't be made" in result.error
    assert result.usage.input_tokens == 300, "what was paid is known all the same"
    assert search.made == []


# 32: tools that are not the agent's


async def test_32_an_unknown_tool_is_told_to_the_model_and_recorded() -> None:
    bench = Bench(ScriptedModel(calls(("fly", {})), says("I can't fly.")), ToyTool("search"))
    assert (await bench.run()).output == "I can't fly."
    assert bench.told() == ["Nothing was called: there is no tool 'fly'. Your tools: search."]
    assert bench.denied() == [{"tool": "fly", "reason": "unknown"}]


async def test_32_a_tool_outside_the_agents_list_is_denied_and_recorded() -> None:
    letters = mail()
    bench = Bench(ScriptedModel(calls(SEND), says("I may not.")), ToyTool("search"), letters)
    await bench.run(what=task("email ann@example.com"))
    assert bench.denied() == [{"tool": "send_email", "reason": "scope"}]
    assert bench.told() == ["Denied: send_email is not one of your tools. Your tools: search."]
    assert letters.made == []
    offered = [tool.name for tool in bench.model.requests[0].tools]  # type: ignore[union-attr]
    assert offered == ["search"]


async def test_32_a_model_that_insists_fails_the_step_at_the_third_time() -> None:
    turns = [calls(("fly", {"to": str(n)})) for n in range(3)]
    result = await Bench(ScriptedModel(*turns), ToyTool("search")).run()
    assert result.state is StepState.FAILED


# 33: loops


async def test_33_an_endless_loop_stops_at_the_rounds_with_a_last_answer_without_tools() -> None:
    search = ToyTool("search")
    turns = [calls(("search", {"words": str(n)})) for n in range(8)]
    bench = Bench(ScriptedModel(*turns, says("As far as I got.")), search)
    result = await bench.run()
    assert len(search.made) == 8
    assert result.state is StepState.SUCCEEDED
    assert result.partial
    assert result.output == "As far as I got.\n\nStopped after 8 rounds of tool calls."
    last = bench.model.requests[-1]  # type: ignore[union-attr]
    assert last.tools == ()
    assert "final answer now" in last.messages[-1].text


async def test_33_a_model_that_can_not_stop_even_then_fails_plainly() -> None:
    turns = [calls(("search", {"words": str(n)})) for n in range(3)]
    bench = Bench(ScriptedModel(*turns), ToyTool("search"))
    result = await bench.run(agent(limits=AgentLimits(rounds=2)))
    assert result.state is StepState.FAILED
    assert result.error == "The finder agent came to no answer. Stopped after 2 rounds of tool calls."


async def test_33_three_identical_calls_stop_the_run_however_they_are_spelled() -> None:
    search = ToyTool("search")
    same = ('{"words": "tea", "limit": 5}', '{"limit":5,"words":"tea"}', '{ "words": "tea", "limit": 5 }')
    turns = [calls(("search", text)) for text in same]
    result = await Bench(ScriptedModel(*turns, says("Only tea.")), search).run()
    assert len(search.made) == 2
    assert result.partial
    assert result.output.endswith("Stopped at 3 identical tool calls.")


async def test_33_of_fifty_calls_in_one_turn_five_are_made_and_all_are_answered() -> None:
    search = ToyTool("search")
    turn = calls(*[("search", {"words": str(n)}) for n in range(50)])
    bench = Bench(ScriptedModel(turn, says("Enough.")), search)
    await bench.run()
    assert len(search.made) == 5
    assert len(bench.told()) == 50
    assert all("too many calls at once" in text for text in bench.told()[5:])
