"""`InMemoryEventLog`: followers of one process."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractContextManager

from core.errors import NotFound
from core.memory.rings import Listeners
from core.models import DelegationState, Event, EventKind
from core.ports.event_log import Rings
from core.ports.store import Store

TURNS = frozenset({EventKind.DELEGATION_DELIVERED, EventKind.DELEGATION_RETRIED})


class InMemoryEventLog:
    """The EventLog port over a store; a ring is heard by every follower at once, and none is lost."""

    def __init__(self, *, store: Store) -> None:
        self._store = store
        self._bells: dict[str, set[asyncio.Event]] = {}
        self._listeners = Listeners()
        self.rung: list[str] = []
        """Every id that was rung for, in order."""

    def ring(self, delegation_id: str) -> None:
        self.rung.append(delegation_id)
        for bell in self._bells.get(delegation_id, ()):
            bell.set()
        self._listeners.ring(delegation_id)

    def listen(self) -> AbstractContextManager[Rings]:
        return self._listeners.listen()

    async def follow(self, delegation_id: str, *, after: int = 0) -> AsyncIterator[Event]:
        bell = asyncio.Event()
        self._bells.setdefault(delegation_id, set()).add(bell)
        try:
            over = await self._is_over(delegation_id)
            while True:
                bell.clear()
                turned = False
                for event in await self._store.events(delegation_id, after=after):
                    after = event.sequence
                    turned = turned or event.kind in TURNS
                    yield event
                if turned:
                    # A delivered delegation may have been started again meanwhile: its row knows.
                    over = await self._is_over(delegation_id)
                elif over:
                    return
                else:
                    await bell.wait()
        finally:
            bells = self._bells[delegation_id]
            bells.discard(bell)
            if not bells:
                del self._bells[delegation_id]

    async def _is_over(self, delegation_id: str) -> bool:
        try:
            return (await self._store.load(delegation_id)).state is DelegationState.DELIVERED
        except NotFound:
            return False
