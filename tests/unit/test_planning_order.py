"""What waits for what: from connecting words, and from words that stand for an earlier output."""

from __future__ import annotations

import pytest

from core.models import PlannedStep
from core.planning.validation import in_order, problems, sorted_steps
from tests.unit.planning_bench import plan_built_in, shape

PAGE, FEED, ANN = "https://example.org/page", "https://example.org/rss", "ann@example.org"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("what is 3*4 and what time is it in Oslo", "calculator clock"),
        ("what is 3*4; make a backup", "calculator backup"),
        ("what time is it in Tokyo and Berlin", "clock"),
        (f"summarise {PAGE} and https://example.com/b", "reader"),
        ("list all notes, then make a backup", "notes backup[0]"),
        ("list all notes. After that, make a backup.", "notes backup[0]"),
        ("make a backup. Once done, list all notes.", "backup notes[0]"),
        ("step 1: make a backup\nstep 2: list all notes", "backup notes[0]"),
        (f"make a backup -> email {ANN}", "backup email[0]"),
        (f"make a backup, then email {ANN}, then list all notes", "backup email[0] notes[1]"),
        (f"after creating a backup, email {ANN}", "backup email[0]"),
        (f"before you email {ANN}, create a backup", "backup email[0]"),
        (f"email {ANN} once you have created a backup", "backup email[0]"),
        (f"email {ANN}, but only after creating a backup", "backup email[0]"),
        (f"create a backup before you email {ANN}", "backup email[0]"),
        ("list all notes and make a backup, in that order", "notes backup[0]"),
    ],
)
async def test_connecting_words_order_the_steps(text: str, expected: str) -> None:
    assert shape(await plan_built_in(text)) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"summarise {PAGE} and email it to {ANN}", "reader email[0]"),
        (f"summarise {PAGE} and save that as a note", "reader notes[0]"),
        (f"summarise {PAGE} and translate the summary to German", "reader writer[0]"),
        (f"create a backup and send an email to {ANN}", "backup email[0]"),
        (f"create a backup and email {ANN} that I am late", "backup email"),
        (f"what is 3*4 and what is 5*6? email both results to {ANN}", "calculator calculator email[0,1]"),
        (f"summarise {PAGE}, email the summary to {ANN} and save it as a note", "reader email[0] notes[0]"),
        (
            f"get the headlines from {FEED}, translate them to German and email them to {ANN}",
            "feeds writer[0] email[1]",
        ),
        ("what is 17*23, then divide that by 2", "calculator calculator[0]"),
        (f"open {PAGE} and tell me what it says", "reader"),
        ("what's the time in Oslo and how late is it in Rome", "clock clock"),
    ],
)
async def test_a_reference_to_an_output_waits_for_it(text: str, expected: str) -> None:
    assert shape(await plan_built_in(text)) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("remember that Bob makes the backup and Ann sends the email", "notes"),
        ("note: buy milk and eggs; call Bob", "notes"),
        (f"email {ANN} that lunch is at 12 and what is 3*4", "email calculator"),
        (f"tell {ANN} by e-mail: please summarise the article and translate it", "email"),
        ("translate 'create a backup and list my notes' to German", "writer"),
        (
            "summarise this text: We met. The plan is to make a backup. Please email the team if it fails.",
            "writer",
        ),
        ("note: the standup moved to 10. Also, what time is it in Oslo?", "notes clock"),
    ],
)
async def test_what_is_noted_sent_or_translated_makes_no_steps(text: str, expected: str) -> None:
    assert shape(await plan_built_in(text)) == expected


def step(agent: str, *after: int) -> PlannedStep:
    return PlannedStep(agent=agent, task="do", after=after)


@pytest.mark.parametrize(
    ("steps", "wrong"),
    [
        ([], "no steps"),
        ([step("a")] * 11, "11 steps"),
        ([step("ghost")], "'ghost'"),
        ([step("a", 1), step("a", 0)], "circle"),
        ([step("a", 0)], "circle"),
        ([step("a", 7)], "do not exist"),
        ([PlannedStep(agent="a", task="  ")], "no task"),
    ],
)
def test_an_invalid_plan_is_told_what_is_wrong_with_it(steps: list[PlannedStep], wrong: str) -> None:
    found = problems(steps, agents={"a"})

    assert wrong in " ".join(found)


def test_a_valid_plan_has_no_problems() -> None:
    assert problems([step("a"), step("a", 0)], agents={"a"}) == []


def test_steps_are_sorted_behind_what_they_wait_for_and_otherwise_keep_their_places() -> None:
    sorted_ = sorted_steps([step("mail", 2), step("clock"), step("backup")])

    assert [(one.agent, one.after) for one in sorted_] == [("clock", ()), ("backup", ()), ("mail", (1,))]


def test_a_circle_has_no_order() -> None:
    assert in_order([[1], [0]]) is None
