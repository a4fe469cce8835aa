"""The EventLog port: followers see every event in order, once, until it is delivered, with and without Redis."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing

import pytest

from adapters.clock import SystemClock
from adapters.queue.connection import connect
from adapters.queue.live_events import CHANNEL, FALLBACK_SECONDS, LiveEvents
from adapters.sql.database import Database
from adapters.sql.store import SqlStore
from core.memory.event_log import InMemoryEventLog
from core.memory.store import InMemoryStore
from core.models import Event, EventKind, Status
from core.ports.event_log import EventLog
from core.ports.store import Store
from tests.contracts.samples import BAD, NOW, REPLY, accepted, answered, at, ended, failed, planned
from tests.contracts.worker_harness import until
from tests.services.valkey import Valkey

Open = Callable[[], tuple[Store, EventLog]]
KINDS = [
    "memory",
    "alone",
    pytest.param("redis", marks=pytest.mark.slow),
    pytest.param("out", marks=pytest.mark.slow),
]


@pytest.fixture(params=KINDS)
async def open_process(request: pytest.FixtureRequest) -> AsyncIterator[Open]:
    """Opens what a process of its own has: its store and its event log."""
    if request.param == "memory":
        store = InMemoryStore()
        log = InMemoryEventLog(store=store)
        yield lambda: (store, log)
        return
    database_url = request.getfixturevalue("sqlite_url")
    valkey: Valkey | None = None if request.param == "alone" else request.getfixturevalue("valkey")
    if valkey is not None and request.param == "out":
        valkey.stop()
    opened: list[tuple[SqlStore, LiveEvents]] = []

    def open_process() -> tuple[Store, EventLog]:
        store = SqlStore(Database(database_url))
        url = None if valkey is None else valkey.url
        opened.append((store, LiveEvents(store=store, redis_url=url, clock=SystemClock())))
        return opened[-1]

    yield open_process
    for sql_store, live in opened:
        await live.aclose()
        await sql_store.aclose()


async def collect(log: EventLog, *, after: int = 0, into: list[Event] | None = None) -> list[Event]:
    events = [] if into is None else into
    async with asyncio.timeout(10):
        async for event in log.follow("d1", after=after):
            events.append(event)
    return events


async def walk(store: Store, log: EventLog) -> None:
    """A delegation's whole life, with a ring after each move."""
    first, second = await planned(store)
    for step in (first, second):
        await ended(store, step.id)
        log.ring("d1")
    await store.save_answer("d1", round=0, status=Status.SUCCESS, reply=REPLY, now=at(2))
    log.ring("d1")
    await store.mark_delivered("d1", round=0, now=at(3))
    log.ring("d1")


async def test_followers_everywhere_see_every_event_once_and_in_order(open_process: Open) -> None:
    store, log = open_process()
    others = [open_process()[1] for _ in range(2)]
    followers = [asyncio.create_task(collect(follower)) for follower in (log, *others, log)]
    await asyncio.sleep(0)
    await walk(store, log)
    expected = await store.events("d1")
    assert [event.kind for event in expected][-1] is EventKind.DELEGATION_DELIVERED
    for follower in followers:
        assert await follower == list(expected)


async def test_whoever_comes_late_sees_the_past_and_an_end(open_process: Open) -> None:
    store, log = open_process()
    await walk(store, log)
    events = list(await store.events("d1"))
    assert await collect(open_process()[1]) == events
    assert await collect(log, after=3) == events[3:]


async def test_whoever_has_seen_all_is_not_kept_waiting(open_process: Open) -> None:
    store, log = open_process()
    await answered(store)
    await store.mark_delivered("d1", round=0, now=at(1))
    assert await collect(log, after=len(await store.events("d1"))) == []


async def test_an_event_after_the_delivery_does_not_hide_the_end(open_process: Open) -> None:
    store, log = open_process()
    await answered(store)
    await store.mark_delivered("d1", round=0, now=at(1))
    await store.append(Event(delegation_id="d1", kind=EventKind.STEP_TOOL, at=at(2)))
    assert await collect(log) == list(await store.events("d1"))


async def test_what_was_started_again_is_followed_to_its_new_end(open_process: Open) -> None:
    store, log = open_process()
    second = (await failed(store)).steps[1]
    await store.retry("d1", by="u", now=at(10))
    seen: list[Event] = []
    follower = asyncio.create_task(collect(open_process()[1], into=seen))
    past = len(await store.events("d1"))
    await until(lambda: len(seen) == past)
    assert not follower.done()
    await ended(store, second.id, BAD)
    await store.save_answer("d1", round=1, status=Status.PARTIAL, reply=REPLY, now=at(12))
    await store.mark_delivered("d1", round=1, now=at(13))
    log.ring("d1")
    assert await follower == list(await store.events("d1"))


async def test_a_follower_may_come_before_its_delegation(open_process: Open) -> None:
    store, log = open_process()
    follower = asyncio.create_task(collect(log))
    await asyncio.sleep(0.02)
    await answered(store)
    await store.mark_delivered("d1", round=0, now=at(1))
    log.ring("d1")
    assert await follower == list(await store.events("d1"))


async def test_many_writers_leave_followers_no_gap(open_process: Open) -> None:
    store, log = open_process()
    await accepted(store)
    follower = asyncio.create_task(collect(open_process()[1]))

    async def write(n: int) -> None:
        await store.append(Event(delegation_id="d1", kind=EventKind.STEP_TOOL, at=NOW, data={"n": n}))
        log.ring("d1")

    await asyncio.gather(*(write(n) for n in range(30)))
    await store.save_answer("d1", round=0, status=Status.SUCCESS, reply=REPLY, now=at(2))
    await store.mark_delivered("d1", round=0, now=at(3))
    log.ring("d1")
    assert [event.sequence for event in await follower] == list(range(1, 34))


