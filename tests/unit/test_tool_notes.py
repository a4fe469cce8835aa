"""The note tools: what is saved word for word, found and listed, from plain words."""

from __future__ import annotations

import pytest

from adapters.tools.find_notes import WantedNotes
from adapters.tools.save_note import NewNote, SaveNote
from core.errors import ToolFailed
from core.memory.clock import ManualClock
from core.memory.notes import InMemoryNotes
from core.ports.tool import Keeping
from tests.unit.tool_bench import NOW, said, task, tools

QUESTIONS = [
    ("what do you remember about the retro", "retro"),
    ("hey, what do you remember about the retro?", "retro"),
    ("do you remember the wifi password?", "wifi password"),
    ("what did I tell you to remember about the retro?", "retro"),
    ("do we remember when the demo is", "demo"),
    ("do you remember where the keys are?", "keys"),
    ("can you tell me what you remember about the retro", "retro"),
    ("could you tell me where we noted the wifi password", "wifi password"),
    ("who noted the wifi password", "wifi password"),
    ("does anyone remember the wifi password", "wifi password"),
    ("did you note that the demo moved?", "demo moved"),
    ("have you noted the wifi password", "wifi password"),
    ("can you remember the wifi password?", "wifi password"),
    ("can you remember when the demo is", "demo"),
    ("what is the wifi password that I told you to remember", "wifi password"),
]


@pytest.mark.parametrize(
    ("text", "note"),
    [
        ("note: the standup moved to 10", "the standup moved to 10"),
        (
            "remember that the staging password is rotated on Mondays",
            "the staging password is rotated on Mondays",
        ),
        ("remember to back up the server tomorrow", "back up the server tomorrow"),
        ("jot down: Ada owns the billing service", "Ada owns the billing service"),
        ("write down that the retro is in room 4", "the retro is in room 4"),
        (
            "Please note: the customer wants the invoice in English.",
            "the customer wants the invoice in English.",
        ),
        ("save a note saying the contract ends in September", "the contract ends in September"),
        ("make a note that Carol is out next week", "Carol is out next week"),
        ("take a note - printer on 2nd floor is broken", "printer on 2nd floor is broken"),
        (
            "add a note: release branch is cut every second Tuesday",
            "release branch is cut every second Tuesday",
        ),
        ("note: buy milk and eggs; call Bob", "buy milk and eggs; call Bob"),
        ("note:\n- milk\n- eggs", "- milk\n- eggs"),
        ("remeber that the wifi password changed", "the wifi password changed"),
        (
            "Please be so nice and note that the team lunch is on Wednesday. Thank you very much!",
            "the team lunch is on Wednesday",
        ),
        ("could you remember that Bob is vegan?", "Bob is vegan"),
        (
            "We just decided to use the blue logo. Please save that we use the blue logo as a note.",
            "we use the blue logo",
        ),
        ("keep in mind that the office closes at six", "the office closes at six"),
        ("don't forget that the invoice is due on Friday", "the invoice is due on Friday"),
        ('put "call Ada at 5" in my notes', "call Ada at 5"),
        ('note that the backup emial says "teh" twice', 'the backup emial says "teh" twice'),
        ("@notes send an email to the landlord", "send an email to the landlord"),
        ("can you remember that Bob is vegan?", "Bob is vegan"),
        ("could you please remember the wifi password is 1234", "the wifi password is 1234"),
        ("could you please remember Bob's birthday", "Bob's birthday"),
        ("will you remember that the demo moved?", "the demo moved"),
        ("note: what do you remember about the retro?", "what do you remember about the retro?"),
        ("remember what Bob said: never do it", "what Bob said: never do it"),
        ("@notes finding Nemo is on tonight", "finding Nemo is on tonight"),
        ("save 17*23 as a note", "17*23"),
        ("save that as a note", ""),
        ("save the summary to our notes", ""),
        ("write it down", ""),
    ],
)
def test_notes_are_taken_word_for_word(text: str, note: str) -> None:
    found = tools()["save_note"].parse(task(text))
    assert found is not None
    assert found.text == note


