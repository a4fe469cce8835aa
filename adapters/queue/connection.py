"""Connecting to Redis or Valkey."""

from __future__ import annotations

from redis import Redis
from redis.asyncio import Redis as AsyncRedis
from redis.asyncio.retry import Retry as AsyncRetry
from redis.backoff import NoBackoff
from redis.retry import Retry

CONNECT_SECONDS = 2.0
ANSWER_SECONDS = 5.0


def connect(url: str) -> Redis:
    """A client for calls that answer at once; connects when it is first used."""
    return Redis.from_url(
        url,
        socket_connect_timeout=CONNECT_SECONDS,
        socket_timeout=ANSWER_SECONDS,
        retry=Retry(NoBackoff(), 1),
        health_check_interval=30,
    )


def connect_worker(url: str) -> Redis:
    """A client whose calls may wait for work as long as they like."""
    return Redis.from_url(url, socket_connect_timeout=CONNECT_SECONDS, health_check_interval=30)


def connect_async(url: str) -> AsyncRedis:
    """A client for the event loop."""
    client: AsyncRedis = AsyncRedis.from_url(
        url,
        socket_connect_timeout=CONNECT_SECONDS,
        socket_timeout=ANSWER_SECONDS,
        retry=AsyncRetry(NoBackoff(), 1),
    )
    return client
