"""An interrupted run goes on where it was: nothing is paid or done twice."""

from __future__ import annotations

from typing import Any

import pytest

from core.errors import ModelUnavailable, StoreUnavailable, TransientError
from core.memory.model import ScriptedModel, calls, says
from core.memory.runs import InMemoryRuns
from core.ports.language_model import ModelRequest, ModelTurn, OnText
from core.ports.runs import CallOutcome, CallState, OutcomeKind
from core.ports.tool import Effect
from tests.fakes.agent_bench import FIND, SEND, STEP, Bench, FlakyRuns, KilledError, agent, task
from tests.fakes.toy_tools import ToyTool, mail

# Interruptions


async def test_a_resumed_run_comes_to_the_same_answer_wherever_it_was_cut() -> None:
    """The store fails at each of the run's writes in turn; the next attempt goes on from there."""
    turns = [calls(FIND, ("search", {"words": "milk"})), calls(SEND), says("Done.")]
    who, what = agent("search", "send_email"), task("find, and email ann@example.com")
    outputs: list[str] = []
    for write in range(6):
        letters, runs = mail(), FlakyRuns(fail_at=write)
        with pytest.raises(StoreUnavailable):
            await Bench(ScriptedModel(*turns), ToyTool("search"), letters, runs=runs).loop.run(
                who, what, step_id=STEP
            )
        saved = len(await runs.turns(STEP))
        result = await Bench(ScriptedModel(*turns[saved:]), ToyTool("search"), letters, runs=runs).run(
            who, what
        )
        outputs.append(result.output)
        assert len(letters.made) == 1, "sent once, wherever the cut was"
        assert result.usage.input_tokens == 300
    doubtful = ["may or may not have happened" in output for output in outputs]
    # The writes: turn, two calls, turn, the letter, turn. Only the letter's leaves doubt.
    assert doubtful == [False, False, False, False, True, False]
    assert all(output.startswith("Done.") for output in outputs)


async def test_a_write_call_found_attempting_is_not_repeated_but_reported() -> None:
    letters, runs = mail(), InMemoryRuns()
    letters.raises = [KilledError()]
    who, what = agent("send_email"), task("email ann@example.com")
    with pytest.raises(KilledError):
        await Bench(ScriptedModel(calls(SEND)), letters, runs=runs).run(who, what)
    bench = Bench(ScriptedModel(says("I tried to send it.")), letters, runs=runs)
    result = await bench.run(who, what)
    assert len(letters.made) == 1
    assert "may or may not have happened" in bench.told()[0]
    assert result.output == (
        "I tried to send it.\n\nsend_email was begun before an interruption: "
        "it may or may not have happened, and it was not repeated."
    )


@pytest.mark.parametrize("tool", [ToyTool("search"), mail()], ids=["read", "write"])
async def test_a_call_that_certainly_did_not_happen_is_made_again_with_the_same_key(tool: ToyTool) -> None:
    runs = InMemoryRuns()
    tool.raises = [TransientError("Not now.", retry_after_seconds=3)]
    wanted = SEND if tool.name == "send_email" else FIND
    who, what = agent(tool.name), task("email ann@example.com")
    with pytest.raises(TransientError):
        await Bench(ScriptedModel(calls(wanted)), tool, runs=runs).run(who, what)
    result = await Bench(ScriptedModel(says("Done.")), tool, runs=runs).run(who, what)
    assert result.output == "Done."
    assert [key for _, key in tool.made] == [f"{STEP}:0.0"] * 2


async def test_one_tools_trouble_does_not_lose_what_the_others_gave() -> None:
    search, other, runs = ToyTool("search"), ToyTool("other"), InMemoryRuns()
    search.raises = [TransientError("Not now.")]
    who = agent("search", "other")
    with pytest.raises(TransientError):
        await Bench(ScriptedModel(calls(FIND, ("other", {"words": "x"}))), search, other, runs=runs).run(who)
    await Bench(ScriptedModel(says("Done.")), search, other, runs=runs).run(who)
    assert (len(search.made), len(other.made)) == (2, 1)


