"""An answer's words while they are written: over the event stream, to the page, and to nobody who didn't ask."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import pytest

from adapters.queue.broadcast import PREFIX
from adapters.queue.connection import connect_async
from core.integrations.masking import KNOWN, MASK
from tests.integration.http_harness import DELEGATIONS, Service
from tests.integration.test_http_events import refused
from tests.integration.test_page import answered, known, place, said, stream
from tests.integration.writing_bench import Desk, desk_of
from tests.services.waiting import eventually

pytest_plugins = ("tests.integration.writing_fixtures",)
pytestmark = [pytest.mark.slow, pytest.mark.asyncio(loop_scope="session")]

SECRET = "invented-streaming-key-0123456789"


class Watched:
    """One watcher of the event stream, and what it sees."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket = socket
        self.events: list[dict[str, Any]] = []
        self.screens = [""]
        """All that was shown, one after the other."""

    @property
    def screen(self) -> str:
        return self.screens[-1]

    async def until(self, text: str) -> None:
        """Read until the words hold these; the last few letters are held back."""
        while text not in self.screen:
            assert await self._next(), self.screens

    async def end(self) -> None:
        while await self._next():
            pass

    async def _next(self) -> bool:
        message = await self._socket.receive(timeout=10)
        if message.type is not aiohttp.WSMsgType.TEXT:
            return False
        event = json.loads(message.data)
        if event["kind"] != "step.words":
            self.events.append(event)
            return True
        assert set(event) == {"delegationId", "kind", "at", "data"}
        data = event["data"]
        assert (data["step"], data["agent"]) == (0, "writer")
        assert data["from"] in (0, len(self.screen)), "a gap"
        self.screens.append(self.screen[: data["from"]] + data["text"])
        return True


@asynccontextmanager
async def watching(service: Service, delegation_id: str, **parameters: str) -> AsyncIterator[Watched]:
    async with service.events(delegation_id, **{"words": "true", **parameters}) as socket:
        yield Watched(socket)


@asynccontextmanager
async def overheard(service: Service) -> AsyncIterator[dict[str, list[str]]]:
    """Every word that goes through Redis, by delegation; who listens by a pattern is not counted as a listener."""
    redis = connect_async(service.valkey.url)
    heard: dict[str, list[str]] = {}
    async with redis, redis.pubsub() as spy:
        await spy.psubscribe(f"{PREFIX}*")
        await spy.get_message(timeout=5)
        yield heard
        # A word of our own comes last: what was told before it has been read before it.
        await redis.publish(f"{PREFIX}end", "end")
        while (message := await spy.get_message(timeout=5)) is not None and message["data"] != b"end":
            topic = message["channel"].decode().removeprefix(PREFIX)
            heard.setdefault(topic, []).append(message["data"].decode())


async def looks(service: Service) -> int:
    """How often it was asked so far who listens."""
    async with connect_async(service.valkey.url) as redis:
        counted = await redis.info("commandstats")
        # Redis before 7 counts subcommands as their command.
        return int(counted.get("cmdstat_pubsub|numsub", counted.get("cmdstat_pubsub", {})).get("calls", 0))


async def test_words_come_while_they_are_written_and_the_answer_is_whole(desk: Desk) -> None:
    gate = desk.writes("Tea is grown ", "on hills, ", "in the **mist**.")
    delegation_id = await desk.ask()
    async with watching(desk.service, delegation_id) as watched:
        gate.release()
        await watched.until("Tea is g")
        gate.release()
        await watched.until("Tea is grown on h")
        gate.release()
        await watched.until("in the **m")
        assert "step.ended" not in {event["kind"] for event in watched.events}
        gate.release()
        await watched.end()
    kinds = [event["kind"] for event in watched.events]
    assert kinds[-1] == "delegation.delivered"
    assert [event["sequence"] for event in watched.events] == list(range(1, len(kinds) + 1))
    body = (await desk.service.get(f"{DELEGATIONS}/{delegation_id}")).body
    assert body["answer"] == "Tea is grown on hills, in the **mist**."
    assert (body["metrics"]["inputTokens"], body["metrics"]["outputTokens"]) == (1000, 200)


async def test_whoever_comes_late_sees_the_words_from_their_beginning(desk: Desk) -> None:
    gate = desk.writes("The first words, ", "the last words.")
    delegation_id = await desk.ask()
    gate.release()
    async with watching(desk.service, delegation_id) as first:
        await first.until("The first wo")
        async with watching(desk.service, delegation_id, after="2") as late:
            await late.until(first.screen)
            gate.release(2)
            await late.end()


