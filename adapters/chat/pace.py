"""How fast a platform may be written to: turns, shared by all processes through the limiter, oldest question first."""

from __future__ import annotations

import asyncio
import heapq
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import count
from typing import NamedTuple

from core.errors import MessengerBusy, MessengerUnavailable
from core.ports.clock import Clock
from core.ports.limiter import Limit, Limiter

LONGEST_WAIT_SECONDS = 100.0
"""Longer than that a job does not wait; the answer is kept and posted later."""
PLACEHOLDER_WAIT_SECONDS = 5.0
"""What says "on it" later than that reassures nobody, and takes the turn of an answer."""
ASK_AGAIN_SECONDS = 1.0
LONGEST_CALL_SECONDS = 20.0
"""A call that takes longer is not waited for by others: its process may have died."""


class Lane(NamedTuple):
    """Something that a platform limits: a chat, all edits, everything."""

    key: str
    limit: Limit

    @property
    def interval_seconds(self) -> float:
        return self.limit.window_seconds / self.limit.requests


class Pace:
    """Gives each call its turn.

    In this process the calls of one lane wait at a gate, by their order; the one at the gate waits in the limiter's
    line, with those at the gates of other processes. So the oldest question goes first, wherever it waits.
    """

    def __init__(self, *, limiter: Limiter, clock: Clock) -> None:
        self._limiter = limiter
        self._clock = clock
        self._gates: dict[str, _Gate] = {}

    @asynccontextmanager
    async def turn(
        self, *lanes: Lane, order: float = 0.0, patience_seconds: float = LONGEST_WAIT_SECONDS
    ) -> AsyncIterator[None]:
        """Make the call inside. Raises MessengerBusy, before anything is sent, where that takes too long.

        Nothing else enters the first lane meanwhile, nor for its interval after the call, in any process: a platform
        counts when a call arrives, not when it is made. Where it asks for more patience all processes have it.
        """
        place = lanes[0]
        gate = await self._enter(lanes, _Claim(order, patience_seconds, alone=place))
        try:
            pause = place.interval_seconds
            try:
                yield
            except MessengerUnavailable as error:
                # One interval more than it is told itself: who was refused comes back before anybody else goes on.
                pause += error.retry_after_seconds or 0.0
                raise
            finally:
                await self._limiter.hold(place.key, seconds=pause)
        finally:
            self._leave(place.key, gate)

    async def pass_through(
        self, *lanes: Lane, order: float = 0.0, patience_seconds: float = LONGEST_WAIT_SECONDS
    ) -> None:
        """Wait for a turn; the calls themselves may overlap. Raises MessengerBusy where it takes too long."""
        gate = await self._enter(lanes, _Claim(order, patience_seconds))
        self._leave(lanes[0].key, gate)

    async def hold(self, lane: Lane, *, seconds: float) -> None:
        """Let nobody into the lane for so long: the platform asked for it."""
        await self._limiter.hold(lane.key, seconds=seconds)

    async def first(self, key: str, *, within_seconds: float) -> bool:
        """Whether this is the first time within so long that this is asked."""
        return (await self._limiter.admit(key, Limit(requests=1, window_seconds=within_seconds))).allowed

    async def _enter(self, lanes: tuple[Lane, ...], claim: _Claim) -> _Gate:
        """Pass the gate of the first lane, and all the lanes, the most general one first."""
        key = lanes[0].key
        gate = self._gates.setdefault(key, _Gate())
        wait = gate.ahead(claim.order) * max(lane.interval_seconds for lane in lanes)
        if wait > claim.patience_seconds:
            raise MessengerBusy(retry_after_seconds=wait)
        await gate.enter(claim.order)
        try:
            for lane in reversed(lanes):
                while not await self._stand(lane, claim, gate, may_step_back=lane is lanes[-1]):
                    gate.leave()
                    await gate.enter(claim.order)
        except BaseException:
            self._leave(key, gate)
            raise
        return gate

    def _leave(self, key: str, gate: _Gate) -> None:
        gate.leave()
        if gate.idle:
            self._gates.pop(key, None)

    async def _stand(self, lane: Lane, claim: _Claim, gate: _Gate, *, may_step_back: bool) -> bool:
        """Stand in line until it is this one's turn; False where one who asked earlier has come to the gate."""
        ticket = secrets.token_hex(8)
        alone = LONGEST_CALL_SECONDS if lane is claim.alone else 0.0
        try:
            while wait := await self._limiter.line_up(
                lane.key, lane.limit, ticket=ticket, order=claim.order, alone_seconds=alone
            ):
                if wait > claim.patience_seconds:
                    raise MessengerBusy(retry_after_seconds=wait)
                # Somebody ahead may leave the line: who sleeps until the expected turn would not see it.
                await self._clock.sleep(min(wait, ASK_AGAIN_SECONDS))
                if may_step_back and gate.ahead_waiting(claim.order):
                    await self._limiter.leave(lane.key, ticket=ticket)
                    return False
        except BaseException:
            # Others must not wait for one who no longer does.
            await self._limiter.leave(lane.key, ticket=ticket)
            raise
        return True


class _Claim(NamedTuple):
    order: float
    patience_seconds: float
    alone: Lane | None = None
    """The lane in which nothing else may happen meanwhile."""


class _Gate:
    """One at a time, the lowest order first."""

    def __init__(self) -> None:
        self._taken = False
        self._arrivals = count()
        self._waiting: list[tuple[float, int, asyncio.Future[None]]] = []

    @property
    def idle(self) -> bool:
        return not self._taken

    def ahead(self, order: float) -> int:
        """How many go before this order."""
        return self._taken + sum(other <= order and not one.done() for other, _, one in self._waiting)

    def ahead_waiting(self, order: float) -> bool:
        """Whether somebody who asked earlier waits at the gate."""
        return any(other < order and not one.done() for other, _, one in self._waiting)

    async def enter(self, order: float) -> None:
        if not self._taken:
            self._taken = True
            return
        called: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._waiting, (order, next(self._arrivals), called))
        try:
            await called
        except asyncio.CancelledError:
            if called.done() and not called.cancelled():
                # Called in the very moment of the cancellation: the next one must not wait for ever.
                self.leave()
            raise

    def leave(self) -> None:
        while self._waiting:
            _, _, called = heapq.heappop(self._waiting)
            if not called.done():
                called.set_result(None)
                return
        self._taken = False
