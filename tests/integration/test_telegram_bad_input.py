"""Rows 12 to 24 of the bad-input table, over Telegram's own server; what else holds them is in `test_telegram.py`."""

from __future__ import annotations

import asyncio
import hmac
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from core.errors import RecipientGone
from core.memory.clock import ManualClock
from core.models import Reply, Schedule, ScheduleState
from core.models.schedule import Interval
from core.rendering import refusals
from tests.counterparts.shared import deliver
from tests.counterparts.telegram import Chat
from tests.integration.test_telegram import BOT, SECRET, TAG, Place, at, polling, webhook, writing
from tests.scenarios.world import World
from tests.services.waiting import eventually

NOTHING_TO_DO = "There is nothing to do in that message; write what you want, please."
WORDLESS: list[tuple[str, dict[str, Any]]] = [
    ("photo", {"photo": [{"file_id": "x", "file_unique_id": "y", "width": 1, "height": 1}]}),
    ("sticker", {"sticker": {"file_id": "x"}}),
    ("voice", {"voice": {"file_id": "x", "duration": 1}}),
    ("poll", {"poll": {"id": "1", "question": "lunch?", "options": []}}),
]


def given_secret(place: Place, *, at_id: int, text: str = "hi", **more: Any) -> dict[str, Any]:
    message = {"message_id": at_id, "date": int(time.time()), "chat": place.private.as_json, "text": text}
    return {"update_id": at_id, "message": {**message, "from": place.ada.user, **more}}


async def test_row_12_the_secret_is_compared_in_constant_time(monkeypatch: pytest.MonkeyPatch) -> None:
    compared: list[tuple[bytes, bytes]] = []

    def noting(given: bytes, expected: bytes) -> bool:
        compared.append((given, expected))
        return given == expected

    async with webhook() as (place, url):
        monkeypatch.setattr(hmac, "compare_digest", noting)
        for number, secret in enumerate(("", SECRET[:-1], f"{SECRET}x", SECRET.upper())):
            update = given_secret(place, at_id=number)
            assert await place.telegram.send(url, update, secret=secret) == 403
        assert [given for given, _ in compared] == [
            b"",
            SECRET[:-1].encode(),
            f"{SECRET}x".encode(),
            SECRET.upper().encode(),
        ]
        assert {expected for _, expected in compared} == {SECRET.encode()}
        assert place.reception.received == []
        assert place.telegram.shown(place.private) == []


@pytest.mark.parametrize(("kind", "content"), WORDLESS)
async def test_row_13_no_text_is_one_hint_in_private_and_nothing_in_a_group(
    kind: str, content: dict[str, Any]
) -> None:
    async with polling() as place:
        # An album comes as a message for each of its pictures.
        for _ in range(3):
            await place.telegram.say(place.ada, place.group, None, **content)
            await place.telegram.say(place.ada, place.private, None, media_group_id="album", **content)
        await place.quiet()
        assert await place.told(place.private) == [refusals.WORDS_PLEASE]
        assert place.telegram.shown(place.group) == []
        assert place.reception.texts == []


async def test_row_13_a_join_is_nothing_anywhere() -> None:
    async with polling() as place:
        for chat in (place.private, place.group):
            await place.telegram.say(place.ada, chat, None, new_chat_members=[place.ada.user])
        await place.quiet()
        assert place.telegram.shown(place.private) + place.telegram.shown(place.group) == []


@pytest.mark.parametrize("text", ["/help", "\u200b", "/cancel"])
async def test_row_15_what_was_told_is_not_told_again_for_the_same_update(text: str) -> None:
    async with webhook() as (place, url):
        place.reception.sentence = refusals.NOTHING_RUNS
        update = given_secret(place, at_id=7, text=text)
        if text == "\u200b":
            update = given_secret(place, at_id=7, sticker={"file_id": "x"})
            update["message"].pop("text")
        for _ in range(3):
            assert await place.telegram.send(url, update, secret=SECRET) == 200
        assert len(await place.told(place.private)) == 1


