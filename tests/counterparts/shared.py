"""What connections have in common, in memory."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from adapters.chat.platform import Shared
from core.errors import MessengerUnavailable
from core.memory.admissions import InMemoryAdmissions
from core.memory.limiter import InMemoryLimiter
from core.ports.clock import Clock


def in_memory(clock: Clock) -> Shared:
    """A limiter and admissions of this process's own."""
    return Shared(
        limiter=InMemoryLimiter(clock=clock),
        admissions=InMemoryAdmissions(),
        base_url="http://127.0.0.1:8080",
    )


async def deliver(post: Callable[[], Awaitable[str]], *, clock: Clock) -> str:
    """Post until it is posted, as often as it takes, waiting as long as is asked: what delivery and reconcile do."""
    while True:
        try:
            return await post()
        except MessengerUnavailable as error:
            await clock.sleep(error.retry_after_seconds or 1.0)
