"""Plain wordings of a team's everyday requests, and what only sounds like one of them."""

from __future__ import annotations

import pytest

from tests.unit.planning_bench import plan_built_in, shape

PAGE, FEED, ANN = "https://example.org/page", "https://example.org/rss", "ann@example.org"


@pytest.mark.parametrize(
    "text",
    [
        "turn off the clock in the corridor",
        "Print the report for Thursday's meeting",
        "print 20 copies of the handout",
        "email a client",
        "when does the shop close",
        "I left my notes at home",
        "delete all emails from yesterday",
    ],
)
async def test_a_verb_that_an_agent_was_never_told_is_not_its_task(text: str) -> None:
    assert shape(await plan_built_in(text)) == ""


@pytest.mark.parametrize(
    "text",
    [
        "how much has our team used the bot lately",
        "How expensive is FlowMate for us",
        "did anything fail in FlowMate this week?",
        "If you don't mind my asking, how often do our delegations succeed?",
        "show me the failure rate and cost of FlowMate",
        "take our usage numbers",
        "what are we paying for FlowMate",
        "pull up how much we use FlowMate",
    ],
)
async def test_how_flowmate_is_used_may_be_asked_in_any_words(text: str) -> None:
    assert shape(await plan_built_in(text)) == "report"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Two quick ones if I may: what's 8% of 4,150, and which weekday is 30 March?", "calculator clock"),
        ("If it isn't too much bother, what time is it in Lima?", "clock"),
        ("21 visits at 12.5 minutes each, how many hours is that altogether?", "calculator"),
        (f"give me the gist of {PAGE} and the average of 120, 135 and 98", "reader calculator"),
        ("Our FlowMate cost this month? 1,200 / 48?", "report calculator"),
        (f"Save the newest items from the feed {FEED} as a note", "feeds notes[0]"),
        (
            f"mail {ANN} that we start, and once that's sent make an archive of the workspace",
            "email backup[0]",
        ),
        ("find the note with the prices and add them all up", "notes calculator[0]"),
        ("keep this for later, retention on the test system is 48 hours", "notes"),
        ("who has the projector according to our notes?", "notes"),
        (f"get the headlines from {FEED} and write a short summary for our newsletter", "feeds writer[0]"),
        (f"I need an invitation, please send it to {ANN} when you've written it", "writer email[0]"),
        ("draft a message to parents, friendly but clear, about late arrivals", "writer"),
        ("hey, quick check please, is it already Friday in Auckland?", "clock"),
        ("nte that the gate is open", "notes"),
        (f"if you get a chance today, please read {PAGE} and give me the key points", "reader"),
        (f"check {FEED} and save what's new as a note", "feeds notes[0]"),
        (f"Before you write to {ANN} that I've read it, summarise {PAGE} for me", "reader email[0]"),
        ("a short poem about hail and 45 * 12", "writer calculator"),
        (f"what is 14 * 36, note that we are late, and email the result of the sum to {ANN}",
         "calculator notes email[0]"),
    ],
)  # fmt: skip
async def test_how_a_request_is_led_up_to_and_joined(text: str, expected: str) -> None:
    assert shape(await plan_built_in(text)) == expected


async def test_a_step_number_and_nothing_else_is_no_task() -> None:
    assert shape(await plan_built_in("step 2)")) == ""


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("send me the time in Oslo", "clock"),
        ("could you send us the time in Oslo, please?", "clock"),
        ("post the time in Oslo", "clock"),
        ("text me the time in Oslo", "clock"),
        ("send me what 15% of 80 is", "calculator"),
        (f"post the headlines from {FEED}", "feeds"),
        ("send me a poem about the sea", "writer"),
        # It goes to somebody: whoever asks is not enough.
        (f"send {ANN} the time in Oslo", "clock email[0]"),
        (f"send me and {ANN} the time in Oslo", "clock email[0]"),
        ("send me an e-mail with the time in Oslo", "clock email[0]"),
        # Where it can't be put there is no answer that looks as if it had been.
        ("post the time in Oslo in #general", ""),
        ("send me the time in Oslo by e-mail", ""),
        ("mail me the time in Oslo", ""),
        ("send me an invoice", ""),
        ("send me money", ""),
    ],
)
async def test_what_is_to_be_sent_to_whoever_asks_is_only_answered(text: str, expected: str) -> None:
    assert shape(await plan_built_in(text)) == expected


async def test_a_message_with_something_in_it_is_mailed_and_not_noted() -> None:
    plan = await plan_built_in("send me an e-mail with the time in Oslo")
    assert [step.task for step in plan.steps] == ["the time in Oslo", "mail it"]
