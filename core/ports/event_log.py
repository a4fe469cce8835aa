"""Hearing of events while they happen."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AbstractContextManager
from typing import Protocol

from core.models import Event


class Rings(Protocol):
    """What was rung for, as one listener hears it."""

    async def heard(self, *, within_seconds: float) -> frozenset[str]:
        """The delegations that were rung for since the last call, waiting for the first one; none where none came in
        time."""
        ...


class EventLog(Protocol):
    """Live views over the events in the store."""

    def ring(self, delegation_id: str) -> None:
        """Tell followers, here and elsewhere, that there is something new. A hint: never raises, may be lost."""
        ...

    def follow(self, delegation_id: str, *, after: int = 0) -> AsyncIterator[Event]:
        """Every event of the delegation in order, past and coming, without gaps; ends once it is delivered."""
        ...

    def listen(self) -> AbstractContextManager[Rings]:
        """Hear the rings for all delegations from here on. A ring may be lost: whoever has to know looks again from
        time to time."""
        ...
