"""Outlasting Redis: the same patience for every thread of a worker."""

from __future__ import annotations

import logging
import random
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import redis.exceptions
from redis import ConnectionPool, Redis
from redis.backoff import NoBackoff
from redis.retry import Retry
from rq.connections import get_connection_kwargs

from workers.events import Events
from workers.pace import Pace

# BusyLoadingError is a ConnectionError; the last three pass with a failover, or when memory is free again (a
# transaction answers either with EXECABORT).
TRANSIENT: tuple[type[Exception], ...] = (
    redis.exceptions.ConnectionError,
    redis.exceptions.TimeoutError,
    redis.exceptions.ReadOnlyError,
    redis.exceptions.OutOfMemoryError,
    redis.exceptions.ExecAbortError,
)

_WRAPPED: dict[str, type[Exception]] = {
    " -OOM ": redis.exceptions.OutOfMemoryError,
    " -READONLY ": redis.exceptions.ReadOnlyError,
}

logger = logging.getLogger("flowmate.worker")
T = TypeVar("T")


class NotRecordedError(redis.exceptions.ConnectionError):
    """RQ swallowed a failing transaction; the record has to be written again."""


def private_client(connection: Redis, *, answer_within_seconds: float) -> Redis:
    """Returns a client to the same server whose commands are never repeated behind the worker's back.

    redis-py repeats a transaction whose answer was lost, up to ten times; one that re-queues a job would queue
    it twice. Plain, TLS and unix-socket pools are supported; Sentinel's are not.
    """
    settings = get_connection_kwargs(connection)
    settings.pop("max_connections", None)
    settings |= {
        "socket_timeout": answer_within_seconds,
        "retry": Retry(NoBackoff(), 0),
        "retry_on_error": [],
    }
    return Redis(connection_pool=ConnectionPool(connection.connection_pool.connection_class, **settings))


class Script:
    """A script of ours. Redis before 7 wraps what a command in it is refused with; here it is raised as elsewhere."""

    def __init__(self, connection: Redis, text: str) -> None:
        self._script = connection.register_script(text)

    def __call__(self, *, keys: Sequence[str], args: Sequence[str | int | float]) -> Any:
        try:
            return self._script(keys=keys, args=args)
        except redis.exceptions.ResponseError as error:
            wrapped = next((kind for sign, kind in _WRAPPED.items() if sign in str(error)), None)
            if wrapped is None:
                raise
            raise wrapped(str(error)) from error


class Outage:
    """Knows whether Redis answers, and makes callers wait until it does.

    The first thread that gets through wakes all others, so nobody sleeps out a long back-off.
    """

    def __init__(self, pace: Pace, *, events: Events, on_recovery: Callable[[], None]) -> None:
        self._pace = pace
        self._events = events
        self._on_recovery = on_recovery
        self._down_since: float | None = None
        self._changed = threading.Condition()

    def outlast(self, action: Callable[[], T], *, give_up: threading.Event) -> T:
        """Repeats the action until Redis answers; raises its last error once `give_up` is set."""
        attempt = 0
        while True:
            try:
                result = action()
            except TRANSIENT as error:
                if give_up.is_set():
                    raise
                self._wait(error, attempt, give_up)
                attempt += 1
            else:
                if self._down_since is not None:
                    self._recovered()
                return result

    def wake(self) -> None:
        """Lets every waiting caller try once more, at once."""
        with self._changed:
            self._changed.notify_all()

    def _wait(self, error: Exception, attempt: int, give_up: threading.Event) -> None:
        ceiling = min(self._pace.longest_retry, self._pace.first_retry * 2**attempt)
        delay = random.uniform(ceiling / 2, ceiling)
        with self._changed:
            if self._down_since is None:
                self._down_since = time.monotonic()
                logger.warning("redis does not answer (%s), trying again in %.1f s", error, delay)
                self._events.tell("outage")
            else:
                logger.info("redis still does not answer (%s), trying again in %.1f s", error, delay)
            if not give_up.is_set():
                self._changed.wait(delay)

    def _recovered(self) -> None:
        with self._changed:
            if self._down_since is None:
                return
            lasted = time.monotonic() - self._down_since
            self._down_since = None
            self._changed.notify_all()
        logger.warning("redis answers again after %.1f s", lasted)
        self._events.tell("recovered", seconds=lasted)
        self._on_recovery()