async def test_row_17_nothing_more_is_sent_to_who_blocked_the_bot() -> None:
    async with writing() as place:
        place.private.blocked = True
        with pytest.raises(RecipientGone):
            await place.connection.messenger.post(at(place.private), Reply(text="x"), tag=TAG)
        assert [method for method, _ in place.telegram.calls].count("sendMessage") == 1


async def test_row_19_schedules_move_along_with_a_group_that_became_a_supergroup() -> None:
    async with polling() as place:
        world = World()
        place.reception.moved = world.reception.moved  # type: ignore[method-assign]
        address = at(place.group)
        person = world.instruction("x").person
        saved = Schedule(
            id="s1",
            text="@one look around",
            person=person,
            address=address,
            timing=Interval(seconds=7200, since=world.clock.now()),
            zone="UTC",
            created_at=world.clock.now(),
            state=ScheduleState.ACTIVE,
        )
        await world.schedules.save(saved)
        other = place.telegram.migrate(place.group)
        # Telegram says so in the name of the group itself, or of its own bot.
        anonymous = {"id": 1087968824, "is_bot": True, "first_name": "Group"}
        for _ in range(2):
            await place.telegram.say(
                place.ada, place.group, None, migrate_to_chat_id=other.id, **{"from": anonymous}
            )
        await place.quiet()
        (moved,) = await world.schedules.listed("telegram", str(other.id))
        assert (moved.address.place, moved.number) == (str(other.id), 1)
        assert await world.schedules.listed("telegram", str(place.group.id)) == ()
        assert place.telegram.shown(other) == []


async def test_row_20_a_chat_waits_as_long_as_it_is_told_while_the_others_go_on() -> None:
    clock = ManualClock()
    async with writing(clock) as place:
        messenger = place.connection.messenger
        place.telegram.fail("sendMessage", status=429, retry_after=30)

        async def post(chat: Chat, text: str) -> str:
            return await messenger.post(at(chat), Reply(text=text), tag=TAG)

        first = asyncio.create_task(deliver(lambda: post(place.private, "first"), clock=clock))
        await eventually(lambda: clock.sleeping)
        others = [place.telegram.private(place.telegram.person(f"other{n}")) for n in range(5)]
        for chat in others:
            await post(chat, "at once")
        assert clock.monotonic() == 0.0
        assert [len(place.telegram.shown(chat)) for chat in others] == [1] * 5
        await clock.advance(29.9)
        assert [method for method, _ in place.telegram.calls].count("sendMessage") == 1 + len(others)
        async with asyncio.timeout(20):
            while not first.done():
                await clock.advance(0.5)
                await asyncio.sleep(0)
        assert clock.monotonic() >= 30
        assert [one.text for one in place.telegram.shown(place.private)] == ["first"]


@asynccontextmanager
async def talking() -> AsyncIterator[Place]:
    """A connection in front of the real core."""
    async with polling() as place:
        world = World()
        place.reception.receive = world.reception.receive  # type: ignore[method-assign]
        yield place


@pytest.mark.parametrize("text", [BOT, f"{BOT} \u200b\u2060", f"/flowmate{BOT} \u200b"])
async def test_row_21_nothing_visible_is_nothing_to_do(text: str) -> None:
    async with talking() as place:
        await place.telegram.say(place.ada, place.group, text)
        assert await place.told(place.group) == [NOTHING_TO_DO]


async def test_row_22_too_many_characters_are_refused_with_the_limit() -> None:
    async with talking() as place:
        await place.telegram.say(place.ada, place.private, "x" * 5001)
        (told,) = await place.told(place.private)
        assert told == refusals.too_long(characters=5001, limit=5000)
        assert "5,000" in told


async def test_row_23_names_and_commands_are_stripped_and_the_rest_runs() -> None:
    async with polling() as place:
        eve = place.telegram.person("eve")
        update = given_secret(place, at_id=950, text="/flowmate what\u202e is\x00 2+2 \ud800")
        update["message"]["from"] = {**eve.user, "first_name": "E\u2066v\x00e\ud800", "last_name": "\u200b"}
        await place.telegram.deliver(update)
        await place.heard()
        (instruction,) = place.reception.instructions.values()
        assert (instruction.text, instruction.person.name) == ("what is 2+2", "Eve")
