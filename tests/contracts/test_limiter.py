"""The Limiter port, over both implementations, in real time with short windows."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from datetime import timedelta

import pytest

from adapters.clock import SystemClock
from adapters.limits.moving_window import MovingWindow
from core.memory.clock import START, ManualClock
from core.memory.limiter import InMemoryLimiter
from core.models import Verdict
from core.ports.clock import Clock
from core.ports.limiter import TICKET_SECONDS, Limit, Limiter
from tests.services.valkey import Valkey

CLOCK = SystemClock()
LONG = Limit(requests=100, window_seconds=900)
SHORT = Limit(requests=3, window_seconds=1)
Open = Callable[[], Limiter]


REAL = [pytest.param(kind, marks=pytest.mark.slow) for kind in ("redis", "out")]


@pytest.fixture(params=["memory", "alone", *REAL])
async def open_limiter(request: pytest.FixtureRequest) -> AsyncIterator[Open]:
    """Opens the same limiter, as another process would where it can be shared."""
    if request.param == "memory":
        only = InMemoryLimiter(clock=CLOCK)
        yield lambda: only
        return
    url = None
    if request.param != "alone":
        valkey: Valkey = request.getfixturevalue("valkey")
        url = valkey.url
    if request.param == "out":
        valkey.stop()
    opened: list[MovingWindow] = []

    def open_window() -> MovingWindow:
        if request.param == "redis" or not opened:
            opened.append(MovingWindow(url, clock=CLOCK))
        return opened[-1]

    yield open_window
    for window in opened:
        await window.aclose()


@pytest.fixture
def limiter(open_limiter: Open) -> Limiter:
    return open_limiter()


async def exhaust(limiter: Limiter, key: str, limit: Limit) -> list[Verdict]:
    verdicts = [await limiter.admit(key, limit) for _ in range(limit.requests)]
    assert all(verdict.allowed for verdict in verdicts)
    return verdicts


async def test_of_640_requests_at_once_exactly_the_limit_is_admitted(open_limiter: Open) -> None:
    several = [open_limiter() for _ in range(4)]
    verdicts = await asyncio.gather(*(several[n % 4].admit("person:u", LONG) for n in range(640)))
    assert sum(verdict.allowed for verdict in verdicts) == 100
    assert not (await several[0].admit("person:u", LONG)).allowed


async def test_each_key_and_each_limit_counts_by_itself(limiter: Limiter) -> None:
    await exhaust(limiter, "a", SHORT)
    assert (await limiter.admit("b", SHORT)).allowed
    assert (await limiter.admit("a", LONG)).remaining == 99


async def test_what_is_taken_back_leaves_room_for_one_more(limiter: Limiter) -> None:
    await limiter.take_back("a", SHORT)
    await exhaust(limiter, "a", SHORT)
    await limiter.take_back("a", SHORT)
    verdicts = [await limiter.admit("a", SHORT) for _ in range(2)]
    assert [verdict.allowed for verdict in verdicts] == [True, False]


async def test_a_verdict_says_what_is_left(limiter: Limiter) -> None:
    verdicts = await exhaust(limiter, "a", SHORT)
    assert [verdict.remaining for verdict in verdicts] == [2, 1, 0]
    refused = await limiter.admit("a", SHORT)
    assert (refused.allowed, refused.remaining, refused.limit) == (False, 0, 3)
    assert {verdict.window_seconds for verdict in (*verdicts, refused)} == {1.0}


async def test_with_room_left_a_verdict_says_when_the_window_is_empty_again(limiter: Limiter) -> None:
    before = CLOCK.now()
    first = await limiter.admit("a", LONG)
    await asyncio.sleep(0.05)
    second = await limiter.admit("a", LONG)
    after = CLOCK.now()
    window = timedelta(seconds=900)
    assert before + window <= first.reset_at <= second.reset_at <= after + window
    assert second.reset_at - first.reset_at >= timedelta(seconds=0.04)
    assert (first.retry_after_seconds, second.retry_after_seconds) == (0.0, 0.0)


async def test_without_room_a_verdict_says_when_there_is_some_again(limiter: Limiter) -> None:
    two = LONG.model_copy(update={"requests": 2})
    before = CLOCK.now()
    first = await limiter.admit("a", two)
    behind_first = CLOCK.now()
    await asyncio.sleep(0.2)
    verdicts = []
    for _ in range(2):
        asked = CLOCK.now()
        verdict = await limiter.admit("a", two)
        # Whoever waits until then has waited long enough: at most the time that the answer took is added.
        late = CLOCK.now() - asked
        assert before <= verdict.reset_at - timedelta(seconds=900) <= behind_first + late
        verdicts.append(verdict)
    last, refused = verdicts
    assert first.allowed
    assert last.retry_after_seconds == 0.0
    assert 899 < refused.retry_after_seconds <= 900


@pytest.mark.slow
async def test_waiting_as_long_as_it_says_is_enough(limiter: Limiter) -> None:
    await exhaust(limiter, "a", SHORT)
    refused = await limiter.admit("a", SHORT)
    async with asyncio.timeout(10):
        while not refused.allowed:
            assert 0 < refused.retry_after_seconds <= 1.0
            await asyncio.sleep(refused.retry_after_seconds)
            refused = await limiter.admit("a", SHORT)


@pytest.mark.slow
async def test_the_window_slides_and_does_not_jump(limiter: Limiter) -> None:
    """At no instant do more than three admitted requests lie within one second."""
    admitted: list[tuple[float, float]] = []
    end = CLOCK.monotonic() + 2.2
    while CLOCK.monotonic() < end:
        begun = CLOCK.monotonic()
        if (await limiter.admit("a", SHORT)).allowed:
            admitted.append((begun, CLOCK.monotonic()))
        await asyncio.sleep(0.01)
    assert 6 <= len(admitted) <= 9
    # Each was counted between the two times, however long it took: from before the first until after the fourth one
    # there is a whole window, but for the millisecond in which clocks are read.
    assert all(
        answered - asked > 0.99 for (asked, _), (_, answered) in zip(admitted, admitted[3:], strict=False)
    )


async def test_a_window_of_a_broken_number_of_seconds_is_not_cut_short(limiter: Limiter) -> None:
    limit = Limit(requests=1, window_seconds=1.4)
    assert (await limiter.admit("a", limit)).allowed
    refused = await limiter.admit("a", limit)
    assert refused.retry_after_seconds > 1.1


PER_TENTH = Limit(requests=1, window_seconds=0.1)
OPEN = 0.001
"""Held for so long, a line in which somebody was alone is open again."""


async def waited(limiter: Limiter, order: float, *, done: list[float], key: str = "chat") -> None:
    while wait := await limiter.line_up(key, PER_TENTH, ticket=f"t{order}", order=order):
        assert 0 < wait < 5
        await asyncio.sleep(min(wait, 0.05))
    done.append(order)


async def test_who_asked_first_steps_up_first_in_whichever_process_it_waits(open_limiter: Open) -> None:
    several = [open_limiter() for _ in range(3)]
    # The order shows only once all stand in line.
    assert await several[0].line_up("chat", PER_TENTH, ticket="in", order=0, alone_seconds=60) == 0
    for number in (5, 3, 4, 1, 2):
        assert await several[number % 3].line_up("chat", PER_TENTH, ticket=f"t{number}.0", order=number) > 0
    await several[0].hold("chat", seconds=OPEN)
    done: list[float] = []
    async with asyncio.timeout(20):
        await asyncio.gather(*(waited(several[n % 3], float(n), done=done) for n in (5, 3, 4, 1, 2)))
    assert done == [1, 2, 3, 4, 5]


async def test_a_place_in_line_says_how_long_it_takes_and_can_be_given_up(limiter: Limiter) -> None:
    limit = Limit(requests=2, window_seconds=100)
    assert [await limiter.line_up("a", limit, ticket=f"in{n}", order=n) for n in range(2)] == [0, 0]
    waits = [await limiter.line_up("a", limit, ticket=f"w{n}", order=10 + n) for n in range(4)]
    assert [round(wait, -2) for wait in waits] == [100, 100, 200, 200]
    for ticket in ("w0", "w1", "w1"):
        await limiter.leave("a", ticket=ticket)
    assert 90 < await limiter.line_up("a", limit, ticket="w2", order=12) <= 100
    assert await limiter.line_up("b", limit, ticket="w0", order=0) == 0


async def test_nobody_steps_up_while_the_line_is_held(open_limiter: Open) -> None:
    limiter, other = open_limiter(), open_limiter()
    await limiter.hold("a", seconds=60)
    await limiter.hold("a", seconds=1)
    # Redis counts whole milliseconds, and one more where the first was cut off.
    assert 55 < await other.line_up("a", SHORT, ticket="t", order=1) <= 60.001
    done: list[float] = []
    await limiter.hold("chat", seconds=0.05)
    async with asyncio.timeout(10):
        await waited(other, 1.0, done=done)
    assert done


async def test_who_is_alone_is_followed_by_nobody_until_done(open_limiter: Open) -> None:
    limiter, other = open_limiter(), open_limiter()
    assert await limiter.line_up("a", SHORT, ticket="in", order=1, alone_seconds=30) == 0
    assert 0 < await other.line_up("a", SHORT, ticket="t2.0", order=2) < 1
    await limiter.hold("a", seconds=OPEN)
    async with asyncio.timeout(10):
        await waited(other, 2.0, done=[], key="a")
    assert await limiter.line_up("b", SHORT, ticket="dies", order=1, alone_seconds=0.05) == 0
    async with asyncio.timeout(10):
        await waited(other, 2.0, done=[], key="b")


async def begun(limiter: Limiter, ticket: str, *, every: float = 60, within: float = 60) -> float:
    return await limiter.begin("a", ticket=ticket, every_seconds=every, within_seconds=within)


async def test_one_at_a_time_is_under_way_in_whichever_process(open_limiter: Open) -> None:
    limiter, other = open_limiter(), open_limiter()
    assert await begun(limiter, "first", every=0.001) == 0
    await asyncio.sleep(0.01)
    assert await begun(other, "second", every=7) == 7
    await other.end("a", ticket="second")
    assert [await one.under_way("a") for one in (limiter, other)] == [True, True]
    await limiter.end("a", ticket="first")
    assert [await one.under_way("a") for one in (limiter, other)] == [False, False]
    assert await begun(other, "second", every=0) == 0
    assert await begun(limiter, "third", every=0) > 0


async def test_what_is_over_begins_again_no_sooner_than_it_may(open_limiter: Open) -> None:
    limiter, other = open_limiter(), open_limiter()
    assert await begun(limiter, "first") == 0
    await limiter.end("a", ticket="first")
    assert 55 < await begun(other, "second", every=1) <= 60
    assert await limiter.begin("b", ticket="t", every_seconds=60, within_seconds=60) == 0


async def test_what_never_ends_counts_as_over_after_a_time(limiter: Limiter) -> None:
    assert await begun(limiter, "dies", every=0.01, within=0.02) == 0
    await asyncio.sleep(0.03)
    assert not await limiter.under_way("a")
    assert await begun(limiter, "next", every=0.01) == 0
    # A late word of the dead one ends nobody else's.
    await limiter.end("a", ticket="dies")
    assert await limiter.under_way("a")


async def test_a_ticket_that_is_no_longer_shown_does_not_stop_the_line() -> None:
    manual = ManualClock()
    limiter = InMemoryLimiter(clock=manual)
    limit = Limit(requests=1, window_seconds=1)
    assert await limiter.line_up("a", limit, ticket="in", order=0) == 0
    assert await limiter.line_up("a", limit, ticket="dead", order=1) > 0
    assert await limiter.line_up("a", limit, ticket="alive", order=2) > 0
    await manual.advance(TICKET_SECONDS / 2)
    assert await limiter.line_up("a", limit, ticket="alive", order=2) > 0
    await manual.advance(TICKET_SECONDS / 2)
    assert await limiter.line_up("a", limit, ticket="alive", order=2) == 0


@pytest.mark.slow
async def test_while_redis_is_out_it_counts_alone_and_never_raises(
    valkey: Valkey, caplog: pytest.LogCaptureFixture
) -> None:
    window = MovingWindow(valkey.url, clock=CLOCK)
    try:
        assert (await window.admit("a", LONG)).remaining == 99
        valkey.stop()
        with caplog.at_level(logging.WARNING):
            async with asyncio.timeout(3):
                verdicts = [await window.admit("a", LONG) for _ in range(110)]
        assert sum(verdict.allowed for verdict in verdicts) == 100
        assert len(caplog.records) == 1
        valkey.start()
        assert (await window.admit("a", LONG)).remaining == 99
        assert (await window.admit("a", LONG)).remaining == 98
    finally:
        await window.aclose()


@pytest.mark.slow
async def test_a_redis_that_does_not_answer_holds_nobody_up_for_long() -> None:
    silent = await asyncio.start_server(_keep_silent, "127.0.0.1", 0)
    port = silent.sockets[0].getsockname()[1]
    window = MovingWindow(f"redis://127.0.0.1:{port}/0", clock=CLOCK)
    try:
        async with asyncio.timeout(8):
            verdicts = await asyncio.gather(*(window.admit("a", SHORT) for _ in range(20)))
            verdicts += [await window.admit("a", SHORT) for _ in range(5)]
        assert sum(verdict.allowed for verdict in verdicts) <= 9
    finally:
        await window.aclose()
        silent.close()


async def _keep_silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read()
    writer.close()


@pytest.mark.parametrize("requests", [1, 2, 5])
async def test_the_fakes_window_is_exact_to_the_instant(requests: int) -> None:
    clock: Clock = (manual := ManualClock())
    limiter, limit = InMemoryLimiter(clock=clock), Limit(requests=requests, window_seconds=10)
    for _ in range(requests):
        assert (await limiter.admit("a", limit)).allowed
    await manual.advance(9.999)
    refused = await limiter.admit("a", limit)
    assert (refused.allowed, refused.reset_at) == (False, START + timedelta(seconds=10))
    assert refused.retry_after_seconds == pytest.approx(0.001)
    await manual.advance(refused.retry_after_seconds)
    assert (await limiter.admit("a", limit)).allowed
