"""Approvals in memory, over the in-memory store whose steps they hold and let go."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from core.errors import NotFound
from core.memory.rows import CHECK
from core.memory.store import InMemoryStore
from core.models import (
    Approval,
    ApprovalState,
    Decision,
    Delegation,
    EventKind,
    Person,
    Ruling,
    StepState,
)
from core.policies import FAR


class InMemoryApprovals:
    """The Approvals port in this process."""

    def __init__(self, *, store: InMemoryStore) -> None:
        self._store = store
        self._rows = store.approvals

    async def ask(self, wanted: Approval) -> Approval:
        await self._store.ping()
        if wanted.id in self._rows:
            return self._rows[wanted.id]
        granted = next(
            (
                one
                for one in self._rows.values()
                if (one.run_id, one.tool) == (wanted.run_id, wanted.tool)
                and one.state is ApprovalState.APPROVED
                and one.always
            ),
            None,
        )
        if granted is not None:
            wanted = wanted.covered(granted)
        pending = wanted.state is ApprovalState.PENDING
        self._save(wanted, EventKind.APPROVAL_REQUESTED if pending else EventKind.APPROVAL_DECIDED)
        return wanted

    async def wait(
        self, step_id: str, *, token: int, approval_ids: Collection[str], now: datetime
    ) -> Delegation | None:
        await self._store.ping()
        step = self._store._held(step_id, token)
        if step is None:
            return None
        wait = all(self._rows[one].state is ApprovalState.PENDING for one in approval_ids)
        self._store._change_step(
            step,
            state=StepState.WAITING if wait else StepState.PENDING,
            generation=step.generation + (not wait),
            lease_until=None,
            attempts=step.attempts - 1,
        )
        self._store._check_at(step.delegation_id, now + CHECK)
        return self._store._get(step.delegation_id)

    async def decide(
        self, approval_id: str, decision: Decision, *, by: Person, key: str, now: datetime
    ) -> Ruling:
        await self._store.ping()
        approval = self._get(approval_id)
        if approval.state is not ApprovalState.PENDING:
            return Ruling(approval=approval, won=False)
        if not self._runs(approval):
            return Ruling(approval=self._close(approval, ApprovalState.WITHDRAWN, now), won=False)
        if now >= approval.expires_at:
            return Ruling(approval=self._close(approval, ApprovalState.EXPIRED, now), won=False)
        decided = approval.decided(decision, by=by, key=key, now=now)
        self._save(decided)
        if decision == "always":
            for other in self._others(approval):
                self._save(other.decided("approve", by=by, key="", now=now))
        self._goes_on(decided, now)
        return Ruling(approval=decided, won=True)

    async def close(self, approval_id: str, state: ApprovalState, *, now: datetime) -> Approval:
        await self._store.ping()
        return self._close(self._get(approval_id), state, now)

    async def wake(self, step_id: str, *, now: datetime) -> bool:
        await self._store.ping()
        step = self._store._find_step(step_id)
        asked = any(
            one.step_id == step_id and one.state is ApprovalState.PENDING for one in self._rows.values()
        )
        if step is None or step.state is not StepState.WAITING or asked:
            return False
        self._store._change_step(step, state=StepState.PENDING, generation=step.generation + 1)
        self._store._check_at(step.delegation_id, now + CHECK)
        return True

    async def load(self, approval_id: str) -> Approval:
        await self._store.ping()
        return self._get(approval_id)

    async def of(self, delegation_ids: Sequence[str]) -> tuple[Approval, ...]:
        await self._store.ping()
        found = [one for one in self._rows.values() if one.delegation_id in delegation_ids]
        return tuple(sorted(found, key=lambda one: (one.asked_at, one.id)))

    async def pending(self, *, limit: int) -> tuple[Approval, ...]:
        await self._store.ping()
        found = [one for one in self._rows.values() if one.state is ApprovalState.PENDING]
        return tuple(sorted(found, key=lambda one: (one.asked_at, one.id))[:limit])

    async def beginning(self, start: str, *, limit: int) -> tuple[Approval, ...]:
        await self._store.ping()
        found = sorted(
            (one for one in self._rows.values() if one.id.startswith(start)), key=lambda one: one.id
        )
        found.sort(key=lambda one: one.asked_at, reverse=True)
        return tuple(sorted(found, key=lambda one: one.state is not ApprovalState.PENDING)[:limit])

    async def to_check(self, *, now: datetime, limit: int) -> tuple[Approval, ...]:
        await self._store.ping()
        found = [
            (one.check_at, one.id)
            for one in self._rows.values()
            if one.check_at is not None and not now < one.check_at <= now + FAR
        ]
        return tuple(self._rows[approval_id] for _, approval_id in sorted(found)[:limit])

    async def check_later(self, approval: Approval, *, at: datetime | None) -> None:
        await self._store.ping()
        current = self._rows.get(approval.id)
        as_known = (approval.state, approval.message_id)
        if current is not None and (current.state, current.message_id) == as_known:
            self._rows[approval.id] = current.model_copy(update={"check_at": at})

    async def record_message(self, approval_id: str, message_id: str) -> str:
        await self._store.ping()
        approval = self._get(approval_id)
        won = approval.message_id or message_id
        self._rows[approval_id] = approval.model_copy(update={"message_id": won})
        return won

    def _get(self, approval_id: str) -> Approval:
        if approval_id not in self._rows:
            raise NotFound(f"There is no approval {approval_id}.")
        return self._rows[approval_id]

    def _runs(self, approval: Approval) -> bool:
        step = self._store._find_step(approval.step_id)
        if step is None or step.state.terminal:
            return False
        return approval.round == str(self._store._get(step.delegation_id).round)

    def _others(self, approval: Approval) -> list[Approval]:
        return [
            one
            for one in self._rows.values()
            if (one.run_id, one.tool) == (approval.run_id, approval.tool)
            and one.state is ApprovalState.PENDING
            and one.id != approval.id
        ]

    def _close(self, approval: Approval, state: ApprovalState, now: datetime) -> Approval:
        if approval.state is not ApprovalState.PENDING:
            return approval
        closed = approval.closed(state, now=now)
        self._save(closed)
        self._goes_on(closed, now)
        return closed

    def _goes_on(self, approval: Approval, now: datetime) -> None:
        step = self._store._find_step(approval.step_id)
        if step is None or step.state is not StepState.WAITING:
            return
        earlier = [
            one.decided_at
            for one in self._rows.values()
            if one.run_id == approval.run_id and one.decided_at is not None and one.decided_at < now
        ]
        since = min(max([approval.asked_at, *earlier]), now)
        started = None if step.started_at is None else step.started_at + (now - since)
        self._store._change_step(
            step, state=StepState.PENDING, generation=step.generation + 1, started_at=started
        )
        self._store._check_at(step.delegation_id, now + CHECK)

    def _save(self, approval: Approval, kind: EventKind = EventKind.APPROVAL_DECIDED) -> None:
        at = approval.decided_at or approval.asked_at
        self._store._record(approval.delegation_id, (kind, approval.facts), now=at)
        self._rows[approval.id] = approval
