"""What English grammar says about where a task begins, what it is, and what it waits for."""

from __future__ import annotations

import pytest

from tests.unit.planning_bench import plan_built_in, shape

PAGE, FEED, ANN = "https://example.org/page", "https://example.org/rss", "ann@example.org"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("If a book costs 14.50 and I buy 6, how much do I pay?", "calculator"),
        ("My rent of 870 goes up by 4%. What will I pay then?", "calculator"),
        ("There were 48 eggs and 17 broke. How many are left?", "calculator"),
        ("A parcel weighs 3.2 kg; how many pounds is that?", "calculator"),
        ("Tell me what 24 chairs at 39.90 cost", "calculator"),
        ("we are five and the bill is 163.75, how much does everybody pay", "calculator"),
        ("The permit is from 2 May 2027 and valid for ninety days, what is the last day?", "clock"),
        ("She was born on 3 May 1990. How old is she now?", "clock"),
        ("Anna is 14 years older than Ben, who is 27. How old is Anna?", "calculator"),
        ("remember that 3 eggs cost 2 euros, and what is 3*4", "notes calculator"),
    ],
)
async def test_a_story_with_amounts_is_a_calculation_whatever_it_is_about(text: str, expected: str) -> None:
    assert shape(await plan_built_in(text)) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("make a backup and then, only if it is complete, list my notes", "backup notes[0]"),
        ("make a backup. If that worked, list my notes", "backup notes[0]"),
        ("make a backup. As soon as it's in place, list my notes", "backup notes[0]"),
        ("Work out 45*12, and once you have the figure, subtract 200 from it", "calculator calculator[0]"),
        (f"read {PAGE}, then once it's read tell {ANN} by mail that I know", "reader email[0]"),
        ("make a backup, and after it note that I left", "backup notes[0]"),
        (f"list my notes, and after those a mail to {ANN} saying we are done", "notes email[0]"),
        (f"Only after the backup is there, email {ANN} that he can start", "backup email[0]"),
        (f"add up 3 and 4 and with the result write a reminder, then mail it to {ANN}",
         "calculator writer[0] email[1]"),
        (f"mail {ANN} that I start - but do the backup first", "backup email[0]"),
        ("The meeting lasts 90 minutes and starts at 14:15. When does it end?", "clock"),
        ("back everything up, and then, with that out of the way, give me the time in Oslo", "backup clock[0]"),
        ("make a backup; should it succeed, list my notes", "backup notes[0]"),
        ("as a first step make a backup, as a second step list my notes", "backup notes[0]"),
        (f"summarise {PAGE}, but before you do that, make a backup", "backup reader[0]"),
        (f"tell {ANN} by mail that it works, but first note that it rained, and even before noting it, add 3 and 4",
         "calculator notes[0] email[1]"),
        ("Once that backup is through I'd like the time in Oslo", "backup clock[0]"),
        ("a poem for Eva, and once it's there I'd like it translated into Italian", "writer writer[0]"),
        (f"Wait with the mail to {ANN} that all is safe until there is a backup", "backup email[0]"),
        (f"before you mail {ANN} that it's sent, work out 14*85 and save the amount as a note",
         "calculator notes[0] email[1]"),
        (f"get {PAGE}, translate it to German, and while you're at it note that it rains",
         "reader writer[0] notes"),
        ("make a backup, and list my notes at the end", "backup notes[0]"),
        (f"fetch the entries of {FEED} and, out of those, make a quiz", "feeds writer[0]"),
        (f"After having read {PAGE}, draft an answer and email this to {ANN}", "reader writer[0] email[1]"),
        (f"Once the backup is complete: email {ANN}, then note the date", "backup email[0] notes[1]"),
        (f"Mail {ANN} the time in Oslo as soon as you've looked it up", "clock email[0]"),
        ("note that the router was swapped and after noting it list my notes", "notes notes[0]"),
    ],
)  # fmt: skip
async def test_words_that_only_wait_put_what_follows_behind(text: str, expected: str) -> None:
    assert shape(await plan_built_in(text)) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"get the news from {FEED}, give me a digest in French and forward it to {ANN}",
         "feeds writer[0] email[1]"),
        (f"read {PAGE} and jot down what matters", "reader notes[0]"),
        ("calculate 7*8 and 9*6, then note the bigger one", "calculator calculator notes[0,1]"),
        ("multiply 37 by 14 and take 19% of the product", "calculator calculator[0]"),
        (f"check the notes for the paint code, tell me 3.4 times 2.6, and mail {ANN} the code and the area",
         "notes calculator email[0,1]"),
        (f"gather the news from {FEED}, read {PAGE}, and send the results of both to {ANN}",
         "feeds reader email[0,1]"),
        (f"summarise {PAGE}, translate, and email to {ANN}", "reader writer[0] email[1]"),
        (f"Read {PAGE}. Read https://example.org/b too. Then tell me in a few lines how they differ",
         "reader reader writer[0,1]"),
        (f"Summarise {PAGE}. I also want the summary in French. Both versions should be saved as notes",
         "reader writer[0] notes[0,1]"),
        ("summarise https://example.org/1, then https://example.org/2, then mail both summaries to a@example.org",
         "reader reader[0] email[0,1]"),
        (f"translate 'yes' to Korean. Save the translation. Get the Korean text over to {ANN}",
         "writer notes[0] email[0]"),
        (f"summarise {PAGE}, make it understandable for parents and send that version to {ANN}",
         "reader writer[0] email[1]"),
        ("list every note we have and what did we spend on FlowMate this month", "notes report"),
        ("the time in Kathmandu; the time difference between Lima and Madrid", "clock clock"),
    ],
)  # fmt: skip
async def test_what_is_named_without_its_own_words_is_what_came_before(text: str, expected: str) -> None:
    assert shape(await plan_built_in(text)) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("I need a slogan for the safe, and the slogan should be saved as a note", "writer notes[0]"),
        (f"read {PAGE}; the summary is to be sent to {ANN}", "reader email[0]"),
        ("note that the door must be locked and the key should be sent back", "notes"),
        (
            f"get {PAGE} summarised, the summary translated into Finnish, and the translation saved",
            "reader writer[0] notes[1]",
        ),
        (f"draft a letter to the board. The letter then goes to {ANN}", "writer email[0]"),
    ],
)
async def test_a_request_may_be_told_in_the_passive(text: str, expected: str) -> None:
    assert shape(await plan_built_in(text)) == expected


