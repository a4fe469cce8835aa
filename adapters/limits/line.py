"""`RedisLine`: a line that processes share, in which the lowest order goes first."""

from __future__ import annotations

from adapters.queue.round_trips import RoundTrips, Script
from core.ports.limiter import TICKET_SECONDS, Limit

# Redis's own time decides, so that the clocks of machines don't have to agree. All times in milliseconds.
_NOW = "local t = redis.call('TIME'); local now = t[1] * 1000 + math.floor(t[2] / 1000)\n"
_STEP_UP = Script(
    _NOW
    + """
local tickets, shown, entered, held_key, alone_key = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5]
local ticket, order, most, window, life = ARGV[1], ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5])
local alone_ms = tonumber(ARGV[6])
for _, gone in ipairs(redis.call('ZRANGEBYSCORE', shown, '-inf', now - life)) do
  redis.call('ZREM', tickets, gone); redis.call('ZREM', shown, gone)
end
redis.call('ZADD', tickets, order, ticket); redis.call('ZADD', shown, now, ticket)
redis.call('ZREMRANGEBYSCORE', entered, '-inf', '(' .. (now - window))
local ahead, inside = redis.call('ZRANK', tickets, ticket), redis.call('ZCARD', entered)
local held, free = tonumber(redis.call('GET', held_key) or '0'), most - inside
local wait = 0
if ahead == 0 and free > 0 and now >= held and redis.call('EXISTS', alone_key) == 0 then
  redis.call('ZREM', tickets, ticket); redis.call('ZREM', shown, ticket)
  redis.call('ZADD', entered, now, ticket)
  if alone_ms > 0 then redis.call('SET', alone_key, ticket, 'PX', alone_ms) end
else
  local opens = now
  if ahead >= free then
    local rounds, place = math.floor((ahead - free) / most), (ahead - free) % most
    local leaves = redis.call('ZRANGE', entered, place, place, 'WITHSCORES')[2]
    opens = tonumber(leaves or now) + window * (rounds + 1)
  end
  if held > now then opens = math.max(opens, held + ahead * window / most) end
  wait = math.max(math.ceil(opens - now), 20)
end
for _, key in ipairs({tickets, shown, entered}) do redis.call('PEXPIRE', key, window + life) end
return wait
"""
)
_HOLD = Script(
    _NOW
    + """
-- One more, since `now` was cut off.
local until_ms = now + tonumber(ARGV[1]) + 1
redis.call('DEL', KEYS[2])
if until_ms > tonumber(redis.call('GET', KEYS[1]) or '0') then
  redis.call('SET', KEYS[1], string.format('%.0f', until_ms), 'PX', ARGV[1])
end
"""
)
_LEAVE = Script("redis.call('ZREM', KEYS[1], ARGV[1]); redis.call('ZREM', KEYS[2], ARGV[1])")


class RedisLine:
    """Raises what redis raises, and TimeoutError."""

    def __init__(self, redis: RoundTrips, *, prefix: str) -> None:
        self._redis = redis
        self._prefix = prefix

    async def step_up(
        self, key: str, limit: Limit, *, ticket: str, order: float, alone_seconds: float
    ) -> float:
        wait = await self._redis.run(
            _STEP_UP,
            keys=[self._key(key, part) for part in ("tickets", "shown", "entered", "held", "alone")],
            args=[
                ticket,
                repr(order),
                limit.requests,
                max(1, round(limit.window_seconds * 1000)),
                round(TICKET_SECONDS * 1000),
                round(alone_seconds * 1000),
            ],
        )
        return int(wait) / 1000

    async def leave(self, key: str, *, ticket: str) -> None:
        await self._redis.run(
            _LEAVE, keys=[self._key(key, part) for part in ("tickets", "shown")], args=[ticket]
        )

    async def hold(self, key: str, *, seconds: float) -> None:
        await self._redis.run(
            _HOLD,
            keys=[self._key(key, part) for part in ("held", "alone")],
            args=[max(1, round(seconds * 1000))],
        )

    def _key(self, key: str, part: str) -> str:
        # In braces: what belongs together lies on one machine of a cluster.
        return f"{self._prefix}:line:{{{key}}}:{part}"
