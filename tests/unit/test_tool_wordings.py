"""Each tool recognises its own tasks in the many ways in which people word them, and no others."""

from __future__ import annotations

import pytest

from tests.unit.tool_bench import said, task, tools


def takers(text: str) -> set[str]:
    return {name for name, tool in tools().items() if tool.parse(task(text)) is not None}


CLOCK = [
    ("where's the hour hand in Lima", "in Lima"),
    ("now in UTC?", "**12:00** in UTC"),
    ("Are the people in Manila still awake, I mean what does the clock show there?", "**20:00** in Manila"),
    ("is it still a decent hour in Tokyo or would I be waking people up", "**21:00** in Tokyo"),
    ("clock check for Nairobi please", "**15:00** in Nairobi"),
    ("I have a partner in Kuala Lumpur, what time is it there?", "**20:00** in Kuala Lumpur"),
    ("how late would it be in Boston when it is noon in Rome", "**06:00** in Boston"),
    (
        "My call with the Toronto office is at 10:30 their time. What is it for me in Vienna?",
        "**16:30** in Vienna",
    ),
    ("is it already monday in Auckland", "Monday 23 November 2026"),
    ("what time do our colleagues in Denver have right now?", "**05:00** in Denver"),
    ("what time is it in Dublin, I want to call a client there", "**12:00** in Dublin"),
    ("what's the date today in Auckland", "Monday 23 November 2026"),
    ("is Sydney ahead of London", "ahead of London"),
    ("is 2032 a leap year", "2032 is **a leap year**."),
    ("is 2100 a leap year", "2100 is **no leap year**."),
    ("epoch 1735689600 as a human date", "Wednesday 1 January 2025, 00:00:00"),
    ("ugh jet lag. what day is it even", "Sunday 22 November 2026"),
    ("date in 21 days", "Sunday 13 December 2026"),
    (
        "probation started on 1 September 2026 and runs 180 days - when does it end?",
        "Sunday 28 February 2027",
    ),
    ("how old is a contract signed on 2019-05-14, in days, as of today", "**2,749 days**"),
    ("thesis is due 2027-02-15, count the days I have left", "**85 days** until"),
    ("how many days are left in the year", "**39 days** until Thursday 31 December 2026"),
]


@pytest.mark.parametrize(("text", "part"), CLOCK)
async def test_questions_about_time_are_answered(text: str, part: str) -> None:
    assert takers(text) == {"world_time"}
    assert part in await said(tools()["world_time"], task(text))


NOTES = [
    ("put on record that db-07 got a new disk", "db-07 got a new disk"),
    ("for the minutes: budget approved", "budget approved"),
    ("stick this in my notes - the good tacos are on Calle 9", "the good tacos are on Calle 9"),
    ("log that the freezer was defrosted", "the freezer was defrosted"),
    ("add a note, the new cost centre is 40-771", "the new cost centre is 40-771"),
    ("dump this into the notebook: a café where nobody talks", "a café where nobody talks"),
    ("don't let me forget that Priya owns the pipeline", "Priya owns the pipeline"),
    ("Let it be noted that I called this first.", "I called this first."),
    ("may I ask you to write down that the fee is 20", "the fee is 20"),
    ("hey there, would you be a darling and note that Felix is vegetarian", "Felix is vegetarian"),
    ("Put on record that nobody read https://example.org/policy.", "nobody read https://example.org/policy."),
]


@pytest.mark.parametrize(("text", "note"), NOTES)
def test_notes_are_saved_in_the_words_of_the_person(text: str, note: str) -> None:
    found = tools()["save_note"].parse(task(text))
    assert found is not None
    assert found.text == note
    assert takers(text) == {"save_note"}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('search notes "non-disclosure"', "non-disclosure"),
        ("dig out my note about the wifi password", "wifi password"),
        ("remind me what we noted about pricing", "pricing"),
        ("do my notes say anything about tacos", "tacos"),
        ("show me the notes which we made about the rental cars", "rental cars"),
    ],
)
def test_notes_are_found_by_their_words(text: str, words: str) -> None:
    found = tools()["find_notes"].parse(task(text))
    assert found is not None
    assert found.words == words
    assert takers(text) == {"find_notes"}


@pytest.mark.parametrize(
    "text", ["notes?? list them", "Everything I noted so far, please show me.", "may I see my notes, please?"]
)
def test_notes_are_listed(text: str) -> None:
    assert takers(text) == {"list_notes"}


MAILS = [
    ("give sre@example.com a heads-up that we fail over at noon", "we fail over at noon"),
    ("INFO to ops@example.com: core router rebooted", "core router rebooted"),
    ("vendor@example.com needs an email from us: all good", "all good"),
    ("quick mail, to: noc@example.com, text: link 2 is up", "link 2 is up"),
    (
        'An e-mail should go to desk@example.com with the text "Visitors arrive at 2."',
        "Visitors arrive at 2.",
    ),
    ("can an email go out to all@example.com that we're moving", "we're moving"),
    ("get an email over to refunds@example.net saying I want my money back", "I want my money back"),
    ("would you mind sending an email to dir@example.com saying that we are late?", "we are late"),
    ("x@example.com should know that we are late", "we are late"),
    ("email https://example.org/a to x@example.com", "https://example.org/a"),
]


@pytest.mark.parametrize(("text", "body"), MAILS)
def test_mails_are_read_from_the_words(text: str, body: str) -> None:
    found = tools()["send_email"].parse(task(text))
    assert found is not None
    assert found.body == body
    assert takers(text) == {"send_email"}


@pytest.mark.parametrize(
    "text",
    [
        "need a restore point before I touch anything",
        "a safety copy please",
        "make sure all of our stuff is backed up",
        "i'd sleep better if there was a fresh backup",
        "Time for a backup I reckon",
        "Backup. Now.",
        "Could a backup be made?",
        "Kindly have all workspace data backed up.",
        "we haven't had a backup in ages, get one going",
        "my dissertation lives in here so kick off a backup",
        "Create a full backup, my cofounder is at the keyboard again",
        "the yearly backup is due, go ahead with it",
        "back the lot up",
    ],
)
def test_backups_are_asked_for_in_many_ways(text: str) -> None:
    assert takers(text) == {"create_backup"}


@pytest.mark.parametrize(
    ("text", "taker"),
    [
        ("worth my time? sum up https://example.com/a", "read_page"),
        ("the nutshell version of https://example.com/a", "read_page"),
        ("I have no patience today, what's the upshot of https://example.com/a", "read_page"),
        ("can't be bothered to read https://example.com/a, what's it about", "read_page"),
        ("According to https://example.com/tax, how much can be claimed per day?", "read_page"),
        ("keep me in the loop, what's on https://example.org/news.atom", "read_feeds"),
        ("I was away, what did I miss in https://example.net/hr/feed", "read_feeds"),
    ],
)
def test_pages_and_feeds_are_told_apart(text: str, taker: str) -> None:
    assert takers(text) == {taker}


@pytest.mark.parametrize(
    "text",
    [
        "time and again",
        "worth my time?",
        "it was a good time in Berlin",
        "working hours in the Berlin office",
        "book a flight to Tokyo now",
        "what is the weather in Berlin now",
        "our backup failed again last night, so annoying",
        "don't create a backup",
        "the backup is broken, fix it",
        "write a tagline for a backup service",
        "get down to business",
        "put on some music",
        "file a ticket for the broken printer",
        "who is x@example.com",
        "delete the account x@example.com",
        "deploy https://example.org/a",
    ],
)
def test_what_only_sounds_like_a_task_has_no_taker(text: str) -> None:
    assert takers(text) == set()
