"""Sentences that depend on something: numbers, lists, what a schedule is; and help, which is the same everywhere."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from core.catalog import BUILT_IN, load_agents
from core.models import (
    Address,
    Agent,
    Delegation,
    DelegationState,
    Instruction,
    Person,
    Plan,
    PlannerName,
    Result,
    ScheduleState,
    Status,
    Step,
    StepState,
)
from core.models.schedule import Interval, Schedule
from core.planning import answers
from core.rendering import agents, planning, schedules, times
from core.rendering import answers as final
from core.rendering.grammar import counted, listed, ordinal, shortened
from core.rendering.help import NO_AGENTS, SHOWN_AGENTS, capabilities, help_text

AGENTS = tuple(load_agents([BUILT_IN]).values())


@pytest.mark.parametrize(
    ("count", "said"),
    [(0, "0 runs of {x}"), (1, "a run of {x}"), (2, "2 runs of {x}"), (21, "21 runs of {x}")],
)
def test_a_plural_follows_its_number_and_leaves_other_braces_alone(count: int, said: str) -> None:
    assert counted(count, "a run of {x}", "{count} runs of {x}") == said


@pytest.mark.parametrize(
    ("words", "said"),
    [([], ""), (["a"], "a"), (["a", "b"], "a and b"), (["a", "b", "c"], "a, b and c"), (["a", "a"], "a")],
)
def test_a_list_reads_as_people_say_it(words: list[str], said: str) -> None:
    assert listed(words) == said


@pytest.mark.parametrize(
    ("number", "said"),
    [(1, "1st"), (2, "2nd"), (3, "3rd"), (11, "11th"), (12, "12th"), (22, "22nd"), (30, "30th")],
)
def test_ordinals(number: int, said: str) -> None:
    assert ordinal(number) == said


def test_what_is_cut_says_so_and_is_one_line() -> None:
    assert shortened("one\n  two") == "one two"
    assert shortened("x" * 81) == "x" * 79 + "…"


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(60, "minute"), (5400, "90 minutes"), (7200, "2 hours"), (86400, "day"), (61, "61 seconds")],
)
def test_an_interval_in_the_largest_unit_that_divides_it(seconds: int, said: str) -> None:
    assert times.in_units(seconds) == said


@pytest.mark.parametrize(
    ("seconds", "said"), [(40.2, "40 s"), (90, "2 minutes"), (900, "15 minutes"), (7200, "2 hours")]
)
def test_how_long_to_wait(seconds: float, said: str) -> None:
    assert times.wait(seconds) == said


@pytest.mark.parametrize(
    ("state", "said"),
    [
        (ScheduleState.PROPOSED, "Schedule 3 is not saved yet; nothing was changed."),
        (ScheduleState.PAUSED, "Schedule 3 is paused already; nothing was changed."),
        (ScheduleState.DELETED, "Schedule 3 is deleted already; nothing was changed."),
    ],
)
def test_a_change_that_comes_too_late_says_how_the_schedule_stands(state: ScheduleState, said: str) -> None:
    at = datetime(2026, 11, 24, tzinfo=UTC)
    schedule = Schedule(
        id="one",
        number=3,
        text="headlines",
        person=Person(id="ada", name="Ada"),
        address=Address(platform="memory", workspace="w", place="p"),
        timing=Interval(seconds=3600, since=at),
        zone="UTC",
        state=state,
        created_at=at,
    )
    assert schedules.unchanged(schedule) == said


@pytest.mark.parametrize(
    ("tools", "said"),
    [(["a"], "Before that, a was done."), (["a", "b"], "Before that, a and b were done.")],
)
def test_what_was_done_before_a_failure(tools: list[str], said: str) -> None:
    assert agents.done_before(tools) == said


def test_help_says_the_same_when_it_is_written_as_a_message() -> None:
    """Commands of chats and of the terminal show `help_text`; the word "help" is planned, and comes to the same."""
    assert answers.help_text(AGENTS).question == help_text(AGENTS)


def test_help_names_every_agent_and_an_example_of_each_kind() -> None:
    text = help_text(AGENTS)
    assert all(f"- **{agent.name}**: " in text for agent in AGENTS)
    assert f"`@{AGENTS[0].name} …`" in text
    assert "every weekday at 9" in text
    assert help_text(()) == NO_AGENTS


def test_help_fits_into_one_message_however_many_agents_people_have_made() -> None:
    wordy = "Sums up " + "very " * 90 + "much."
    many = [
        Agent.model_validate({"name": f"a{number}".ljust(40, "x"), "description": wordy})
        for number in range(250)
    ]
    text = help_text(many)
    assert len(text) < 11_000
    assert f"- and {250 - SHOWN_AGENTS} more" in text
    assert "`agent list` shows all" in text


def test_a_sentence_that_lists_agents_ends_somewhere() -> None:
    many = [
        agent.model_copy(update={"name": f"agent-{number}"}) for number in range(20) for agent in AGENTS[:1]
    ]
    assert capabilities(many, most=12).endswith("- and 8 more")
    said = planning.unknown_agent("calc", agents=[agent.name for agent in many], meant="agent-1")
    assert said.startswith("There is no agent called calc. Do you mean agent-1? The agents are agent-0, ")
    assert said.endswith("agent-11 and more.")


@pytest.mark.parametrize(
    ("planner", "read", "tainted"),
    [("model", True, True), ("model", False, False), ("rules", True, False), ("explicit", True, False)],
)
def test_what_a_model_asks_back_after_untrusted_text_is_marked(
    planner: PlannerName, read: bool, tainted: bool
) -> None:
    plan = Plan(planner=planner, question="Whom do you mean?")
    assert final.question(plan, tainted=read).tainted is tainted


def test_a_question_links_only_what_the_instruction_named() -> None:
    plan = Plan(planner="model", question="[a](https://a.example/x) or ![b](https://b.example/y)?")
    reply = final.question(plan, instruction="read a.example/x", tainted=True)
    assert reply.text == "[a](https://a.example/x) or b (`https://b.example/y`)?"


def test_outputs_that_are_put_together_open_no_link() -> None:
    """The first leaves a block of code open, in which the second one's would end."""
    outputs = ("```\nx", "```\nhttps://evil.example/?d=1\n```")
    results = [
        Result(state=StepState.SUCCEEDED, output=one, used_model=True, tainted=True) for one in outputs
    ]
    at = datetime(2026, 11, 22, tzinfo=UTC)
    address = Address(platform="toy", workspace="w", place="p")
    said = Instruction(key="k", text="go", person=Person(id="p"), address=address, origin="toy")
    steps = tuple(
        Step(id=str(index), delegation_id="d", index=index, agent="a", task="t", state=one.state, result=one)
        for index, one in enumerate(results)
    )
    asked = Delegation(id="d", instruction=said, state=DelegationState.PLANNED, received_at=at, steps=steps)
    assert "`https://evil.example/?d=1`" in final.answer(asked, status=Status.SUCCESS).text
