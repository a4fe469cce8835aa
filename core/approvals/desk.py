"""Requests for a yes, from the step that waits to the person who decides."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Collection, Coroutine, Mapping
from typing import Any

from core.approvals.notices import Notices
from core.errors import Conflict, NotFound
from core.models import (
    Approval,
    ApprovalState,
    Decision,
    Delegation,
    Person,
    Step,
    StepState,
)
from core.ports.approvals import Approvals
from core.ports.clock import Clock
from core.ports.event_log import EventLog
from core.ports.messenger import Messenger
from core.ports.store import Store
from core.rendering import approvals as words

logger = logging.getLogger(__name__)
LISTED = 200
DRAIN_SECONDS = 3.0


class ApprovalDesk:
    """Who may decide what, once; `approvers` are ids of people who may decide for others."""

    def __init__(
        self,
        *,
        approvals: Approvals,
        store: Store,
        messengers: Mapping[str, Messenger],
        events: EventLog,
        clock: Clock,
        approvers: Collection[str] = (),
        default_zone: str = "UTC",
    ) -> None:
        self.approvals = approvals
        self._store = store
        self._notices = Notices(
            approvals=approvals,
            store=store,
            messengers=messengers,
            clock=clock,
            default_zone=default_zone,
        )
        self._events = events
        self._clock = clock
        self._approvers = frozenset(approvers)
        self._default_zone = default_zone
        self._showing: set[asyncio.Task[None]] = set()

    async def wait(self, step: Step, approval_ids: Collection[str]) -> Delegation | None:
        """Let the step wait for these, and ask in its conversation; None where it isn't this worker's any more.

        Raises StoreUnavailable: then it runs again, and asks the same.
        """
        waiting = await self.approvals.wait(
            step.id, token=step.token, approval_ids=approval_ids, now=self._clock.now()
        )
        logger.info("step %s (%s) waits for a yes", step.id, step.agent)
        if waiting is not None:
            for approval in await self.approvals.of([step.delegation_id]):
                if approval.id in approval_ids:
                    self._later(self._notices.show(approval, look=False))
        return waiting

    async def decide(
        self, approval_id: str, decision: Decision, *, by: Person, key: str
    ) -> tuple[Approval, str | None]:
        """The approval as it stands then, and a sentence for the person where their decision changed nothing: it was
        decided already, or came too late. The same press again is no news.

        Raises NotFound, and Conflict where it is not theirs to decide.
        """
        try:
            approval = await self.approvals.load(approval_id)
        except NotFound:
            raise NotFound(words.UNKNOWN) from None
        if not self.may_decide(approval, by):
            raise Conflict(words.NOT_YOURS)
        ruling = await self.approvals.decide(approval_id, decision, by=by, key=key, now=self._clock.now())
        after = ruling.approval
        if ruling.won or approval.state is ApprovalState.PENDING:
            self._events.ring(after.delegation_id)
            self._later(self._notices.show(after))
        stale = not ruling.won and after.key != key
        return after, words.verdict(after, zone=by.zone or self._default_zone) if stale else None

    def may_decide(self, approval: Approval, person: Person) -> bool:
        """Whoever asked, and approvers."""
        return person.id == approval.person.id or person.id in self._approvers

    async def tend(self, approval: Approval) -> bool:
        """What its time has come for: it expires, or is no longer asked, or its message is not yet right.

        Returns whether a step may go on.
        """
        went_on = False
        if approval.state is ApprovalState.PENDING:
            state = await self._over(approval)
            if state is not None:
                approval = await self.approvals.close(approval.id, state, now=self._clock.now())
                self._events.ring(approval.delegation_id)
                went_on = True
        await self._notices.show(approval)
        return went_on

    async def wake(self, delegation: Delegation) -> bool:
        """Let steps go on that wait for nothing: half of what was restored, perhaps."""
        woken = [
            await self.approvals.wake(step.id, now=self._clock.now())
            for step in delegation.steps
            if step.state is StepState.WAITING
        ]
        return any(woken)

    def withdraw(self, delegation_id: str) -> None:
        """The delegation was cancelled: nothing of it is asked any more, and its messages say so soon."""
        self._later(self._show_all(delegation_id))

    async def drain(self) -> None:
        """Wait a moment for messages that are under way; what is left then is found by its time."""
        if self._showing:
            _, late = await asyncio.wait(set(self._showing), timeout=DRAIN_SECONDS)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)

    async def _over(self, approval: Approval) -> ApprovalState | None:
        """What it ends as, where nobody can decide it any more."""
        delegation, step = await self._store.load_step(approval.step_id)
        if step.state.terminal or approval.round != str(delegation.round):
            return ApprovalState.WITHDRAWN
        return ApprovalState.EXPIRED if self._clock.now() >= approval.expires_at else None

    async def _show_all(self, delegation_id: str) -> None:
        for approval in await self.approvals.of([delegation_id]):
            if approval.check_at is not None:
                await self._notices.show(approval)

    def _later(self, showing: Coroutine[Any, Any, None]) -> None:
        """Behind whoever waits: a press is acknowledged before the platform has changed its message."""
        task = asyncio.create_task(self._guarded(showing))
        self._showing.add(task)
        task.add_done_callback(self._showing.discard)

    async def _guarded(self, showing: Coroutine[Any, Any, None]) -> None:
        try:
            await showing
        except Exception:
            # The sweep finds it by its time.
            logger.exception("a request for a yes is not shown as it should be")
