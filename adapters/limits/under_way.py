"""`RedisUnderWay`: what one process at a time may do, and not too often."""

from __future__ import annotations

from adapters.queue.round_trips import RoundTrips, Script

# KEYS: the ticket of what is under way, and whether it is too soon. ARGV: a ticket, how often, for how long at most.
_BEGIN = Script(
    """
local soon = redis.call('PTTL', KEYS[2])
if soon > 0 then return soon end
if redis.call('EXISTS', KEYS[1]) == 1 then return tonumber(ARGV[2]) end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[3])
redis.call('SET', KEYS[2], '', 'PX', ARGV[2])
return 0
"""
)
_END = Script("if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end")


class RedisUnderWay:
    """Raises what redis raises, and TimeoutError."""

    def __init__(self, redis: RoundTrips, *, prefix: str) -> None:
        self._redis = redis
        self._prefix = prefix

    async def begin(self, key: str, *, ticket: str, every_seconds: float, within_seconds: float) -> float:
        wait = await self._redis.run(
            _BEGIN,
            keys=[self._key(key, "ticket"), self._key(key, "soon")],
            args=[ticket, _milliseconds(every_seconds), _milliseconds(within_seconds)],
        )
        return int(wait) / 1000

    async def end(self, key: str, *, ticket: str) -> None:
        await self._redis.run(_END, keys=[self._key(key, "ticket")], args=[ticket])

    async def there(self, key: str) -> bool:
        return bool(await self._redis.command("EXISTS", self._key(key, "ticket")))

    def _key(self, key: str, part: str) -> str:
        # In braces: what belongs together lies on one machine of a cluster.
        return f"{self._prefix}:under-way:{{{key}}}:{part}"


def _milliseconds(seconds: float) -> int:
    return max(1, round(seconds * 1000))
