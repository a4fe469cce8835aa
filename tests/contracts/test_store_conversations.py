"""The Store port on posted messages and on what was said before, over every implementation."""

from __future__ import annotations

import asyncio

import pytest

from core.errors import NotFound
from core.models import Address, Exchange
from core.ports.store import Posted, Store
from tests.contracts.samples import ASKER, HERE, NOW, accepted, answered, at, failed

CHANNEL = HERE.model_copy(update={"thread": ""})


def thread(name: str, **changes: str) -> Address:
    return HERE.model_copy(update={"thread": name, **changes})


def said(exchanges: tuple[Exchange, ...]) -> list[str]:
    return [exchange.answer for exchange in exchanges]


async def test_the_first_attempt_is_told_that_nothing_was_tried(store: Store) -> None:
    await accepted(store)
    assert await store.posted("d1") == ()
    assert (await store.attempt_post("d1", part=0)).part == -1
    assert await store.posted("d1") == (Posted(part=0, message_id=None),)
    assert await store.attempt_post("d1", part=0) == Posted(part=0, message_id=None)
    await store.record_post("d1", part=0, message_id="m1")
    assert await store.attempt_post("d1", part=0) == Posted(part=0, message_id="m1")


async def test_of_many_first_attempts_one_is_the_first(store: Store, other: Store) -> None:
    await accepted(store)
    known = await asyncio.gather(*((store, other)[n % 2].attempt_post("d1", part=0) for n in range(20)))
    assert [posted.part for posted in known].count(-1) == 1


async def test_the_first_message_of_a_part_wins(store: Store, other: Store) -> None:
    await accepted(store)
    await store.attempt_post("d1", part=0)
    won = await asyncio.gather(
        store.record_post("d1", part=0, message_id="m1"), other.record_post("d1", part=0, message_id="m2")
    )
    assert won[0] == won[1]
    assert await store.posted("d1") == (Posted(part=0, message_id=won[0]),)
    assert await store.record_post("d1", part=0, message_id="m3") == won[0]


async def test_a_message_without_a_recorded_attempt_is_recorded_all_the_same(store: Store) -> None:
    await accepted(store)
    await store.attempt_post("d1", part=0)
    await store.abandon_post("d1", part=0)
    assert await store.record_post("d1", part=0, message_id="m1") == "m1"
    assert await store.posted("d1") == (Posted(part=0, message_id="m1"),)


async def test_a_delegation_is_shown_by_its_first_message(store: Store) -> None:
    await accepted(store)
    await store.attempt_post("d1", part=1)
    assert await store.load_shown("d1") == (await store.load("d1"), None)
    await store.attempt_post("d1", part=0)
    assert await store.load_shown("d1") == (await store.load("d1"), Posted(part=0, message_id=None))
    await store.record_post("d1", part=0, message_id="m1")
    assert await store.load_shown("d1") == (await store.load("d1"), Posted(part=0, message_id="m1"))
    with pytest.raises(NotFound):
        await store.load_shown("nothing")


async def test_it_has_an_answer_until_it_is_started_again(store: Store) -> None:
    await failed(store)
    assert await store.replied("d1")
    assert await store.retry("d1", by=ASKER.id, now=at(9))
    assert not await store.replied("d1")
    assert not await store.replied("nothing")


async def test_nothing_is_posted_for_what_does_not_exist(store: Store) -> None:
    with pytest.raises(NotFound):
        await store.attempt_post("nothing", part=0)
    with pytest.raises(NotFound):
        await store.record_post("nothing", part=0, message_id="m1")
    assert await store.posted("nothing") == ()


async def test_parts_come_in_their_order(store: Store) -> None:
    await accepted(store)
    await accepted(store, "d2")
    for part in (2, 0, 11, 1):
        await store.attempt_post("d1", part=part)
    await store.attempt_post("d2", part=3)
    assert [posted.part for posted in await store.posted("d1")] == [0, 1, 2, 11]


async def test_only_an_attempt_without_a_message_can_be_abandoned(store: Store) -> None:
    await accepted(store)
    await store.attempt_post("d1", part=0)
    await store.attempt_post("d1", part=1)
    await store.record_post("d1", part=1, message_id="m1")
    for part in (0, 1, 7):
        await store.abandon_post("d1", part=part)
    assert await store.posted("d1") == (Posted(part=1, message_id="m1"),)
    assert (await store.attempt_post("d1", part=0)).part == -1


async def test_only_the_message_that_is_named_is_forgotten(store: Store) -> None:
    await accepted(store)
    await store.attempt_post("d1", part=0)
    await store.record_post("d1", part=0, message_id="m1")
    await store.forget_post("d1", part=0, message_id="another")
    assert await store.posted("d1") == (Posted(part=0, message_id="m1"),)
    await store.forget_post("d1", part=0, message_id="m1")
    assert await store.posted("d1") == (Posted(part=0, message_id=None),)
    assert await store.record_post("d1", part=0, message_id="m2") == "m2"


async def test_a_conversation_is_what_was_answered_before_oldest_first(store: Store) -> None:
    for n in range(4):
        await answered(store, f"d{n}", now=at(10 * n))
    await accepted(store, "unanswered", now=at(15))
    found = await store.conversation(HERE, before=at(30), limit=10)
    assert said(found) == ["answer d0", "answer d1", "answer d2"]
    assert found[0] == Exchange(instruction="do d0", answer="answer d0", at=NOW, person_id=ASKER.id)
    assert said(await store.conversation(HERE, before=at(30), limit=2)) == ["answer d1", "answer d2"]
    assert await store.conversation(HERE, before=NOW, limit=10) == ()


