"""What the in-memory store holds, and the few ways in which it changes."""

from __future__ import annotations

import asyncio
import json
from datetime import datetime, timedelta
from typing import Any

from core.errors import NotFound, StoreUnavailable
from core.models import Approval, ApprovalState, Delegation, DelegationState, Event, EventKind, Status, Step
from core.policies import CHECK_SECONDS
from core.ports.store import Answer

CHECK = timedelta(seconds=CHECK_SECONDS)
OPEN = (DelegationState.RECEIVED, DelegationState.PLANNED)
Fact = tuple[EventKind, dict[str, Any]]


class Rows:
    """Delegations, their events and messages. Nothing awaits between a read and its write, so each move is atomic."""

    def __init__(self) -> None:
        self.available = True
        """False: every method raises StoreUnavailable, as if the database were gone."""
        self.audit: list[Event] = []
        """The events that belong to no delegation."""
        self.rosters: dict[tuple[str, str], int] = {}
        """Platform and workspace → how often the agents that people make have changed there."""
        self._delegations: dict[str, Delegation] = {}
        self._ids: dict[str, str] = {}
        """Idempotency key → delegation id."""
        self._owners: dict[str, str] = {}
        """Step id → delegation id."""
        self._events: dict[str, list[Event]] = {}
        self._posts: dict[tuple[str, int], str | None] = {}
        self.approvals: dict[str, Approval] = {}

    async def _arrive(self) -> None:
        # A database lets others run while it works; so does this, at the beginning of every transaction.
        await asyncio.sleep(0)
        if not self.available:
            raise StoreUnavailable

    def _get(self, delegation_id: str) -> Delegation:
        try:
            return self._delegations[delegation_id]
        except KeyError:
            raise NotFound(f"There is no delegation {delegation_id}.") from None

    def _in_state(
        self, delegation_id: str, states: tuple[DelegationState, ...], *, round: int | None = None
    ) -> Delegation | None:
        delegation = self._delegations.get(delegation_id)
        if delegation is None or delegation.state not in states or round not in (None, delegation.round):
            return None
        return delegation

    def _answer(self, delegation_id: str, round: int, answer: Answer, *, now: datetime) -> bool:
        delegation = self._in_state(delegation_id, OPEN, round=round)
        if delegation is None or (delegation.cancelled_by and answer.status is not Status.CANCELLED):
            return False
        facts: list[Fact] = [(EventKind.DELEGATION_ANSWERED, {"status": answer.status.value})]
        values: dict[str, Any] = {"state": DelegationState.ANSWERED}
        if answer.delivered:
            facts.append((EventKind.DELEGATION_DELIVERED, {}))
            values = {"state": DelegationState.DELIVERED, "delivered_at": now, "check_at": None}
        said = {"status": answer.status, "reply": answer.reply, "answered_at": now}
        self._change(delegation, *facts, now=now, **said, **values)
        return True

    def _find_step(self, step_id: str) -> Step | None:
        owner = self._owners.get(step_id)
        steps = self._delegations[owner].steps if owner is not None else ()
        return next((step for step in steps if step.id == step_id), None)

    def _change(self, delegation: Delegation, *facts: Fact, now: datetime, **values: Any) -> Delegation:
        """Save the delegation with new values and the events of its move."""
        changed = delegation.model_copy(update={"check_at": now + CHECK, **values})
        self._delegations[delegation.id] = changed
        self._record(delegation.id, *facts, now=now)
        return changed

    def _change_step(self, step: Step, **values: Any) -> Step:
        changed = step.model_copy(update=values)
        delegation = self._delegations[step.delegation_id]
        steps = tuple(changed if other.id == step.id else other for other in delegation.steps)
        self._delegations[delegation.id] = delegation.model_copy(update={"steps": steps})
        return changed

    def _record(self, delegation_id: str, *facts: Fact, now: datetime) -> None:
        log = self._events.setdefault(delegation_id, [])
        for kind, data in facts:
            log.append(
                Event(
                    sequence=len(log) + 1,
                    delegation_id=delegation_id,
                    kind=kind,
                    at=now,
                    data=as_stored(data),
                )
            )

    def _note(self, step: Step, kind: EventKind, *, now: datetime, **extra: Any) -> None:
        data = {"step": step.index, "agent": step.agent, "attempt": step.attempts, **extra}
        self._record(step.delegation_id, (kind, data), now=now)

    def _check_at(self, delegation_id: str, at: datetime) -> None:
        delegation = self._delegations.get(delegation_id)
        if delegation is not None and delegation.state is not DelegationState.DELIVERED:
            self._delegations[delegation_id] = delegation.model_copy(update={"check_at": at})

    def _withdraw_all(self, delegation_id: str, *, now: datetime) -> None:
        withdrawn = {"state": ApprovalState.WITHDRAWN, "decided_at": now, "check_at": now}
        for approval in list(self.approvals.values()):
            if approval.delegation_id == delegation_id and approval.state is ApprovalState.PENDING:
                self.approvals[approval.id] = approval.model_copy(update=withdrawn)


def as_stored(data: dict[str, Any]) -> dict[str, Any]:
    """The data as it comes back from a database: a copy, and only what JSON can hold."""
    copied: dict[str, Any] = json.loads(json.dumps(data))
    return copied
