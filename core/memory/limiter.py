"""`InMemoryLimiter`: an exact sliding window on the Clock, and lines."""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from core.models import Verdict
from core.ports.clock import Clock
from core.ports.limiter import TICKET_SECONDS, Limit

SOON_SECONDS = 0.02
MANY_KEYS = 10_000
"""From so many on, those whose windows are empty are forgotten, whenever there are twice as many as were left."""


@dataclass
class Ticket:
    """Where somebody stands in line, and when that was last said."""

    order: float
    shown_at: float


@dataclass
class Line:
    """Who waits, who was let in within the window, and until when nobody is."""

    tickets: dict[str, Ticket] = field(default_factory=dict)
    entered: list[float] = field(default_factory=list)
    held_until: float = 0.0
    alone_until: float = 0.0

    def step_up(self, limit: Limit, *, ticket: Ticket, name: str, alone_seconds: float) -> float:
        now, order = ticket.shown_at, ticket.order
        self.tickets = {
            other: one for other, one in self.tickets.items() if one.shown_at > now - TICKET_SECONDS
        }
        self.tickets[name] = ticket
        self.entered = [at for at in self.entered if at > now - limit.window_seconds]
        ahead = sum((one.order, other) < (order, name) for other, one in self.tickets.items())
        free = limit.requests - len(self.entered)
        if not ahead and free > 0 and now >= max(self.held_until, self.alone_until):
            del self.tickets[name]
            self.entered.append(now)
            self.alone_until = now + alone_seconds
            return 0.0
        rounds, place = divmod(ahead - free, limit.requests) if ahead >= free else (-1, 0)
        leaves = self.entered[place] if rounds >= 0 and place < len(self.entered) else now
        opens = leaves + limit.window_seconds * (rounds + 1)
        held = self.held_until + ahead * limit.window_seconds / limit.requests
        return max(opens - now, held - now if self.held_until > now else 0.0, SOON_SECONDS)


@dataclass(frozen=True)
class Begun:
    """What began last: whose it is, when it counts as over, and from when on somebody may begin again."""

    ticket: str
    over_at: float
    again_at: float


class InMemoryLimiter:
    """The Limiter port in this process: a request counts for exactly one window after it was admitted."""

    def __init__(self, *, clock: Clock) -> None:
        self._clock = clock
        self._admitted: dict[tuple[str, Limit], deque[datetime]] = {}
        self._many = MANY_KEYS
        self._lines: dict[str, Line] = {}
        self._begun: dict[str, Begun] = {}

    async def admit(self, key: str, limit: Limit) -> Verdict:
        await asyncio.sleep(0)
        now = self._clock.now()
        window = timedelta(seconds=limit.window_seconds)
        if len(self._admitted) >= self._many:
            self._forget(now)
        admitted = self._admitted.setdefault((key, limit), deque())
        while admitted and admitted[0] <= now - window:
            admitted.popleft()
        allowed = len(admitted) < limit.requests
        if allowed:
            admitted.append(now)
        remaining = limit.requests - len(admitted)
        # With room left, the window is empty again once its newest request has left it, which is this one.
        decisive = admitted[-1 if remaining else 0] if admitted else now
        wait = 0.0 if allowed else (decisive + window - now).total_seconds()
        return Verdict(
            allowed=allowed,
            limit=limit.requests,
            remaining=remaining,
            window_seconds=limit.window_seconds,
            reset_at=decisive + window,
            retry_after_seconds=wait,
        )

    async def take_back(self, key: str, limit: Limit) -> None:
        if admitted := self._admitted.get((key, limit)):
            admitted.pop()

    def _forget(self, now: datetime) -> None:
        self._admitted = {
            (key, limit): admitted
            for (key, limit), admitted in self._admitted.items()
            if admitted and admitted[-1] > now - timedelta(seconds=limit.window_seconds)
        }
        self._many = max(MANY_KEYS, 2 * len(self._admitted))

    async def line_up(
        self, key: str, limit: Limit, *, ticket: str, order: float, alone_seconds: float = 0.0
    ) -> float:
        await asyncio.sleep(0)
        line = self._lines.setdefault(key, Line())
        shown = Ticket(order, self._clock.monotonic())
        return line.step_up(limit, ticket=shown, name=ticket, alone_seconds=alone_seconds)

    async def leave(self, key: str, *, ticket: str) -> None:
        if key in self._lines:
            self._lines[key].tickets.pop(ticket, None)

    async def hold(self, key: str, *, seconds: float) -> None:
        line = self._lines.setdefault(key, Line())
        line.held_until = max(line.held_until, self._clock.monotonic() + seconds)
        line.alone_until = 0.0

    async def begin(self, key: str, *, ticket: str, every_seconds: float, within_seconds: float) -> float:
        await asyncio.sleep(0)
        now, begun = self._clock.monotonic(), self._begun.get(key)
        if begun is not None and now < begun.again_at:
            return begun.again_at - now
        if await self.under_way(key):
            return max(every_seconds, SOON_SECONDS)
        if len(self._begun) >= MANY_KEYS:
            self._begun = {
                other: one for other, one in self._begun.items() if now < max(one.again_at, one.over_at)
            }
        self._begun[key] = Begun(ticket, over_at=now + within_seconds, again_at=now + every_seconds)
        return 0.0

    async def end(self, key: str, *, ticket: str) -> None:
        begun = self._begun.get(key)
        if begun is not None and begun.ticket == ticket:
            self._begun[key] = replace(begun, over_at=self._clock.monotonic())

    async def under_way(self, key: str) -> bool:
        begun = self._begun.get(key)
        return begun is not None and self._clock.monotonic() < begun.over_at
