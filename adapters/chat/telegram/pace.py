"""How fast Telegram may be written to: one place, shared by all processes through the limiter."""

from __future__ import annotations

from core.errors import MessengerUnavailable
from core.ports.clock import Clock
from core.ports.limiter import Limit, Limiter

# Telegram's FAQ, "My bot is hitting limits": one a second in a chat, 20 a minute in a group, 30 a second in all.
PER_CHAT = Limit(requests=1, window_seconds=1.0)
PER_GROUP = Limit(requests=20, window_seconds=60.0)
IN_ALL = Limit(requests=30, window_seconds=1.0)
LONGEST_WAIT_SECONDS = 100.0
"""Longer than that a job does not wait; the answer is kept and posted later."""


class Pace:
    """Gives each call its turn."""

    def __init__(self, *, limiter: Limiter, clock: Clock) -> None:
        self._limiter = limiter
        self._clock = clock

    async def turn(self, place: str) -> None:
        """Wait until this chat may be written to. Raises MessengerUnavailable where that takes too long."""
        if place.startswith("-"):
            await self._admitted(f"telegram:group:{place}", PER_GROUP)
        await self._admitted(f"telegram:chat:{place}", PER_CHAT)
        await self._admitted("telegram:all", IN_ALL)

    async def first(self, key: str, *, within_seconds: float) -> bool:
        """Whether this is the first time within so long that this is asked."""
        return (await self._limiter.admit(key, Limit(requests=1, window_seconds=within_seconds))).allowed

    async def _admitted(self, key: str, limit: Limit) -> None:
        waited = 0.0
        while not (verdict := await self._limiter.admit(key, limit)).allowed:
            wait = max(0.05, verdict.retry_after_seconds)
            waited += wait
            if waited > LONGEST_WAIT_SECONDS:
                raise MessengerUnavailable("That Telegram chat is full just now.", retry_after_seconds=wait)
            await self._clock.sleep(wait)
