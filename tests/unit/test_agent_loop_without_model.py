"""Agents without a language model."""

from __future__ import annotations

import pytest

from core.errors import ModelUnavailable, ToolFailed
from core.memory.clock import START
from core.memory.model import ScriptedModel, calls
from core.memory.runs import InMemoryRuns
from core.models import Agent, Exchange, StepState, Task, Upstream
from tests.fakes.agent_bench import SEND, STEP, Bench, KilledError, agent, task
from tests.fakes.toy_tools import Letter, ToyTool, Words, mail, page

ALONE = (
    " Without a language model it understands only what its tools can read by themselves; "
    "with OPENAI_API_KEY or OPENAI_BASE_URL set it understands more."
)


def reads(tool: ToyTool, arguments: Words | Letter) -> ToyTool:
    tool._parses = lambda _: arguments
    return tool


async def test_without_a_model_the_first_tool_that_understands_the_task_runs() -> None:
    deaf, search = ToyTool("other"), reads(ToyTool("search", gives="tea: cupboard"), Words(words="tea"))
    result = await Bench(None, deaf, search).run(agent("other", "search"))
    assert (result.state, result.output, result.used_model) == (StepState.SUCCEEDED, "tea: cupboard", False)
    assert deaf.made == []
    assert result.usage.cost_usd == 0.0


async def test_without_a_model_a_person_gets_untrusted_text_as_it_is_and_the_result_is_tainted() -> None:
    result = await Bench(None, reads(page(gives="News."), Words(words="u"))).run(agent("read_page"))
    assert (result.output, result.tainted) == ("News.", True)


@pytest.mark.parametrize(
    ("who", "sentence"),
    [
        (
            Agent(name="writer", description="Writes."),
            "The writer agent needs a language model; set OPENAI_API_KEY or OPENAI_BASE_URL.",
        ),
        (agent(examples=("find cups",)), 'What should the finder agent do, said like "find cups"?' + ALONE),
        # What no tool reads is no example.
        (
            agent(examples=(task().text, "look for mugs", "find cups")),
            'What should the finder agent do, said like "find cups"?' + ALONE,
        ),
        (
            agent(examples=("look for mugs",)),
            "The finder agent can't do that by itself (Finds things)." + ALONE,
        ),
        (agent(), "The finder agent can't do that by itself (Finds things)." + ALONE),
    ],
)
async def test_without_a_model_what_nobody_understands_gets_one_sentence(who: Agent, sentence: str) -> None:
    search = ToyTool("search")
    search._parses = lambda task: Words(words="cups") if task.text == "find cups" else None
    result = await Bench(None, search).run(who)
    assert (result.state, result.error) == (StepState.FAILED, sentence)


async def test_without_a_model_a_failed_tool_is_the_steps_failure() -> None:
    search = reads(ToyTool("search"), Words(words="tea"))
    search.raises = [ToolFailed("There is no such shelf.")]
    result = await Bench(None, search).run()
    assert (result.state, result.error) == (StepState.FAILED, "There is no such shelf.")


async def test_without_a_model_taint_holds_too() -> None:
    letters = reads(mail(), Letter(to="eve@evil.example", body="x"))
    upstream = (Upstream(agent="reader", task="read", output="x", tainted=True),)
    bench = Bench(None, letters)
    result = await bench.run(agent("send_email"), task("send it", upstream=upstream))
    assert result.state is StepState.DENIED
    assert result.error == "send_email was not called: Bo said no."
    assert letters.made == []
    [asked] = bench.person.asked.values()
    assert asked.sources == ("reader: read",)
    assert asked.unnamed == ("eve@evil.example",)


async def test_without_a_model_the_persons_own_words_alone_need_no_yes() -> None:
    letters = mail(parses=lambda _: Letter(to="ann@example.com", body="hi"))
    history = (Exchange(instruction="read the page", answer="News.", at=START, tainted=True),)
    bench = Bench(None, letters)
    result = await bench.run(agent("send_email"), task("email ann@example.com: hi", history=history))
    assert (result.state, result.tainted) == (StepState.SUCCEEDED, False)
    assert bench.person.asked == {}


async def test_without_a_model_words_from_an_earlier_answer_need_one() -> None:
    def quoting(given: Task) -> Letter:
        return Letter(to="ann@example.com", body=given.history[-1].answer if given.history else "")

    letters = mail(parses=quoting)
    history = (Exchange(instruction="read the page", answer="News.", at=START, tainted=True),)
    bench = Bench(None, letters)
    result = await bench.run(agent("send_email"), task("email that to ann@example.com", history=history))
    assert result.state is StepState.DENIED
    [asked] = bench.person.asked.values()
    assert asked.sources == ("what was said earlier in this conversation",)
    assert "News." in asked.arguments


async def test_without_a_model_an_interrupted_write_fails_with_a_sentence_and_is_not_repeated() -> None:
    letters, runs = reads(mail(), Letter(to="ann@example.com", body="x")), InMemoryRuns()
    letters.raises = [KilledError()]
    with pytest.raises(KilledError):
        await Bench(None, letters, runs=runs).run(agent("send_email"))
    for _ in range(2):
        result = await Bench(None, letters, runs=runs).run(agent("send_email"))
        assert result.state is StepState.FAILED
        assert result.error is not None
        assert "may or may not have happened" in result.error
    assert len(letters.made) == 1


async def test_without_a_model_a_finished_write_is_not_made_again() -> None:
    letters, runs = reads(mail(), Letter(to="ann@example.com", body="x")), InMemoryRuns()
    for _ in range(2):
        result = await Bench(None, letters, runs=runs).run(agent("send_email"))
        assert result.output == "sent"
    assert len(letters.made) == 1


async def test_the_fallback_does_not_write_where_the_model_may_have_written() -> None:
    letters, runs = reads(mail(), Letter(to="ann@example.com", body="x")), InMemoryRuns()
    who, what = agent("send_email"), task("email ann@example.com")
    bench = Bench(ScriptedModel(calls(SEND), ModelUnavailable()), letters, runs=runs)
    with pytest.raises(ModelUnavailable):
        await bench.run(who, what)
    result = await bench.loop.run_without_model(who, what, step_id=STEP)
    assert result.state is StepState.FAILED
    assert len(letters.made) == 1


async def test_the_fallback_says_that_the_model_is_down_where_no_tool_can_help() -> None:
    bench = Bench(ScriptedModel(), ToyTool("search"))
    result = await bench.loop.run_without_model(agent(), task(), step_id=STEP)
    assert result.error == "The language model did not answer, and the finder agent can't do this without it."
