"""What was said before an instruction, read once in each process: all of its steps begin at the same moment."""

from __future__ import annotations

import asyncio
from collections import OrderedDict

from core.models import Delegation, Exchange
from core.policies import HISTORY_EXCHANGES
from core.ports.store import Store
from core.schedules.firing import ORIGIN as SCHEDULE

MANY = 256


class Histories:
    """The last exchanges before each of the delegations that are worked on, kept while there are not too many."""

    def __init__(self, store: Store, *, kept: int = MANY) -> None:
        self._store = store
        self._kept = kept
        self._reads: OrderedDict[str, asyncio.Future[tuple[Exchange, ...]]] = OrderedDict()

    def know(self, delegation: Delegation, history: tuple[Exchange, ...]) -> None:
        """It was read along with the delegation."""
        known: asyncio.Future[tuple[Exchange, ...]] = asyncio.get_running_loop().create_future()
        known.set_result(history)
        self._keep(delegation, known)

    async def of(self, delegation: Delegation) -> tuple[Exchange, ...]:
        """Oldest first, as they stood when they were first asked for here; what a schedule asks stands by itself.

        Raises StoreUnavailable.
        """
        if delegation.instruction.origin == SCHEDULE:
            return ()
        read = self._reads.get(delegation.id)
        if read is None or (read.done() and (read.cancelled() or read.exception() is not None)):
            read = asyncio.create_task(self._read(delegation), name=f"history {delegation.id}")
        self._keep(delegation, read)
        # Shielded: the step that asked first may be cancelled while others wait for the same.
        return await asyncio.shield(read)

    def _keep(self, delegation: Delegation, read: asyncio.Future[tuple[Exchange, ...]]) -> None:
        self._reads[delegation.id] = read
        self._reads.move_to_end(delegation.id)
        while len(self._reads) > self._kept:
            self._reads.popitem(last=False)

    async def _read(self, delegation: Delegation) -> tuple[Exchange, ...]:
        return await self._store.conversation(
            delegation.instruction.address, before=delegation.received_at, limit=HISTORY_EXCHANGES
        )