async def test_a_task_told_in_the_passive_is_handed_on_as_its_tool_can_read_it() -> None:
    plan = await plan_built_in("I need a slogan for the safe, and the slogan should be saved as a note")

    assert plan.steps[1].task == "save the slogan as a note"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("usage numbers for last week plus a fresh backup", "report backup"),
        ("what is 3/8 of 720, and by how many percent is 95 more than 80?", "calculator calculator"),
        (
            "a limerick about printers and, separately, the number of tokens we used this week",
            "writer report",
        ),
        (f"remember that Nadia is allergic to nuts, and tell {ANN} by email that we are late", "notes email"),
        ("remember that Nadia has to pack and make a backup", "notes"),
        ("what time is it in Dakar an what is 8*13", "clock calculator"),
        ("Write a poem about sending emails and making backups", "writer"),
        (f"email {ANN} that I read the report and took notes", "email"),
        (f"Pull the latest from {FEED}; pick the top item and turn it into a limerick", "feeds writer[0]"),
        ("Before I leave: make a backup", "backup"),
        (f"I need the gist of {PAGE} and, on a different note, a slogan for our cafe", "reader writer"),
        (f"Mail {ANN} that he shall summarise {PAGE} and note the result", "email"),
        ("While you're making the backup, could you tell me the time in Oslo?", "backup clock"),
        ("As well as a backup I'd like the notes on storage", "backup notes"),
        ("time in Bern + 6*9 + backup", "clock calculator backup"),
        ("I need 12 inches in cm, a rhyme with orange, and the date next Monday", "calculator writer clock"),
        (f"The weather feed {FEED} - anything new? And the time in Bergen?", "feeds clock"),
        (f"send an email to {ANN} with the headlines from {FEED}", "feeds email[0]"),
        (f"send {ANN} a mail with the result", "email"),
        ("mail abe@example.org I'm in, mail bea@example.org I'm out", "email email"),
        ("The train leaves at 9:12 and takes 3 hours 25 minutes. When do we arrive?", "clock"),
    ],
)
async def test_where_a_task_of_its_own_begins(text: str, expected: str) -> None:
    assert shape(await plan_built_in(text)) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("would you mind telling me what we spent on tokens in the last two weeks?", "report"),
        ("could you tell me if it's still daytime in Auckland?", "clock"),
        ("could you do me a huge favour and draft a kind refusal?", "writer"),
        ("Dear FlowMate, might I trouble you for the time in Karachi?", "clock"),
    ],
)
async def test_what_leads_up_to_a_question_is_no_part_of_it(text: str, expected: str) -> None:
    assert shape(await plan_built_in(text)) == expected
