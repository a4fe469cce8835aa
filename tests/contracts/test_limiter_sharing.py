"""What the limiter in Redis survives, and what the one in this process keeps."""

from __future__ import annotations

import asyncio
import time

import pytest
from redis import Redis
from redis.exceptions import ResponseError

from adapters.clock import SystemClock
from adapters.limits.moving_window import PREFIX, MovingWindow
from adapters.queue import round_trips
from adapters.queue.round_trips import RoundTrips
from core.memory import limiter as memory
from core.memory.clock import ManualClock
from core.memory.limiter import InMemoryLimiter
from core.ports.limiter import Limit
from tests.services.valkey import Valkey

LONG = Limit(requests=100, window_seconds=900)
PER_TENTH = Limit(requests=1, window_seconds=0.1)
TEN = Limit(requests=10, window_seconds=900)


@pytest.mark.slow
async def test_a_redis_that_forgot_its_scripts_goes_on_counting(valkey: Valkey) -> None:
    window = MovingWindow(valkey.url, clock=SystemClock())
    try:
        first = await asyncio.gather(*(window.admit("a", TEN) for _ in range(6)))
        with Redis(unix_socket_path=str(valkey.socket)) as redis:
            redis.script_flush()
        then = await asyncio.gather(*(window.admit("a", TEN) for _ in range(6)))
    finally:
        await window.aclose()
    assert [verdict.allowed for verdict in (*first, *then)] == [True] * 10 + [False] * 2
    assert [verdict.remaining for verdict in (*first, *then)] == [*range(9, -1, -1), 0, 0]


@pytest.mark.slow
async def test_requests_of_one_moment_share_a_round_trip(valkey: Valkey) -> None:
    window = MovingWindow(valkey.url, clock=SystemClock())
    try:
        await window.admit("a", TEN)
        with Redis(unix_socket_path=str(valkey.socket)) as redis:
            before = redis.info("stats")["total_reads_processed"]
            await asyncio.gather(*(ask(window, f"person{number}") for number in range(50)))
            reads = redis.info("stats")["total_reads_processed"] - before
    finally:
        await window.aclose()
    # The question itself is one of them, and a long request may be read in pieces.
    assert reads < 10


async def ask(window: MovingWindow, key: str) -> None:
    await window.admit(key, TEN)
    await window.line_up(key, TEN, ticket="t", order=0.0)
    await window.begin(key, ticket="t", every_seconds=60, within_seconds=60)


@pytest.mark.slow
async def test_who_is_cancelled_leaves_the_others_of_its_round_trip_their_answers(valkey: Valkey) -> None:
    window = MovingWindow(valkey.url, clock=SystemClock())
    try:
        impatient = asyncio.create_task(window.admit("a", TEN))
        others = [asyncio.create_task(window.admit("a", TEN)) for _ in range(4)]
        await asyncio.sleep(0)
        impatient.cancel()
        verdicts = await asyncio.gather(*others)
        assert (await asyncio.wait([impatient]))[0] == {impatient}
        assert impatient.cancelled()
    finally:
        await window.aclose()
    # What was asked is asked all the same.
    assert [verdict.remaining for verdict in verdicts] == [8, 7, 6, 5]


@pytest.mark.slow
async def test_a_connection_that_redis_closed_is_opened_again_unnoticed(
    valkey: Valkey, caplog: pytest.LogCaptureFixture
) -> None:
    window = MovingWindow(valkey.url, clock=SystemClock())
    try:
        await window.admit("a", TEN)
        with Redis(unix_socket_path=str(valkey.socket)) as redis:
            redis.client_kill_filter(_type="normal", skipme=True)
        verdicts = await asyncio.gather(*(window.admit("a", TEN) for _ in range(3)))
    finally:
        await window.aclose()
    assert [verdict.remaining for verdict in verdicts] == [8, 7, 6]
    assert not caplog.records


@pytest.mark.slow
async def test_a_process_that_stood_still_does_not_blame_redis_for_it(
    valkey: Valkey, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """A laptop that wakes up, a machine with too much to do: the answer came long before anybody looked for it."""
    monkeypatch.setattr(round_trips, "ANSWER_SECONDS", 0.2)
    window = MovingWindow(valkey.url, clock=SystemClock())
    try:
        await window.admit("a", TEN)
        with Redis(unix_socket_path=str(valkey.socket)) as redis:
            asked = redis.info("commandstats")["cmdstat_evalsha"]["calls"]
            asking = asyncio.create_task(window.admit("a", TEN))
            while redis.info("commandstats")["cmdstat_evalsha"]["calls"] == asked:
                await asyncio.sleep(0)
                stand_still(seconds=0.3)
        assert (await asking).remaining == 8
    finally:
        await window.aclose()
    assert "Redis is out" not in caplog.text


def stand_still(*, seconds: float) -> None:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        pass


@pytest.mark.slow
async def test_an_answer_that_is_an_error_is_one_askers_alone(valkey: Valkey) -> None:
    redis = RoundTrips(valkey.url)
    try:
        await redis.command("SET", "text", "words")
        wrong = redis.command("LPOP", "text")
        answers = await asyncio.gather(wrong, redis.command("GET", "text"), return_exceptions=True)
    finally:
        await redis.aclose()
    assert isinstance(answers[0], ResponseError)
    assert answers[1] == b"words"


@pytest.mark.slow
async def test_nothing_stays_in_redis_for_ever(valkey: Valkey) -> None:
    window = MovingWindow(valkey.url, clock=SystemClock())
    try:
        for key in ("person:u", "edit:d1"):
            await window.admit(key, LONG)
        await window.line_up("chat", LONG, ticket="in", order=1.5)
        await window.line_up("busy", PER_TENTH, ticket="in", order=1.5)
        await window.line_up("busy", PER_TENTH, ticket="waits", order=1.5)
        await window.hold("busy", seconds=3)
        await window.begin("edits:d1", ticket="t", every_seconds=3, within_seconds=10)
    finally:
        await window.aclose()
    with Redis(unix_socket_path=str(valkey.socket)) as redis:
        keys = list(redis.scan_iter())
        assert len(keys) == 2 + 1 + 4 + 2
        assert all(key.startswith(PREFIX.encode()) for key in keys)
        assert all(0 < redis.pttl(key) <= 905_000 for key in keys)


async def test_who_is_counted_in_this_process_is_forgotten_once_the_window_is_empty(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(memory, "MANY_KEYS", 10)
    clock = ManualClock()
    limiter = InMemoryLimiter(clock=clock)
    for number in range(100):
        assert (await limiter.admit(f"early{number}", TEN)).allowed
    await clock.advance(901)
    for number in range(300):
        assert (await limiter.admit(f"late{number}", TEN)).allowed
    early = [key for key, _ in limiter._admitted if key.startswith("early")]
    assert (early, len(limiter._admitted)) == ([], 300)