@pytest.mark.parametrize(
    "turns", [(calls(SEND, SEND),), (calls(SEND), calls(SEND))], ids=["in one turn", "in two turns"]
)
async def test_a_write_call_is_not_made_twice_in_one_run(turns: tuple[ModelTurn, ...]) -> None:
    letters = mail()
    bench = Bench(ScriptedModel(*turns, says("Sent.")), letters)
    await bench.run(agent("send_email"), task("email ann@example.com"))
    assert len(letters.made) == 1


async def test_a_denial_is_recorded_once_however_often_the_run_is_resumed() -> None:
    runs = InMemoryRuns()
    first = Bench(ScriptedModel(calls(("fly", {})), ModelUnavailable()), ToyTool("search"), runs=runs)
    with pytest.raises(ModelUnavailable):
        await first.run()
    second = Bench(ScriptedModel(says("No.")), ToyTool("search"), runs=runs)
    await second.run()
    assert (len(first.denied()), len(second.denied())) == (1, 0)


async def test_a_store_that_fails_right_after_a_write_leaves_no_doubt_about_it() -> None:
    letters, runs = mail(), InMemoryRuns()
    bench = Bench(ScriptedModel(calls(SEND)), letters, runs=runs)
    who, what = agent("send_email"), task("email ann@example.com")

    async def fail(kind: str, data: dict[str, Any]) -> None:
        raise StoreUnavailable

    with pytest.raises(StoreUnavailable):
        await bench.loop.run(who, what, step_id=STEP, on_progress=fail)
    result = await Bench(ScriptedModel(says("Sent.")), letters, runs=runs).run(who, what)
    assert result.output == "Sent."
    assert len(letters.made) == 1


class CountingRuns(InMemoryRuns):
    """Runs that note which calls were looked for before they began."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[tuple[str, Effect]] = []

    async def begin_call(self, step_id: str, call_key: str, effect: Effect) -> CallState:
        self.asked.append((call_key, effect))
        return await super().begin_call(step_id, call_key, effect)


async def test_a_read_of_a_turn_that_was_just_saved_is_not_looked_for_and_a_write_is_always_marked() -> None:
    runs = CountingRuns()
    who, what = agent("search", "send_email"), task("find tea and email ann@example.com")
    turns = ScriptedModel(calls(FIND), calls(SEND), says("Done."))
    await Bench(turns, ToyTool("search"), mail(), runs=runs).run(who, what)
    assert runs.asked == [("1.0", Effect.WRITE)]


async def test_a_read_of_a_turn_that_was_found_is_looked_for() -> None:
    runs, search = CountingRuns(), ToyTool("search")
    search.raises = [None, KilledError()]
    first, second = FIND, ("search", {"words": "milk"})
    with pytest.raises(KilledError):
        await Bench(ScriptedModel(calls(first), calls(second)), search, runs=runs).run()
    assert runs.asked == []
    await Bench(ScriptedModel(says("Done.")), search, runs=runs).run()
    assert runs.asked == [("0.0", Effect.READ), ("1.0", Effect.READ)]
    assert len(search.made) == 3, "what was done is not done again"


async def test_a_turn_that_another_worker_saved_first_brings_what_its_calls_gave_there() -> None:
    runs, search = CountingRuns(), ToyTool("search", gives="mine")
    theirs = calls(("search", {"words": "milk"}))

    class Overtaken(ScriptedModel):
        """A model beside whose first answer another worker saves one, and makes its call."""

        async def complete(self, request: ModelRequest, *, on_text: OnText | None = None) -> ModelTurn:
            if not self.requests:
                await runs.save_turn(STEP, 0, theirs)
                await runs.finish_call(STEP, "0.0", CallOutcome(kind=OutcomeKind.DONE, text="theirs"))
            return await super().complete(request, on_text=on_text)

    bench = Bench(Overtaken(calls(FIND), says("Done.")), search, runs=runs)
    await bench.run()
    assert (bench.told(), search.made) == (["theirs"], [])
