"""Counting requests, and waiting for one's turn."""

from __future__ import annotations

from typing import Protocol

from core.models import Frozen, Verdict


class Limit(Frozen):
    """At most `requests` in any `window_seconds` (a sliding window)."""

    requests: int
    window_seconds: float


TICKET_SECONDS = 5.0
"""A ticket that was not shown for so long is no longer in line: its process died."""


class Limiter(Protocol):
    """Exact under concurrency: of any number of simultaneous requests exactly the limit is admitted."""

    async def admit(self, key: str, limit: Limit) -> Verdict:
        """Count one request of `key` if the limit allows it. Never raises: without its store it counts alone."""
        ...

    async def take_back(self, key: str, limit: Limit) -> None:
        """Uncount one request that was admitted and turned out to be none, as one that came again. Never raises."""
        ...

    async def line_up(
        self, key: str, limit: Limit, *, ticket: str, order: float, alone_seconds: float = 0.0
    ) -> float:
        """Stand in line for `key`, or step up: 0 where it is this ticket's turn, which is counted then.

        Otherwise the seconds until its turn is expected; show the ticket again by then, and at least every few
        seconds. Of those who stand in line the lowest `order` goes first, in whichever process it waits. With
        `alone_seconds` nobody follows until `hold` is called, or so long where that never happens. Never raises:
        without its store this process has a line of its own. Lines and `admit` count apart.
        """
        ...

    async def leave(self, key: str, *, ticket: str) -> None:
        """Give up a place in line. Safe to repeat. Never raises."""
        ...

    async def hold(self, key: str, *, seconds: float) -> None:
        """Who stepped up is done; let nobody step up for so long, or longer where that was said. Never raises."""
        ...

    async def begin(self, key: str, *, ticket: str, every_seconds: float, within_seconds: float) -> float:
        """Begin what one at a time may do, in whichever process: 0 where this ticket has begun.

        Otherwise the seconds until it is worth asking again: it is less than `every_seconds` since one began, or one
        is still under way. Nobody else begins before `end`, or for `within_seconds` where that never comes. Never
        raises: without its store this process knows only its own.
        """
        ...

    async def end(self, key: str, *, ticket: str) -> None:
        """What this ticket began is over. Nothing where it has not, or no longer counts. Never raises."""
        ...

    async def under_way(self, key: str) -> bool:
        """Whether something that was begun is not over yet, and not for too long. Never raises."""
        ...
