"""Finding delegations that stand still and getting them going: recovery is the normal path, asked for again."""

from __future__ import annotations

import logging
from datetime import timedelta

from core.approvals.desk import ApprovalDesk
from core.coordinator import Coordinator
from core.dispatch import to_jobs
from core.errors import QueueUnavailable, StoreUnavailable
from core.policies import CHECK_SECONDS, FAR, due
from core.ports.clock import Clock
from core.ports.job_queue import JobQueue
from core.ports.store import Store

logger = logging.getLogger(__name__)
BATCH = 500
BROKEN_CHECK = timedelta(minutes=5)


class Reconciler:
    """Advances every delegation that has been still for too long: no live lease, no job where its rows want one."""

    def __init__(
        self,
        *,
        store: Store,
        queue: JobQueue,
        coordinator: Coordinator,
        approvals: ApprovalDesk,
        clock: Clock,
        step_timeout_seconds: float,
    ) -> None:
        self._store = store
        self._queue = queue
        self._coordinator = coordinator
        self._approvals = approvals
        self._clock = clock
        self._step_timeout_seconds = step_timeout_seconds

    async def sweep(self) -> int:
        """Look at everything whose time has come; returns how many were set going again.

        Safe to run in several processes at once. Raises StoreUnavailable and QueueUnavailable.
        """
        revived = await self._tend()
        for delegation_id in await self._store.to_check(now=self._clock.now(), limit=BATCH):
            try:
                revived += await self._check(delegation_id)
            except (StoreUnavailable, QueueUnavailable):
                raise
            except Exception:
                # One that can't be read must not stand in front of all the others in every sweep.
                logger.exception("%s can't be checked", delegation_id)
                await self._store.check_later(delegation_id, at=self._clock.now() + BROKEN_CHECK)
        return revived

    async def _tend(self) -> int:
        """What is to be said about approvals, and steps that wait for none any more."""
        went_on = 0
        for approval in await self._approvals.approvals.to_check(now=self._clock.now(), limit=BATCH):
            try:
                if await self._approvals.tend(approval):
                    went_on += 1
                    await self._coordinator.advance(approval.delegation_id)
            except (StoreUnavailable, QueueUnavailable):
                raise
            except Exception:
                logger.exception("the approval %s can't be checked", approval.id)
                later = self._clock.now() + BROKEN_CHECK
                await self._approvals.approvals.check_later(approval, at=later)
        return went_on

    async def _check(self, delegation_id: str) -> bool:
        now = self._clock.now()
        delegation = await self._store.load(delegation_id)
        if delegation.check_at is not None and delegation.check_at > now + FAR:
            # The clock was set back. Whoever lives renews its leases, by the right clock, before it is looked at again.
            await self._store.check_later(delegation_id, at=now + timedelta(seconds=CHECK_SECONDS))
            return False
        if await self._approvals.wake(delegation):
            delegation = await self._store.load(delegation_id)
        what = due(delegation, now=now)
        jobs = to_jobs(delegation, what, step_timeout_seconds=self._step_timeout_seconds)
        alive = await self._queue.alive([job.id for job in jobs])
        lost = [job for job in jobs if job.id not in alive]
        if not lost and not what.skip:
            await self._store.check_later(delegation_id, at=now + timedelta(seconds=CHECK_SECONDS))
            return False
        step_ids = [step.id for step in what.steps if any(job.target == step.id for job in lost)]
        stage = any(job.target == delegation_id for job in lost)
        await self._store.redispatch(delegation_id, step_ids=step_ids, stage=stage, now=now)
        await self._coordinator.advance(delegation_id)
        logger.info("%s stood still and goes on", delegation_id)
        return True
