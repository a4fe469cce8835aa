"""Hearing of events while they happen."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Protocol

from core.models import Event


class EventLog(Protocol):
    """Live views over the events in the store."""

    def ring(self, delegation_id: str) -> None:
        """Tell followers, here and elsewhere, that there is something new. A hint: never raises, may be lost."""
        ...

    def follow(self, delegation_id: str, *, after: int = 0) -> AsyncIterator[Event]:
        """Every event of the delegation in order, past and coming, without gaps; ends once it is delivered."""
        ...
