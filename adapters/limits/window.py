"""`RedisWindow`: an exact sliding window that processes share, in one round trip."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import timedelta

from redis.asyncio import BlockingConnectionPool, Redis
from redis.exceptions import NoScriptError

from adapters.batching import Answer, settle
from core.models import Verdict
from core.ports.clock import Clock
from core.ports.limiter import Limit

# KEYS: a list of the instants at which requests were admitted, newest first. ARGV: how many, the window.
# All times in microseconds of Redis's own clock, so that the clocks of machines don't have to agree.
_ADMIT = """
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
"""


@dataclass(frozen=True)
class _Asked:
    """One request that waits for its verdict."""

    key: str
    limit: Limit
    answer: Answer[list[int]]


class RedisWindow:
    """Raises what redis raises. Requests of the same turn of the event loop share a round trip."""

    def __init__(
        self, pool: BlockingConnectionPool, *, prefix: str, clock: Clock, turns: asyncio.Semaphore
    ) -> None:
        self._redis = Redis(connection_pool=pool)
        self._prefix = prefix
        self._clock = clock
        self._turns = turns
        self._script = self._redis.register_script(_ADMIT)
        self._asked: list[_Asked] = []
        self._asking: set[asyncio.Task[None]] = set()

    async def admit(self, key: str, limit: Limit) -> Verdict:
        """Count one request of `key` if the limit allows it."""
        loop = asyncio.get_running_loop()
        asked = _Asked(key, limit, Answer[list[int]](loop))
        self._asked.append(asked)
        if len(self._asked) == 1:
            loop.call_soon(self._ask_soon)
        allowed, count, age = await asked.answer.future
        return self._verdict(limit, allowed=bool(allowed), count=count, age=timedelta(microseconds=age))

    async def take_back(self, key: str, limit: Limit) -> bool:
        """Uncount the newest request, and return True: which one of them goes makes no difference to anybody."""
        await self._redis.lpop(self._key(key, limit))
        return True

    def _ask_soon(self) -> None:
        together, self._asked = self._asked, []
        task = asyncio.get_running_loop().create_task(self._ask(together), name="limits")
        self._asking.add(task)
        task.add_done_callback(self._asking.discard)

    async def _ask(self, together: list[_Asked]) -> None:
        try:
            async with self._turns:
                answers = await self._answers(together)
        except Exception as error:
            # Each of them decides for itself what to do without Redis.
            answers = [error for _ in together]
        settle(
            (asked.answer, None, answer) if isinstance(answer, Exception) else (asked.answer, answer, None)
            for asked, answer in zip(together, answers, strict=True)
        )

    async def _answers(self, together: list[_Asked]) -> list[list[int] | Exception]:
        try:
            return await self._evaluate(together)
        except NoScriptError:
            # It has been restarted, or told to forget its scripts. Nothing was counted.
            await self._redis.script_load(_ADMIT)
            return await self._evaluate(together)

    async def _evaluate(self, together: list[_Asked]) -> list[list[int] | Exception]:
        async with self._redis.pipeline(transaction=False) as pipeline:
            for asked in together:
                numbers = _numbers(asked.limit)
                pipeline.execute_command(
                    "EVALSHA", self._script.sha, 1, self._key(asked.key, asked.limit), *numbers
                )
            answers: list[list[int] | Exception] = await pipeline.execute(raise_on_error=False)
        for answer in answers:
            if isinstance(answer, NoScriptError):
                raise answer
        return answers

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