async def test_what_nobody_asked_for_is_not_told_to_anybody(desk: Desk) -> None:
    gate = desk.writes("The first of many words, ", "two, ", "three, ", "four.")
    async with overheard(desk.service) as heard:
        delegation_id = await desk.ask()
        # An event stream without the words is no listener.
        async with watching(desk.service, delegation_id, words="false") as watched:
            gate.release()
            before = await looks(desk.service)

            async def asked_twice() -> bool:
                return await looks(desk.service) >= before + 2

            await eventually(asked_twice)
            gate.release(4)
            await watched.end()
    assert watched.screens == [""]
    assert delegation_id not in heard


async def test_a_secret_that_comes_in_two_pieces_is_not_told_in_any(desk: Desk) -> None:
    KNOWN.add(SECRET)
    gate = desk.writes(f"It is {SECRET[:12]}", f"{SECRET[12:]}, as they say, ", "and that is all there is.")
    async with overheard(desk.service) as heard:
        delegation_id = await desk.ask()
        async with watching(desk.service, delegation_id) as watched:
            gate.release()
            await watched.until("It is ")
            gate.release()
            await watched.until("as they")
            gate.release(2)
            await watched.end()
    assert watched.screen.startswith(f"It is {MASK}, as they")
    assert len(heard[delegation_id]) > 1
    assert not any(SECRET[:8] in text for text in (*heard[delegation_id], *watched.screens))


async def test_an_answer_that_breaks_off_begins_anew(desk: Desk) -> None:
    """The words of the attempt that came to nothing are taken back before those of the next one come."""
    broken = desk.writes("Once upon a time ", "there was ", "x", "y", "z", "end", cut_stream="abrupt")
    whole = desk.writes("Long ago there ", "lived a cook.")
    delegation_id = await desk.ask()
    async with watching(desk.service, delegation_id) as watched:
        broken.release()
        await watched.until("Once upon a ")
        broken.release(9)
        await eventually(lambda: whole.waiting == 1)
        whole.release()
        await watched.until("Long")
        whole.release(2)
        await watched.end()
    assert "" in watched.screens[1:]
    assert all(one.startswith(("Once", "Long"[: len(one)])) for one in watched.screens if one)
    assert (await desk.service.get(f"{DELEGATIONS}/{delegation_id}")).body["answer"] == (
        "Long ago there lived a cook."
    )


async def test_without_redis_there_is_an_answer_and_no_words() -> None:
    async with desk_of() as desk:
        gate = desk.writes("Tea ", "and biscuits.")
        delegation_id = await desk.ask()
        await eventually(lambda: gate.waiting == 1)
        async with watching(desk.service, delegation_id) as watched:
            desk.service.valkey.stop()
            gate.release(3)
            await watched.end()
        desk.service.valkey.start()
        body = (await desk.service.get(f"{DELEGATIONS}/{delegation_id}")).body
    assert body["answer"] == "Tea and biscuits."
    assert watched.screens == [""]


@pytest.mark.parametrize("value", ["yes", "", "1", "TRUE"])
async def test_words_are_asked_for_in_one_way_only(desk: Desk, value: str) -> None:
    gate = desk.writes("Tea.")
    gate.release(2)
    delegation_id = await desk.ask()
    status, body = await refused(desk.service, f"delegation={delegation_id}&words={value}")
    assert (status, [error["field"] for error in body["errors"]]) == (422, ["words"])
    async with watching(desk.service, delegation_id) as watched:
        await watched.end()


async def test_the_pages_stream_tells_the_words_of_its_own_conversation_alone(desk: Desk) -> None:
    service = desk.service
    browser, where, elsewhere = await known(service), place(), place()
    gate = desk.writes("Tea is ready, ", "and so are the biscuits.")
    async with stream(browser, where) as here, stream(browser, elsewhere) as other:
        await said(browser, "@writer write a line about tea", where)
        gate.release()
        async for event, data in here:
            if event == "words":
                assert {key: data[key] for key in ("step", "agent", "from")} == {
                    "step": 0,
                    "agent": "writer",
                    "from": 0,
                }
                assert data["text"] == "Tea is re"
                break
        gate.release(2)
        (own,) = await answered(service, where)
        assert data["id"] == own.id
        desk.writes("Milk.").release(2)
        await said(browser, "@writer write a line about milk", elsewhere)
        async for event, data in other:
            assert data.get("id") != own.id
            if event == "turn" and data["answered"]:
                break
