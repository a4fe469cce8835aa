"""The limits on requests, per person and per address."""

from __future__ import annotations

import asyncio
import re
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable
from typing import Any

import aiohttp
import pytest
import pytest_asyncio

from tests.integration.http_harness import (
    AUTHORIZED,
    DELEGATE,
    DELEGATIONS,
    PLANS,
    Reply,
    Service,
    fresh,
)

pytestmark = pytest.mark.asyncio(loop_scope="session")

ASK = {"instruction": "2+2", "timeout": 0}


async def several(calls: int, call: Any) -> list[Reply]:
    made: list[Awaitable[Reply]] = [call() for _ in range(calls)]
    return list(await asyncio.gather(*made))


def check_refusal(reply: Reply, *, limit: int, window_seconds: int) -> None:
    assert reply.status == 429
    wait = int(reply.headers["Retry-After"])
    assert 1 <= wait <= window_seconds
    assert reply.headers["X-RateLimit-Limit"] == str(limit)
    assert reply.headers["X-RateLimit-Remaining"] == "0"
    assert abs(int(reply.headers["X-RateLimit-Reset"]) - (time.time() + wait)) < 5
    assert re.search(rf"ore than {limit} (instructions|requests) in", reply.problem)
    assert "ry again in" in reply.problem


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def limited_to_three() -> AsyncIterator[Service]:
    async with fresh(worker=False, RATE_LIMIT_MAX_REQUESTS="3") as service:
        yield service


@pytest.fixture
def strict(limited_to_three: Service) -> Service:
    """A service that admits three requests, none of which is used up."""
    limited_to_three.valkey.empty()
    return limited_to_three


async def test_the_request_beyond_the_limit_is_429_with_the_limit_and_when_to_come_back(
    strict: Service,
) -> None:
    before = await accepted(strict)
    first = await strict.post(DELEGATE, ASK)
    assert first.status == 202
    assert first.headers["X-RateLimit-Limit"] == "3"
    assert first.headers["X-RateLimit-Remaining"] == "2"
    assert int(first.headers["X-RateLimit-Reset"]) > time.time()
    assert "Retry-After" not in first.headers
    rest = await several(2, lambda: strict.post(DELEGATE, ASK))
    assert {reply.status for reply in rest} == {202}
    assert min(int(reply.headers["X-RateLimit-Remaining"]) for reply in rest) == 0
    check_refusal(await strict.post(DELEGATE, ASK), limit=3, window_seconds=900)
    check_refusal(await strict.post(PLANS, {"instruction": "2+2"}), limit=3, window_seconds=900)
    assert await accepted(strict) == before + 3


async def test_reading_with_the_token_is_not_counted_and_goes_on_beyond_the_limit(strict: Service) -> None:
    reads = await several(10, lambda: strict.get(DELEGATIONS))
    assert {reply.status for reply in reads} == {200}
    assert "X-RateLimit-Limit" not in reads[0].headers
    asked = await several(4, lambda: strict.post(DELEGATE, ASK))
    assert Counter(reply.status for reply in asked) == {202: 3, 429: 1}
    assert (await strict.get(DELEGATIONS)).status == 200
    assert (await strict.get("/health/live")).status == 200


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_guessing_at_the_token_is_limited_per_address_whatever_is_asked(
    method: str, strict: Service
) -> None:
    guess = {"Authorization": "Bearer guess"}
    for path in (DELEGATIONS, DELEGATE, "/api/v1/nowhere"):
        reply = await strict.call(method, path, headers=guess, signed_in=False)
        assert reply.status in (401, 404, 405)
    check_refusal(await strict.get(DELEGATIONS, signed_in=False), limit=3, window_seconds=900)
    check_refusal(await strict.post(DELEGATE, ASK), limit=3, window_seconds=900)
    assert (await strict.get(DELEGATIONS)).status == 200


async def test_guessing_at_the_token_over_the_event_stream_is_counted_too(strict: Service) -> None:
    statuses = []
    for _ in range(4):
        with pytest.raises(aiohttp.WSServerHandshakeError) as refusal:
            await strict.session.ws_connect(f"{strict.url}/api/v1/events?delegation={'0' * 32}")
        statuses.append(refusal.value.status)
    assert statuses == [401, 401, 401, 429]


async def test_another_address_by_header_is_not_believed(strict: Service) -> None:
    statuses = []
    for number in range(5):
        headers = {
            "X-Forwarded-For": f"203.0.113.{number}",
            "Forwarded": f"for=203.0.113.{number}",
            "X-Real-IP": f"203.0.113.{number}",
        }
        statuses.append((await strict.get(DELEGATIONS, headers=headers, signed_in=False)).status)
    assert statuses == [401, 401, 401, 429, 429]


async def test_the_limit_per_person_holds_over_several_addresses(strict: Service) -> None:
    replies = [await ask_from(f"127.0.0.{number}", strict) for number in (2, 3, 4, 5)]
    assert [status for status, _ in replies] == [202, 202, 202, 429]
    assert replies[-1][1]["detail"].startswith(
        "That is more than 3 instructions in 15 minutes, the most for one person."
    )
    assert replies[-1][1]["correlationId"]


@pytest.mark.slow
async def test_six_hundred_and_forty_at_once_admit_exactly_a_hundred() -> None:
    async with fresh(worker=False, RATE_LIMIT_MAX_REQUESTS="") as service:
        replies = await several(640, lambda: service.post(DELEGATE, ASK, headers={"Prefer": "respond-async"}))
        assert Counter(reply.status for reply in replies) == {202: 100, 429: 540}
        for reply in replies:
            if reply.status == 429:
                check_refusal(reply, limit=100, window_seconds=900)
        check_refusal(await service.post(DELEGATE, ASK), limit=100, window_seconds=900)
        assert await accepted(service) == 100


async def ask_from(address: str, service: Service) -> tuple[int, Any]:
    connector = aiohttp.TCPConnector(local_addr=(address, 0))
    async with (
        aiohttp.ClientSession(connector=connector, headers=AUTHORIZED) as session,
        session.post(service.url + DELEGATE, json=ASK) as response,
    ):
        return response.status, await response.json(content_type=None)


async def accepted(service: Service) -> int:
    return len(await service.assembly.store.recent(workspace="local", limit=1000))
