"""The Broadcast port: who listens hears it, in order; what can't be told is lost without a word."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable

import pytest

from adapters.clock import SystemClock
from adapters.queue.broadcast import RECONNECT_SECONDS, RedisBroadcast
from adapters.queue.connection import connect_async
from core.memory.broadcast import InMemoryBroadcast
from core.memory.clock import ManualClock
from core.ports.broadcast import Broadcast
from tests.contracts.worker_harness import until
from tests.services.valkey import Valkey

Open = Callable[[], Broadcast]


@pytest.fixture(params=["memory", pytest.param("redis", marks=pytest.mark.slow)])
async def open_process(request: pytest.FixtureRequest) -> AsyncIterator[Open]:
    """Gives each process its own; in memory there is only one."""
    if request.param == "memory":
        only = InMemoryBroadcast()
        yield lambda: only
        return
    valkey: Valkey = request.getfixturevalue("valkey")
    opened: list[RedisBroadcast] = []

    def over_redis() -> Broadcast:
        opened.append(RedisBroadcast(connect_async(valkey.url), clock=SystemClock()))
        return opened[-1]

    yield over_redis
    for broadcast in opened:
        await broadcast.aclose()


async def listened(broadcast: Broadcast, topic: str, count: int) -> None:
    """Wait until so many processes listen."""
    async with asyncio.timeout(30):
        while list(await broadcast.audience([topic])) != [count]:  # noqa: ASYNC110 - who listens is in Redis
            await asyncio.sleep(0.005)


async def test_who_listens_hears_it_in_order_and_others_do_not(open_process: Open) -> None:
    here, elsewhere = open_process(), open_process()
    heard: list[str] = []
    with elsewhere.tune("d1", heard.append):
        await listened(here, "d1", 1)
        await here.send([("d1", "one"), ("d2", "not this"), ("d1", "two")])
        await here.send([("d1", "zwölf 🎉")])
        await until(lambda: len(heard) == 3)
    assert heard == ["one", "two", "zwölf 🎉"]


async def test_the_audience_is_known_for_many_topics_at_once(open_process: Open) -> None:
    here, elsewhere = open_process(), open_process()
    assert list(await here.audience(["d1", "d2"])) == [0, 0]
    with elsewhere.tune("d2", lambda _: None):
        await listened(here, "d2", 1)
        assert list(await here.audience(["d1", "d2", "d3"])) == [0, 1, 0]
    await listened(here, "d2", 0)


async def test_topics_come_and_go_while_others_are_heard(open_process: Open) -> None:
    here, elsewhere = open_process(), open_process()
    first: list[str] = []
    second: list[str] = []
    with elsewhere.tune("d1", first.append):
        await listened(here, "d1", 1)
        for round in range(3):
            with elsewhere.tune("d2", second.append):
                await listened(here, "d2", 1)
                await here.send([("d2", f"b{round}"), ("d1", f"a{round}")])
                await until(lambda: len(first) == len(second) == round + 1)  # noqa: B023
            await listened(here, "d2", 0)
            await here.send([("d2", "nobody hears this")])
    assert (first, second) == (["a0", "a1", "a2"], ["b0", "b1", "b2"])
    await listened(here, "d1", 0)
    with elsewhere.tune("d1", first.append):
        await listened(here, "d1", 1)


async def test_two_in_one_process_hear_the_same(open_process: Open) -> None:
    here = open_process()
    one: list[str] = []
    other: list[str] = []
    with here.tune("d1", one.append):
        with here.tune("d1", other.append):
            # In processes it is one, in memory there are no processes.
            await listened(here, "d1", 2 if isinstance(here, InMemoryBroadcast) else 1)
            await here.send([("d1", "both")])
            await until(lambda: one == other == ["both"])
        await here.send([("d1", "one alone")])
        await until(lambda: len(one) == 2)
    assert other == ["both"]


@pytest.mark.slow
async def test_without_redis_nothing_is_told_and_nothing_breaks(valkey: Valkey) -> None:
    clock = ManualClock()
    broadcast = RedisBroadcast(connect_async(valkey.url), clock=clock)
    heard: list[str] = []
    with broadcast.tune("d1", heard.append):
        await listened(broadcast, "d1", 1)
        valkey.stop()
        assert list(await broadcast.audience(["d1", "d2"])) == [0, 0]
        await broadcast.send([("d1", "lost")])
        await until(lambda: clock.sleeping == 1)
        valkey.start()
        await clock.advance(RECONNECT_SECONDS)
        await listened(broadcast, "d1", 1)
        await broadcast.send([("d1", "heard again")])
        await until(lambda: heard == ["heard again"])
    await broadcast.aclose()
    await broadcast.aclose()
