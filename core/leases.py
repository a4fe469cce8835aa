"""Keeping the claims of this process alive, all in one statement."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

from core.errors import StoreUnavailable
from core.policies import LEASE_RENEWAL_SECONDS, LEASE_SECONDS
from core.ports.clock import Clock
from core.ports.store import Store

logger = logging.getLogger(__name__)


class LeaseLost(Exception):
    """Another worker holds the step now, or it was ended: whatever this one finds out no longer counts."""


class Leases:
    """The steps that this process holds; `run` renews them until it is cancelled."""

    def __init__(self, *, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._held: dict[str, tuple[int, asyncio.Task[object]]] = {}
        self._lost: set[str] = set()

    @asynccontextmanager
    async def holding(self, step_id: str, token: int) -> AsyncIterator[None]:
        """Renew this claim while the body runs; raises LeaseLost out of the body once it is lost."""
        task = asyncio.current_task()
        assert task is not None
        self._held[step_id] = (token, task)
        try:
            yield
        except asyncio.CancelledError:
            if step_id not in self._lost:
                raise
            task.uncancel()
            raise LeaseLost from None
        finally:
            self._lost.discard(step_id)
            if self._held.get(step_id) == (token, task):
                del self._held[step_id]

    async def run(self) -> None:
        """Renew every few seconds, for ever."""
        while True:
            await self._clock.sleep(LEASE_RENEWAL_SECONDS)
            try:
                await self.renew()
            except Exception:
                # Without renewals every step of this process would be taken for a dead worker's.
                logger.exception("leases could not be renewed; trying again")

    async def renew(self) -> None:
        """Renew all claims once; tasks whose claim is lost are cancelled."""
        held = {step_id: token for step_id, (token, _) in self._held.items()}
        if not held:
            return
        now = self._clock.now()
        try:
            kept = await self._store.renew(held, now=now, lease_until=now + timedelta(seconds=LEASE_SECONDS))
        except StoreUnavailable:
            # The fencing token protects the result if somebody else takes over meanwhile.
            logger.warning("leases of %d steps could not be renewed; trying again", len(held))
            return
        for step_id, token in held.items():
            current = self._held.get(step_id)
            if step_id in kept or current is None or current[0] != token:
                continue
            logger.warning("the claim on step %s is lost; its work is stopped here", step_id)
            self._lost.add(step_id)
            current[1].cancel()