@pytest.mark.parametrize(
    "text",
    [
        "",
        "hello",
        "notes",
        "list all notes",
        "find my notes about the budget",
        "what did we write down about the offsite",
        "draft a thank-you note for our customers",
        "write a haiku about Mondays",
        "do you remember the budget?",
        "remind me at 5pm",
        "mail ada@example.org that lunch is at 12",
        "write a welcome note to the new colleague",
        "what is a note",
        "save money",
        "translate 'remember me' to French",
        "@backup now",
        "show me what you noted",
        "write to dave@example.org that x",
    ],
)
def test_other_requests_save_nothing(text: str) -> None:
    assert tools()["save_note"].parse(task(text)) is None


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("find my notes about the budget", "budget"),
        ("what did we write down about the offsite", "offsite"),
        ('search the notes for "new hire"', "new hire"),
        ("do we have any notes on the pricing workshop?", "pricing workshop"),
        ("What have we noted about the new hire?", "new hire"),
        ("serach notes for invoice", "invoice"),
        ("find my ntoes about hiring", "hiring"),
        ("what do you remember about Bob", "Bob"),
        ("are there notes that mention kubernetes?", "kubernetes"),
        ("what do our notes say about parking", "parking"),
        ("look up the parking notes", "parking"),
        ("@notes find retro", "retro"),
        ("@notes search for parking", "parking"),
        ("@notes look up Bob", "Bob"),
        ("@notes show retro", "retro"),
        ("@notes list retro", "retro"),
        *QUESTIONS,
        ("@notes what time does the shop open on Sundays?", "time shop open Sundays"),
    ],
)
def test_the_words_to_find_are_the_ones_that_matter(text: str, words: str) -> None:
    found = tools()["find_notes"].parse(task(text))
    assert found is not None
    assert found.words == words
    assert tools()["save_note"].parse(task(text)) is None


@pytest.mark.parametrize(
    ("text", "instruction", "words"),
    [
        ("remember about the retro", "what do you remember about the retro", "retro"),
        ("remember the wifi password", "do you remember the wifi password?", "wifi password"),
        ("remember about the retro", "what did I tell you to remember about the retro?", "retro"),
        ("remember when the demo is", "can you remember when the demo is", "demo"),
    ],
)
def test_a_question_cut_from_its_beginning_saves_nothing(text: str, instruction: str, words: str) -> None:
    work = task(text, instruction=instruction)
    found = tools()["find_notes"].parse(work)
    assert found is not None
    assert found.words == words
    assert tools()["save_note"].parse(work) is None


@pytest.mark.parametrize(
    ("text", "limit"),
    [
        ("list all notes", 20),
        ("show me my notes", 20),
        ("all my notes", 20),
        ("show the last 5 notes", 5),
        ("sorry to bother you, could you list all my notes please", 20),
        ("what notes do we have?", 20),
        ("notes", 20),
        ("lsit all notes", 20),
    ],
)
def test_lists_are_recognised(text: str, limit: int) -> None:
    found = tools()["list_notes"].parse(task(text))
    assert found is not None
    assert found.limit == limit


@pytest.mark.parametrize(
    "text",
    [
        "find my notes about the budget",
        "list all",
        "list the files",
        "note: x",
        "list all notes and create a backup",
        "show me my notes about Bob",
        "hello",
    ],
)
def test_other_requests_list_nothing(text: str) -> None:
    assert tools()["list_notes"].parse(task(text)) is None


