"""An answer's words while they are written: in pieces, few enough, without secrets, and for nobody else's cost."""

from __future__ import annotations

import asyncio

import pytest

from core.integrations.masking import MASK, KnownSecrets
from core.live_words import LiveWords, Piece, Writing
from core.live_words.hearing import Ears
from core.live_words.speaking import LOOK_SECONDS, PIECE_SECONDS, WHOLE_SECONDS
from core.live_words.writing import MOST_CHARACTERS
from core.memory.broadcast import InMemoryBroadcast
from core.memory.clock import ManualClock

SECRET = "invented-key-0123456789"
LONGER = SECRET + "-and-more-of-it"


def written(*secrets: str) -> Writing:
    known = KnownSecrets()
    known.add(*secrets)
    return Writing("d1", step=0, agent="writer", claim=1, begun=lambda _: None, known=known)


async def told(writing: Writing, *pieces: str) -> list[str]:
    """What is shown after each of the pieces, and at the end."""
    shown = [""]
    for piece in (*pieces, None):
        if piece is None:
            writing.close()
        else:
            await writing.add(piece)
        if (new := writing.piece(whole=False)) is not None:
            assert new.start == len(shown[-1])
            shown.append(shown[-1] + new.text)
    return shown


@pytest.mark.parametrize(
    ("secrets", "text", "expected"),
    [
        ([SECRET], f"The key is {SECRET}, keep it.", f"The key is {MASK}, keep it."),
        ([SECRET], SECRET, MASK),
        ([SECRET], SECRET * 2, MASK * 2),
        ([SECRET, LONGER], f"It is {LONGER}.", f"It is {MASK}."),
        ([SECRET, LONGER], f"It is {SECRET}-and-more-or-less.", f"It is {MASK}-and-more-or-less."),
        ([SECRET], f"Nearly: {SECRET[:-1]}!", f"Nearly: {SECRET[:-1]}!"),
        ([SECRET], f"Nearly: {SECRET[:-1]}", f"Nearly: {SECRET[:-1]}"),
        ([SECRET], f"invented-invented-key-{SECRET}", f"invented-invented-key-{MASK}"),
        ([], "Nothing to hide, and ünïcödé 🎉.", "Nothing to hide, and ünïcödé 🎉."),
        ([SECRET], "", ""),
    ],
    ids=[
        "in the middle",
        "alone",
        "twice",
        "the longer one",
        "nearly the longer one",
        "nearly",
        "nearly, at the end",
        "a false start",
        "none known",
        "no words",
    ],
)
async def test_a_secret_is_masked_wherever_it_is_cut_in_two_or_three(
    secrets: list[str], text: str, expected: str
) -> None:
    cuts = [(i, j) for i in range(len(text) + 1) for j in range(i, len(text) + 1, 7)]
    for i, j in cuts:
        shown = await told(written(*secrets), text[:i], text[i:j], text[j:])
        assert shown[-1] == expected
        assert all(expected.startswith(early) for early in shown), (i, j)
    one_by_one = await told(written(*secrets), *text)
    assert one_by_one[-1] == expected
    assert all(expected.startswith(early) for early in one_by_one)


async def test_words_are_shown_as_far_as_they_are_surely_no_secret() -> None:
    shown = await told(written(SECRET), "A word, and another one, ", "and ", "invented-k", "angaroo.")
    assert shown[1] == "A word, and another "
    assert "invented" not in shown[3]
    assert shown[-1].endswith("and invented-kangaroo.")


async def test_halves_of_one_sign_are_not_sent_and_break_nothing() -> None:
    shown = await told(written(), "so: \ud83c", "\udf89 and on it goes")
    shown[-1].encode()


async def test_an_answer_without_end_is_told_up_to_a_bound() -> None:
    writing = written()
    for _ in range(100):
        await writing.add("x" * 1000)
    writing.close()
    piece = writing.piece(whole=True)
    assert piece is not None
    assert len(piece.text) == MOST_CHARACTERS