@pytest.mark.parametrize(
    "elsewhere",
    [{"platform": "other"}, {"workspace": "W2"}, {"place": "C2"}, {"thread": "100.2"}, {"thread": ""}],
    ids=str,
)
async def test_nothing_crosses_from_one_address_to_another(store: Store, elsewhere: dict[str, str]) -> None:
    there = HERE.model_copy(update=elsewhere)
    await answered(store, "d1")
    await store.attempt_post("d1", part=0)
    await store.record_post("d1", part=0, message_id="200.1")
    assert await store.conversation(there, before=at(9), limit=9) == ()
    assert await store.knows(there) is False
    below = there.model_copy(update={"thread": "200.1"})
    hangs_below = elsewhere.keys() == {"thread"}
    assert bool(await store.conversation(below, before=at(9), limit=9)) == hangs_below
    assert await store.knows(below) == hangs_below


async def test_how_a_platform_posts_there_is_no_part_of_a_conversation(store: Store) -> None:
    await answered(store)
    assert await store.knows(HERE.model_copy(update={"via": "another-hook"}))


async def test_a_thread_below_an_own_message_goes_on_from_it(store: Store) -> None:
    await answered(store, "d1", address=CHANNEL, now=NOW)
    await answered(store, "d2", address=CHANNEL, now=at(1))
    for name, message in (("d1", "200.1"), ("d2", "200.2")):
        for part in (0, 1):
            await store.attempt_post(name, part=part)
            await store.record_post(name, part=part, message_id=f"{message}{part}")
    await answered(store, "d3", address=thread("200.11"), now=at(2))
    assert said(await store.conversation(thread("200.11"), before=at(9), limit=9)) == [
        "answer d1",
        "answer d3",
    ]
    assert said(await store.conversation(thread("200.20"), before=at(9), limit=9)) == ["answer d2"]
    assert await store.knows(thread("200.10"))
    assert not await store.knows(thread("200.3"))


async def test_a_message_that_was_forgotten_holds_no_thread(store: Store) -> None:
    await answered(store, address=CHANNEL)
    await store.attempt_post("d1", part=0)
    await store.record_post("d1", part=0, message_id="200.1")
    await store.forget_post("d1", part=0, message_id="200.1")
    assert not await store.knows(thread("200.1"))


async def test_a_place_without_threads_is_one_conversation(store: Store) -> None:
    assert not await store.knows(CHANNEL)
    await answered(store, address=CHANNEL)
    assert await store.knows(CHANNEL)
    assert said(await store.conversation(CHANNEL, before=at(9), limit=9)) == ["answer d1"]


async def test_what_was_started_again_takes_no_place_in_the_bound(store: Store) -> None:
    await answered(store, "old", now=at(-10))
    await failed(store, "new")
    await store.retry("new", by="u", now=at(5))
    assert said(await store.conversation(HERE, before=at(9), limit=1)) == ["answer old"]


async def test_answers_of_one_instant_have_an_order(store: Store) -> None:
    for name in ("b", "c", "a"):
        await answered(store, name)
    assert said(await store.conversation(HERE, before=at(9), limit=2)) == ["answer b", "answer c"]


async def test_a_conversation_is_read_with_its_steps_oldest_first(store: Store) -> None:
    await failed(store, "d1")
    for second, name in enumerate(("d2", "d3", "d4"), start=1):
        await accepted(store, name, now=at(second))
    await accepted(store, "elsewhere", now=at(2), address=thread("another"))

    newest = await store.in_conversation(HERE, limit=3)
    earlier = await store.in_conversation(HERE, before=newest[0].received_at, limit=3)

    assert [one.id for one in newest] == ["d2", "d3", "d4"]
    assert earlier == (await store.load("d1"),)
    assert [step.agent for step in earlier[0].steps] == ["search", "write"]
    assert await store.in_conversation(thread("silent"), limit=3) == ()


async def test_conversations_are_listed_by_what_was_asked_last(store: Store) -> None:
    for second, (name, where) in enumerate({"d1": "a", "d2": "b", "d3": "a", "d4": "c"}.items()):
        await accepted(store, name, now=at(second), address=thread(where))
    await accepted(store, "d5", now=at(9), address=thread("d", workspace="W2"))
    await accepted(store, "d6", now=at(9), address=thread("e", platform="other"))

    async def listed(before: int | None = None, limit: int = 9) -> list[tuple[str, str]]:
        found = await store.conversations(
            platform=HERE.platform, workspace="W1", before=None if before is None else at(before), limit=limit
        )
        return [(one.address.thread, one.title) for one in found]

    assert await listed() == [("c", "do d4"), ("a", "do d1"), ("b", "do d2")]
    assert await listed(limit=2) == [("c", "do d4"), ("a", "do d1")]
    # One that went on after that instant belongs to the newer page, whenever it began.
    assert await listed(before=2) == [("b", "do d2")]
    (newest, *_) = await store.conversations(platform=HERE.platform, workspace="W1", limit=1)
    assert newest.latest_at == at(3)
    assert newest.address == thread("c", via="")


async def test_what_is_to_be_planned_comes_with_what_was_said_before_it(store: Store) -> None:
    for n in range(3):
        await answered(store, f"d{n}", now=at(n))
    await accepted(store, "asked", now=at(5))
    await accepted(store, "elsewhere", now=at(5), address=thread("999.9"))
    found = await store.load_to_plan("asked", exchanges=2)
    assert found.delegation == await store.load("asked")
    assert found.history == await store.conversation(HERE, before=at(5), limit=2)
    assert said(found.history) == ["answer d1", "answer d2"]
    assert (await store.load_to_plan("elsewhere", exchanges=2)).history == ()
    with pytest.raises(NotFound):
        await store.load_to_plan("unknown", exchanges=2)