async def test_a_follower_that_leaves_takes_nobody_with_it(open_process: Open) -> None:
    store, log = open_process()
    await accepted(store)
    async with aclosing(log.follow("d1")) as leaving:  # type: ignore[type-var]
        assert (await anext(leaving)).kind is EventKind.INSTRUCTION_RECEIVED
        staying = asyncio.create_task(collect(log))
        await asyncio.sleep(0.01)
    await store.save_answer("d1", round=0, status=Status.SUCCESS, reply=REPLY, now=at(2))
    await store.mark_delivered("d1", round=0, now=at(3))
    log.ring("d1")
    assert len(await staying) == 3


async def test_ringing_for_nobody_does_no_harm(open_process: Open) -> None:
    _, log = open_process()
    log.ring("nothing")
    log.ring("nothing")


async def test_each_follower_of_a_process_hears_the_bell_itself(
    sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # With this, a follower that misses a ring would wait until the end of the test.
    monkeypatch.setattr("adapters.queue.live_events.FALLBACK_SECONDS", 60.0)
    store = SqlStore(Database(sqlite_url))
    log = LiveEvents(store=store, redis_url=None, clock=SystemClock())
    try:
        for _ in range(5):
            followers = [asyncio.create_task(collect(log)) for _ in range(4)]
            await walk(store, log)
            for follower in followers:
                assert await follower == list(await store.events("d1"))
            await store.database.write(
                lambda c: [c.exec_driver_sql(f"DELETE FROM {t}") for t in ("steps", "events", "delegations")]
            )
    finally:
        await log.aclose()
        await store.aclose()


@pytest.mark.slow
async def test_through_redis_a_follower_elsewhere_hears_at_once(
    sqlite_url: str, valkey: Valkey, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("adapters.queue.live_events.FALLBACK_SECONDS", 60.0)
    store = SqlStore(Database(sqlite_url))
    here, there = (LiveEvents(store=store, redis_url=valkey.url, clock=SystemClock()) for _ in range(2))
    looking = connect(valkey.url)
    try:
        await accepted(store)
        follower = asyncio.create_task(collect(there))
        await until(lambda: dict(looking.pubsub_numsub(CHANNEL)).get(CHANNEL.encode()))
        await store.save_answer("d1", round=0, status=Status.SUCCESS, reply=REPLY, now=at(2))
        await store.mark_delivered("d1", round=0, now=at(3))
        here.ring("d1")
        assert len(await follower) == 3
    finally:
        looking.close()
        await here.aclose()
        await there.aclose()
        await store.aclose()


@pytest.mark.slow
async def test_it_closes_at_any_moment_of_its_connecting(sqlite_url: str, valkey: Valkey) -> None:
    store = SqlStore(Database(sqlite_url))
    try:
        await accepted(store)
        for ticks in range(0, 40, 2):
            log = LiveEvents(store=store, redis_url=valkey.url, clock=SystemClock())
            follower = asyncio.create_task(collect(log))
            for _ in range(ticks):
                await asyncio.sleep(0)
            async with asyncio.timeout(5):
                await log.aclose()
            follower.cancel()
            await asyncio.gather(follower, return_exceptions=True)
    finally:
        await store.aclose()


@pytest.mark.slow
async def test_followers_survive_redis_going_and_coming_back(sqlite_url: str, valkey: Valkey) -> None:
    store = SqlStore(Database(sqlite_url))
    log = LiveEvents(store=store, redis_url=valkey.url, clock=SystemClock())
    seen: list[Event] = []
    try:
        await accepted(store)
        follower = asyncio.create_task(collect(log, into=seen))
        await until(lambda: len(seen) == 1)
        valkey.stop()
        for n in range(3):
            await store.append(Event(delegation_id="d1", kind=EventKind.STEP_TOOL, at=NOW, data={"n": n}))
            log.ring("d1")
        await until(lambda: len(seen) == 4)
        valkey.start()
        await store.save_answer("d1", round=0, status=Status.SUCCESS, reply=REPLY, now=at(2))
        await store.mark_delivered("d1", round=0, now=at(3))
        assert [event.sequence for event in await follower] == list(range(1, 7))
    finally:
        await log.aclose()
        await store.aclose()


def test_without_a_hint_a_follower_looks_by_itself_soon() -> None:
    assert FALLBACK_SECONDS <= 1.0


async def test_listeners_hear_of_every_delegation_once_for_many_rings(open_process: Open) -> None:
    _, log = open_process()
    _, other = open_process()
    with log.listen() as near, other.listen() as far:
        assert await near.heard(within_seconds=0) == frozenset()
        for name in ("d1", "d2", "d1"):
            log.ring(name)
        assert await near.heard(within_seconds=10) == {"d1", "d2"}
        assert await near.heard(within_seconds=0) == frozenset()
        if other is log:
            assert await far.heard(within_seconds=10) == {"d1", "d2"}
    log.ring("d3")
    assert await near.heard(within_seconds=0) == frozenset()


@pytest.mark.slow
async def test_listeners_in_other_processes_hear_it_too(valkey: Valkey, sqlite_url: str) -> None:
    stores = [SqlStore(Database(sqlite_url)) for _ in range(2)]
    here, there = (LiveEvents(store=store, redis_url=valkey.url, clock=SystemClock()) for store in stores)
    with there.listen() as rings:
        heard: frozenset[str] = frozenset()
        async with asyncio.timeout(10):
            # The other side may still be subscribing.
            while not heard:
                here.ring("d1")
                heard = await rings.heard(within_seconds=0.05)
        assert heard == {"d1"}
    for live, store in zip((here, there), stores, strict=True):
        await live.aclose()
        await store.aclose()
