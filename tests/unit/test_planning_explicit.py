"""What a person settles themselves: `@agent`, preferred agents, and short follow-ups."""

from __future__ import annotations

import pytest

from tests.unit.planning_bench import plan_built_in, shape


@pytest.mark.parametrize(
    ("text", "expected", "tasks"),
    [
        ("@calculator 3*7", "calculator", ["3*7"]),
        ("@calculator 3*7 and @clock time in Oslo", "calculator clock", ["3*7", "time in Oslo"]),
        ("@calculator 3*7 @clock time in Oslo", "calculator clock", ["3*7", "time in Oslo"]),
        ("@backup then @email ops@example.org", "backup email[0]", None),
        ("hey, could you please ask @clock time in Oslo", "clock", ["time in Oslo"]),
        ("@writer what time is it in Tokyo", "writer", ["what time is it in Tokyo"]),
        ("@notes buy milk and eggs, call Bob", "notes", ["buy milk and eggs, call Bob"]),
        ("@calculator 20% of 90\n@clock now in Mumbai", "calculator clock", None),
    ],
)
async def test_a_mention_names_the_agent_whatever_the_words_say(
    text: str, expected: str, tasks: list[str] | None
) -> None:
    plan = await plan_built_in(text)

    assert shape(plan) == expected
    assert plan.planner == "explicit"
    if tasks is not None:
        assert [step.task for step in plan.steps] == tasks


async def test_a_mention_alone_still_has_a_task() -> None:
    plan = await plan_built_in("@backup")

    assert shape(plan) == "backup"
    assert plan.steps[0].task


async def test_an_unknown_name_is_asked_about_with_the_nearest_one() -> None:
    plan = await plan_built_in("@calculater 3*7")

    assert not plan.steps
    assert plan.question is not None
    assert "Do you mean calculator?" in plan.question


async def test_an_email_address_is_no_mention() -> None:
    plan = await plan_built_in("email clock@example.org that dinner is ready")

    assert shape(plan) == "email"
    assert plan.planner == "rules"


async def test_a_preferred_agent_gets_the_whole_instruction() -> None:
    text = "what time is it in Tokyo and what is 3*4"

    plan = await plan_built_in(text, preferred=("writer",))

    assert [(step.agent, step.task) for step in plan.steps] == [("writer", text)]
    assert plan.planner == "explicit"


async def test_several_preferred_agents_share_the_clauses_and_no_other_agent_is_used() -> None:
    plan = await plan_built_in("what time is it in Tokyo and what is 3*4", preferred=("calculator", "clock"))

    assert shape(plan) == "clock calculator"


async def test_an_unknown_preferred_agent_is_asked_about() -> None:
    plan = await plan_built_in("hello", preferred=("clok",))

    assert not plan.steps
    assert plan.question is not None
    assert "clock" in plan.question


@pytest.mark.parametrize(
    ("before", "text", "agent", "words"),
    [
        ("what time is it in Tokyo", "and in London?", "clock", "London"),
        ("what time is it in Tokyo", "what about Berlin?", "clock", "Berlin"),
        ("what is 15% of 320", "what about 20%?", "calculator", "20% of 320"),
        ("summarise https://example.org/a", "and https://example.org/b?", "reader", "https://example.org/b"),
    ],
)
async def test_a_short_follow_up_goes_to_whoever_answered_before(
    before: str, text: str, agent: str, words: str
) -> None:
    plan = await plan_built_in(text, before=(before, "an answer"))

    assert shape(plan) == agent
    assert words in plan.steps[0].task


async def test_it_means_the_answer_before_and_needs_no_step_of_its_own() -> None:
    plan = await plan_built_in("email that to ops@example.org", before=("what is 3*4", "12"))

    assert shape(plan) == "email"


async def test_an_unrelated_sentence_is_no_follow_up() -> None:
    plan = await plan_built_in("book me a flight to Rome", before=("what time is it in Tokyo", "09:00"))

    assert not plan.steps