class Room:
    """One process that writes, and one that listens."""

    def __init__(self) -> None:
        self.clock = ManualClock()
        self.broadcast = InMemoryBroadcast()
        self.words = LiveWords(broadcast=self.broadcast, clock=self.clock)
        self.shown: dict[int, str] = {}

    @property
    def sent(self) -> list[Piece]:
        return [Piece.model_validate_json(text) for _, text in self.broadcast.sent]

    async def pass_by(self, seconds: float) -> None:
        # The task that tells goes to sleep first.
        await asyncio.sleep(0)
        await self.clock.advance(seconds)
        for _ in range(3):
            await asyncio.sleep(0)

    async def hear(self, ears: Ears) -> str:
        """What a listener sees of the first step."""
        for piece in await heard(ears):
            before = self.shown.get(piece.step, "")
            assert piece.start in (0, len(before)), "a gap"
            self.shown[piece.step] = before[: piece.start] + piece.text
        return self.shown.get(0, "")


async def heard(ears: Ears) -> list[Piece]:
    """What is new for a listener by now."""
    hearing = asyncio.create_task(ears.heard())
    for _ in range(3):
        await asyncio.sleep(0)
    hearing.cancel()
    (news,) = await asyncio.gather(hearing, return_exceptions=True)
    return [] if isinstance(news, BaseException) else [piece for _, piece in news]


async def test_what_nobody_listens_to_is_never_told_and_seldom_asked_about() -> None:
    room = Room()
    with room.words.writing("d1", step=0, agent="writer", claim=1) as writing:
        for _ in range(100):
            await writing.add("some words, ")
            await room.pass_by(0.1)
    await room.pass_by(1)
    assert room.broadcast.sent == []
    assert room.broadcast.asked <= 10 / LOOK_SECONDS
    assert room.clock.sleeping == 0, "nothing is left running"


async def test_all_that_is_written_in_a_process_is_asked_about_together() -> None:
    room = Room()
    with room.words.writing("d1", step=0, agent="a", claim=1) as one:
        with room.words.writing("d2", step=0, agent="b", claim=1) as other:
            for _ in range(20):
                await one.add("words ")
                await other.add("words ")
                await room.pass_by(0.1)
    assert room.broadcast.asked <= 2 / LOOK_SECONDS


async def test_a_short_answer_and_one_without_words_cost_nothing() -> None:
    room = Room()
    with room.words.listen() as ears:
        ears.turn_to(["d1"])
        with room.words.writing("d1", step=0, agent="writer", claim=1) as writing:
            writing.begin()
        with room.words.writing("d1", step=0, agent="writer", claim=1) as writing:
            await writing.add("Hi.")
        await room.pass_by(1)
        assert room.broadcast.asked == 0
        assert await room.hear(ears) == ""


async def test_a_listener_hears_ten_pieces_a_second_at_most_and_everything_by_the_end() -> None:
    room = Room()
    with room.words.listen() as ears:
        ears.turn_to(["d1"])
        with room.words.writing("d1", step=0, agent="writer", claim=1) as writing:
            writing.begin()
            for number in range(300):
                await writing.add(f"{number} ")
                await room.pass_by(0.01)
            assert "250 " in await room.hear(ears)
        await room.pass_by(PIECE_SECONDS)
        assert await room.hear(ears) == "".join(f"{number} " for number in range(300))
    assert 20 <= len(room.sent) <= 3 / PIECE_SECONDS + 1
    assert room.broadcast.asked <= 3 / LOOK_SECONDS + 1
    assert sum(piece.start == 0 for piece in room.sent) <= 3 / WHOLE_SECONDS + 1


async def test_whoever_comes_in_the_middle_hears_it_from_the_beginning() -> None:
    room = Room()
    with room.words.writing("d1", step=0, agent="writer", claim=1) as writing:
        await writing.add("The beginning, ")
        await room.pass_by(1)
        with room.words.listen() as ears:
            ears.turn_to(["d1"])
            await room.pass_by(1)
            assert await room.hear(ears) == "The beginning, "[:-5]
            with room.words.listen() as late:
                late.turn_to(["d1"])
                assert [piece.text for piece in await heard(late)] == ["The beginning, "[:-5]]


