"""How often, and how long apart, a platform that is out is asked again within one job."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeVar

from tenacity import AsyncRetrying, RetryCallState, retry_if_exception_type

from core.errors import MessengerUnavailable
from core.models import Address
from core.ports.clock import Clock

T = TypeVar("T")
Gone = Callable[[Address, str], Awaitable[None]]
"""Told that nobody can be written to at this address any more, and why."""

ATTEMPTS = 3
LONGEST_WAIT_SECONDS = 30.0


async def patiently(call: Callable[[], Awaitable[T]], *, clock: Clock) -> T:
    """What the call gives, which a platform may not take just now: then it is made again, a few times.

    Raises MessengerUnavailable after the last time, and at once what else the call raises.
    """
    try:
        return await call()
    except MessengerUnavailable as error:
        first = [error]

    async def again() -> T:
        if first:
            raise first.pop()
        return await call()

    # Nearly every first attempt is the only one: what goes about the others is built when there are any.
    return await _attempts(clock)(again)


def _attempts(clock: Clock) -> AsyncRetrying:
    return AsyncRetrying(
        sleep=clock.sleep,
        stop=is_over,
        wait=wait,
        retry=retry_if_exception_type(MessengerUnavailable),
        reraise=True,
    )


def wait(state: RetryCallState) -> float:
    return max(float(state.attempt_number), _asked_seconds(state))


def is_over(state: RetryCallState) -> bool:
    # Where the platform wants more patience than a job has, trying sooner would only make it longer.
    return state.attempt_number >= ATTEMPTS or _asked_seconds(state) > LONGEST_WAIT_SECONDS


def _asked_seconds(state: RetryCallState) -> float:
    error = state.outcome.exception() if state.outcome else None
    return (error.retry_after_seconds or 0.0) if isinstance(error, MessengerUnavailable) else 0.0


async def nobody_minds(address: Address, reason: str) -> None:
    """Nothing else hangs on an address."""
