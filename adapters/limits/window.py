"""`RedisWindow`: an exact sliding window that processes share."""

from __future__ import annotations

from datetime import timedelta

from adapters.queue.round_trips import RoundTrips, Script
from core.models import Verdict
from core.ports.clock import Clock
from core.ports.limiter import Limit

# KEYS: a list of the instants at which requests were admitted, newest first. ARGV: how many, the window.
# All times in microseconds of Redis's own clock, so that the clocks of machines don't have to agree.
_ADMIT = Script("""
local t = redis.call('TIME')
local now, most, window = t[1] * 1000000 + t[2], tonumber(ARGV[1]), tonumber(ARGV[2])
local oldest = redis.call('LINDEX', KEYS[1], -1)
while oldest and tonumber(oldest) <= now - window do
  redis.call('RPOP', KEYS[1])
  oldest = redis.call('LINDEX', KEYS[1], -1)
end
local count, allowed = redis.call('LLEN', KEYS[1]), 0
if count < most then
  allowed, count = 1, count + 1
  redis.call('LPUSH', KEYS[1], string.format('%.0f', now))
  redis.call('PEXPIRE', KEYS[1], math.ceil(window / 1000))
end
return {allowed, count, now - tonumber(oldest or now)}
""")


class RedisWindow:
    """Raises what redis raises, and TimeoutError."""

    def __init__(self, redis: RoundTrips, *, prefix: str, clock: Clock) -> None:
        self._redis = redis
        self._prefix = prefix
        self._clock = clock

    async def admit(self, key: str, limit: Limit) -> Verdict:
        """Count one request of `key` if the limit allows it."""
        allowed, count, age = await self._redis.run(
            _ADMIT, keys=[self._key(key, limit)], args=_numbers(limit)
        )
        return self._verdict(limit, allowed=bool(allowed), count=count, age=timedelta(microseconds=age))

    async def take_back(self, key: str, limit: Limit) -> bool:
        """Uncount the newest request, and return True: which one of them goes makes no difference to anybody."""
        await self._redis.command("LPOP", self._key(key, limit))
        return True

    def _key(self, key: str, limit: Limit) -> str:
        most, window = _numbers(limit)
        return f"{self._prefix}:window:{key}:{most}:{window}"

    def _verdict(self, limit: Limit, *, allowed: bool, count: int, age: timedelta) -> Verdict:
        now = self._clock.now()
        window = timedelta(seconds=limit.window_seconds)
        remaining = max(0, limit.requests - count)
        # With room left, the window is empty again once its newest request has left it, which is this one.
        reset_at = now + window if allowed and remaining else max(now, now + window - age)
        return Verdict(
            allowed=allowed,
            limit=limit.requests,
            remaining=remaining,
            window_seconds=limit.window_seconds,
            reset_at=reset_at,
            # Not less than what a client would round to nothing.
            retry_after_seconds=0.0 if allowed else max(0.05, (reset_at - now) / timedelta(seconds=1)),
        )


def _numbers(limit: Limit) -> tuple[int, int]:
    """How many, and the window in microseconds."""
    return limit.requests, max(1, round(limit.window_seconds * 1_000_000))
