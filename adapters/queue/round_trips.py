"""`RoundTrips`: what is asked of Redis at one moment goes there together, over one connection."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from hashlib import sha1
from typing import Any

from redis.asyncio import ConnectionPool
from redis.asyncio.connection import AbstractConnection
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError, NoScriptError, ResponseError

from adapters.batching import Answer, Said, settle

ANSWER_SECONDS = 1.0
LOOKS = 4
"""How often the loop must have looked for an answer in that time before it gives up."""
MOST_AT_ONCE = 200
"""How much one round trip asks at most: what waits longer than Redis may take is counted alone."""
Word = str | int


class Script:
    """Lua that Redis runs at once, known there by its hash."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.hash = sha1(text.encode(), usedforsecurity=False).hexdigest()


@dataclass(eq=False)
class _Asked:
    """One command that waits for its answer."""

    words: Sequence[Word]
    script: Script | None
    answer: Answer[Any] = field(default_factory=Answer)
    known: bool = False
    """Whether Redis has answered it, which its caller may not have waited for."""


class RoundTrips:
    """Redis as it is asked by coroutines of one event loop, in the order in which they ask.

    While one round trip is on its way those who ask gather for the next one. A fifth of what a connection from a pool
    for each of them costs. Who is cancelled takes nobody along; what was asked is asked all the same.
    """

    def __init__(self, redis_url: str) -> None:
        # RESP2 is cheaper to read, and one time limit for all that is asked together than one for each piece of it.
        pool = ConnectionPool.from_url(
            redis_url,
            protocol=2,
            socket_timeout=None,
            socket_connect_timeout=None,
            retry=Retry(NoBackoff(), 0),
        )
        self._connection: AbstractConnection = pool.make_connection()  # type: ignore[no-untyped-call]  # it says none
        self._asked: list[_Asked] = []
        self._asking: asyncio.Task[None] | None = None

    async def command(self, *words: Word) -> Any:
        """What Redis answers. Raises what redis raises, and TimeoutError."""
        return await self._ask(_Asked(words, None))

    async def run(self, script: Script, *, keys: Sequence[str], args: Sequence[Word]) -> Any:
        """The same for a script, which Redis is told where it doesn't know it."""
        return await self._ask(_Asked(("EVALSHA", script.hash, len(keys), *keys, *args), script))

    async def aclose(self) -> None:
        if self._asking is not None:
            self._asking.cancel()
            await asyncio.wait([self._asking])
        await self._connection.disconnect()

    async def _ask(self, asked: _Asked) -> Any:
        self._asked.append(asked)
        if self._asking is None:
            # It begins in the loop's next turn: whoever asks in this one comes along.
            self._asking = asyncio.get_running_loop().create_task(self._ask_all(), name="limits")
        return await asked.answer.future

    async def _ask_all(self) -> None:
        try:
            while self._asked:
                together, self._asked = self._asked[:MOST_AT_ONCE], self._asked[MOST_AT_ONCE:]
                await self._ask_together(together)
        finally:
            self._asking = None
            _fail(self._asked, ConnectionError("closed"))
            self._asked = []

    async def _ask_together(self, together: list[_Asked]) -> None:
        try:
            async with _Patience(ANSWER_SECONDS):
                await self._answer(together)
        except Exception as error:
            # Each of them decides for itself what to do without Redis. A server that keeps silent is not asked again
            # for those who came meanwhile.
            silent, self._asked = (self._asked, []) if isinstance(error, TimeoutError) else ([], self._asked)
            _fail([*together, *silent], error)
        except BaseException:
            _fail(together, ConnectionError("closed"))
            raise

    async def _answer(self, together: list[_Asked]) -> None:
        fresh = not self._connection.is_connected
        try:
            unknown = await self._exchange(together)
        except ConnectionError:
            # A connection from before a restart is tried anew.
            if fresh:
                raise
            unknown = await self._exchange([asked for asked in together if not asked.known])
        if unknown:
            # Redis has been restarted, or told to forget its scripts. Nothing was done.
            scripts = {asked.script for asked in unknown if asked.script is not None}
            loads = [_Asked(("SCRIPT", "LOAD", script.text), None) for script in scripts]
            if left := await self._exchange([*loads, *unknown]):
                _fail(left, NoScriptError())

    async def _exchange(self, together: list[_Asked]) -> list[_Asked]:
        """One round trip; returns those whose script Redis doesn't know."""
        connection, unknown = self._connection, list[_Asked]()
        await connection.send_packed_command(connection.pack_commands([asked.words for asked in together]))
        for asked in together:
            said: Said[Any]
            try:
                said = (asked.answer, await connection.read_response(), None)
            except NoScriptError:
                unknown.append(asked)
                continue
            except ResponseError as error:
                said = (asked.answer, None, error)
            asked.known = True
            settle([said])
        return unknown


class _Patience:
    """A time limit, of which a moment in which this process itself stood still uses up a part at most.

    When a machine wakes up or is overloaded, a plain time limit is over before the loop has looked for the answer,
    which may have come long ago. Raises TimeoutError.
    """

    def __init__(self, seconds: float) -> None:
        self._loop = asyncio.get_running_loop()
        self._each = seconds / LOOKS
        self._left = LOOKS
        self._limit = asyncio.timeout(None)

    async def __aenter__(self) -> None:
        await self._limit.__aenter__()
        self._timer = self._loop.call_later(self._each, self._look)

    async def __aexit__(self, *raised: Any) -> None:
        self._timer.cancel()
        await self._limit.__aexit__(*raised)

    def _look(self) -> None:
        self._left -= 1
        if self._left:
            self._timer = self._loop.call_later(self._each, self._look)
        else:
            self._limit.reschedule(self._loop.time())


def _fail(those: list[_Asked], error: Exception) -> None:
    settle((asked.answer, None, error) for asked in those)