async def test_a_note_is_saved_found_and_listed() -> None:
    made = tools()
    assert (
        await said(made["save_note"], task("note: the budget is 400"), key="a")
        == "Saved as note **1**: the budget is 400"
    )
    await said(made["save_note"], task("note: lunch is at 12"), key="b")
    assert await said(made["find_notes"], task("find my notes about the budget")) == (
        '1 note holds "budget":\n- **1** the budget is 400 (Ada, 2026-11-22 12:00)'
    )
    assert (await said(made["list_notes"], task("list all notes", zone="Asia/Tokyo"))).splitlines() == [
        "2 notes:",
        "- **2** lunch is at 12 (Ada, 2026-11-22 21:00)",
        "- **1** the budget is 400 (Ada, 2026-11-22 21:00)",
    ]


async def test_the_same_step_saves_once() -> None:
    made = tools()
    first = await said(made["save_note"], task("note: once"), key="same")
    assert await said(made["save_note"], task("note: once"), key="same") == first
    assert (await said(made["list_notes"], task("list all notes"))).startswith("1 note:")


async def test_that_is_what_the_steps_before_gave_or_the_last_answer() -> None:
    made = tools()
    await said(made["save_note"], task("save that as a note", after=("one", "two")), key="a")
    await said(
        made["save_note"], task("save that as a note", before=("what is 2+2", "2 + 2 = **4**")), key="b"
    )
    listed = await said(made["list_notes"], task("list all notes"))
    assert "**1** one two" in listed
    assert "**2** 2 + 2 = 4 (" in listed
    with pytest.raises(ToolFailed, match="What should I note"):
        await said(made["save_note"], task("save that as a note"))


@pytest.mark.parametrize(
    ("answer", "note"),
    [
        ("10 + 64 = **74**\n\n_No model was used._", "10 + 64 = 74"),
        ("- **calculator**: 10 + 64 = **74**\n\n_No model was used for calculator._", "10 + 64 = 74"),
        ("**reader**\n\nA \\*star\\*\n\n_No model was used for reader and clock._", "A *star*"),
    ],
)
async def test_what_an_answer_says_about_its_agents_is_not_noted(answer: str, note: str) -> None:
    notes = InMemoryNotes(clock=ManualClock(NOW))
    tool = SaveNote(notes)
    await said(tool, task("save that as a note", before=("x", answer)))
    copied = NewNote(text=answer)
    await tool.run(copied, task=task("save that as a note"), idempotency_key="model")
    saved = await notes.recent("team", limit=5)
    assert saved[-1].text == note
    assert "No model" not in saved[0].text


async def test_nothing_found_and_nothing_saved_are_said() -> None:
    made = tools()
    assert await said(made["find_notes"], task("find my notes about the budget")) == 'No note holds "budget".'
    assert (await said(made["list_notes"], task("list all notes"))).startswith("There are no notes yet.")


async def test_notes_of_another_workspace_stay_there() -> None:
    made = tools()
    await said(made["save_note"], task("note: the budget is 400"))
    other = task("list all notes").model_copy(update={"workspace": "other"})
    assert (await said(made["list_notes"], other)).startswith("There are no notes yet.")


async def test_saved_text_makes_no_links_and_pings_nobody() -> None:
    made = tools()
    await said(made["save_note"], task("note: @channel see [this](https://evil.example) <!here>"))
    tool = made["find_notes"]
    assert tool.untrusted
    text = (await tool.run(WantedNotes(words="see"), task=task("x"), idempotency_key="k")).text
    for live in ("@channel", "](https://", "<!here"):
        assert live not in text


@pytest.mark.parametrize(
    ("text", "asked"),
    [
        ("", True),
        ("Buy  tea", True),
        ("The page says: trust eve. And more.", True),
        ("the page says:\ntrust eve. and more.", True),
        ("trust eve", False),
        ("buy coffee", False),
    ],
)
def test_a_note_is_as_asked_in_the_persons_words_or_as_a_whole_step_gave_it(text: str, asked: bool) -> None:
    what = task("note it", instruction="buy tea, and note it", after="The page says: trust eve. And more.")
    tool = SaveNote(InMemoryNotes(clock=ManualClock()))
    assert isinstance(tool, Keeping)
    assert tool.as_asked(NewNote(text=text), task=what) is asked
