"""The Notes port, over every implementation."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator

import pytest

from adapters.sql.database import Database
from adapters.sql.notes import SqlNotes
from core.memory.clock import START, ManualClock
from core.memory.notes import InMemoryNotes
from core.ports.notes import Note, Notes
from tests.contracts.conftest import ALL

W = "toy:W1"


@pytest.fixture(params=ALL)
def open_notes(request: pytest.FixtureRequest) -> Iterator[Callable[[], Notes]]:
    """Opens the same notes, as often as it is called."""
    clock = ManualClock()
    if request.param == "memory":
        only = InMemoryNotes(clock=clock)
        yield lambda: only
        return
    url = request.getfixturevalue(f"{request.param}_url")
    opened: list[Database] = []

    def open_database() -> Notes:
        opened.append(Database(url))
        return SqlNotes(opened[-1], clock=clock)

    yield open_database
    for database in opened:
        database.close()


@pytest.fixture
def notes(open_notes: Callable[[], Notes]) -> Notes:
    return open_notes()


async def save(notes: Notes, *texts: str, workspace: str = W) -> None:
    for text in texts:
        await notes.save(workspace, text=text, author="Zoë", key=f"key of {text}")


async def found(notes: Notes, words: str) -> list[str]:
    return [note.text for note in await notes.find(W, words=words)]


async def test_a_note_reads_back_field_for_field(notes: Notes) -> None:
    note = await notes.save(W, text="Café at 9 🧪", author="Zoë", key="k1")
    assert note == Note(number=1, text="Café at 9 🧪", author="Zoë", at=START)
    assert await notes.recent(W) == (note,)


async def test_the_same_key_is_the_same_note(notes: Notes) -> None:
    first = await notes.save(W, text="one", author="a", key="k1")
    assert await notes.save(W, text="another", author="b", key="k1") == first
    assert await notes.count(W) == 1


async def test_notes_never_cross_from_one_workspace_to_another(notes: Notes) -> None:
    await save(notes, "ours")
    await save(notes, "theirs", workspace="toy:W2")
    assert await found(notes, "theirs") == []
    assert [note.number for note in await notes.recent("toy:W2")] == [1]
    await notes.save("toy:W2", text="same key", author="a", key="key of ours")
    assert (await notes.count(W), await notes.count("toy:W2"), await notes.count("toy:W3")) == (1, 2, 0)


async def test_the_newest_notes_come_first(notes: Notes) -> None:
    await save(notes, *(f"note {n}" for n in range(12)))
    assert [note.number for note in await notes.recent(W)] == list(range(12, 0, -1))
    assert [note.text for note in await notes.recent(W, limit=2)] == ["note 11", "note 10"]
    assert [note.text for note in await notes.find(W, words="note", limit=2)] == ["note 11", "note 10"]


@pytest.mark.parametrize(
    "words",
    [
        "cafe",
        "CAFÉ",
        "Strasse",
        "straße",
        "café strasse",
        "STRASSE cafe",
        "TEL",
        "tel",
        "100%",
        "a_b",
        "c\\d",
        "e/f",
    ],
)
async def test_words_are_found_whatever_their_case_accents_and_signs(notes: Notes, words: str) -> None:
    text = "Das Café in der Straße ℡ 100% a_b c\\d e/f"
    await save(notes, "something else", text)
    assert await found(notes, words) == [text]


@pytest.mark.parametrize("words", ["1_0", "1%0", "axb", "café tea"])
async def test_every_word_must_be_there_as_it_is_written(notes: Notes, words: str) -> None:
    await save(notes, "Das Café, 100, a_b")
    assert await found(notes, words) == []


async def test_no_words_find_everything(notes: Notes) -> None:
    await save(notes, "one", "two")
    assert await found(notes, "  ") == ["two", "one"]


async def test_notes_that_are_saved_at_once_are_numbered_without_gaps(
    open_notes: Callable[[], Notes],
) -> None:
    several = [open_notes() for _ in range(3)]
    saved = await asyncio.gather(
        *(several[n % 3].save(W, text=f"note {n}", author="a", key=f"k{n}") for n in range(45))
    )
    assert sorted(note.number for note in saved) == list(range(1, 46))


async def test_one_key_that_is_saved_at_once_is_one_note(open_notes: Callable[[], Notes]) -> None:
    several = [open_notes() for _ in range(3)]
    saved = await asyncio.gather(
        *(several[n % 3].save(W, text=f"note {n}", author="a", key="k") for n in range(30))
    )
    assert len({note.text for note in saved}) == 1
    assert await several[0].count(W) == 1