async def test_what_was_lost_is_told_again_within_a_second() -> None:
    room = Room()
    with room.words.listen() as ears:
        ears.turn_to(["d1"])
        with room.words.writing("d1", step=0, agent="writer", claim=1) as writing:
            await writing.add("one, two, three, ")
            await room.pass_by(LOOK_SECONDS)
            assert await room.hear(ears) == "one, two, th"
            hears = room.broadcast._tuned.pop("d1")
            await writing.add("four, ")
            await room.pass_by(PIECE_SECONDS)
            room.broadcast._tuned["d1"] = hears
            await writing.add("five, ")
            await room.pass_by(PIECE_SECONDS)
            assert await room.hear(ears) == "one, two, th", "not with a gap"
            await room.pass_by(WHOLE_SECONDS)
            assert await room.hear(ears) == "one, two, three, four, f"


async def test_words_before_a_call_are_void_with_the_call() -> None:
    room = Room()
    with room.words.listen() as ears:
        ears.turn_to(["d1"])
        with room.words.writing("d1", step=0, agent="writer", claim=1) as writing:
            await writing.add("Let me look that up.")
            await room.pass_by(1)
            assert await room.hear(ears) == "Let me look tha"
            writing.begin()
            await room.pass_by(PIECE_SECONDS)
            assert await room.hear(ears) == ""
            await writing.add("It is noon.")
        await room.pass_by(PIECE_SECONDS)
        assert await room.hear(ears) == "It is noon."


async def test_after_a_crash_the_words_begin_anew_and_a_dead_writer_is_not_heard_any_more() -> None:
    room = Room()
    with room.words.listen() as ears:
        ears.turn_to(["d1"])
        with room.words.writing("d1", step=0, agent="writer", claim=1) as halted:
            await halted.add("Once upon a time there was")
            await room.pass_by(1)
            assert (await room.hear(ears)).startswith("Once upon")
            with room.words.writing("d1", step=0, agent="writer", claim=2) as second:
                await second.add("Long ago there lived")
                await room.pass_by(1)
                assert (await room.hear(ears)).startswith("Long ago")
                [late, *_] = room.sent
                assert (late.claim, late.start) == (1, 0)
                await room.broadcast.send([("d1", late.model_dump_json())])
                assert (await room.hear(ears)).startswith("Long ago")


async def test_what_ends_in_an_error_is_void_and_what_ends_well_stays() -> None:
    room = Room()

    async def write(*, claim: int, error: Exception | None) -> None:
        with room.words.writing("d1", step=0, agent="writer", claim=claim) as writing:
            await writing.add("It will all be")
            await room.pass_by(1)
            assert await room.hear(ears) == "It will a"
            if error is not None:
                raise error

    with room.words.listen() as ears:
        ears.turn_to(["d1"])
        with pytest.raises(RuntimeError):
            await write(claim=1, error=RuntimeError())
        await room.pass_by(1)
        assert await room.hear(ears) == ""
        await write(claim=2, error=None)
        await room.pass_by(1)
        assert await room.hear(ears) == "It will all be"


async def test_a_new_claim_says_at_once_that_what_was_told_before_is_void() -> None:
    room = Room()
    with room.words.listen() as ears:
        ears.turn_to(["d1"])
        with room.words.writing("d1", step=0, agent="writer", claim=1) as writing:
            await writing.add("Once upon a time")
            await room.pass_by(1)
        with room.words.writing("d1", step=0, agent="writer", claim=2):
            await room.pass_by(1)
            assert await room.hear(ears) == ""


async def test_a_listener_hears_only_what_it_has_turned_to() -> None:
    room = Room()
    with room.words.listen() as ears, room.words.listen() as other:
        ears.turn_to(["d1"])
        other.turn_to(["d2"])
        with room.words.writing("d1", step=0, agent="writer", claim=1) as writing:
            await writing.add("for the first alone")
            await room.pass_by(1)
        assert await heard(other) == []
        assert await room.hear(ears) != ""
        ears.turn_to([])
        await room.pass_by(1)
    assert room.broadcast._tuned == {"d1": [], "d2": []}


async def test_words_of_another_version_are_passed_over() -> None:
    room = Room()
    with room.words.listen() as ears:
        ears.turn_to(["d1"])
        await room.broadcast.send([("d1", "{}"), ("d1", "no json")])
        assert await heard(ears) == []
