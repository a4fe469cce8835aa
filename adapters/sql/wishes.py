"""The transactions of what people want of a delegation that is there: cancelled, tried again, answered otherwise.

Nothing here commits: the caller's transaction does.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, select, update

from adapters.sql import tables
from adapters.sql.delegations import check_later
from adapters.sql.moves import CHECK, HAS_ANSWER, NOT_CANCELLED, OPEN, move
from core.models import ApprovalState, DelegationState, EventKind, Reply, StepState

A = tables.approvals
D = tables.delegations
S = tables.steps
NOT_TERMINAL = tuple(state.value for state in StepState if not state.terminal)


def cancel(c: Connection, delegation_id: str, by: str, now: datetime) -> bool:
    _lock_steps(c, delegation_id)
    is_open = (D.c.id == delegation_id, D.c.state.in_(OPEN))
    if c.execute(select(D.c.id).where(*is_open, D.c.cancelled_by.is_not(None))).first() is not None:
        return True
    moved = move(
        c,
        delegation_id,
        [(EventKind.DELEGATION_CANCELLED, {"by": by})],
        now,
        NOT_CANCELLED,
        state=DelegationState.PLANNED.value,
        cancelled_by=by,
    )
    if moved is not None:
        # A higher token fences off whoever still holds a step: its result will be refused.
        c.execute(
            update(S)
            .where(S.c.delegation_id == delegation_id, S.c.state.in_(NOT_TERMINAL))
            .values(state=StepState.CANCELLED.value, token=S.c.token + 1, lease_until=None, ended_at=now)
        )
        withdraw_all(c, delegation_id, now)
    return moved is not None


def retry(c: Connection, delegation_id: str, by: str, now: datetime) -> bool:
    unfinished = (S.c.delegation_id == delegation_id, S.c.state != StepState.SUCCEEDED.value)
    _lock_steps(c, delegation_id)
    if c.execute(select(S.c.id).where(*unfinished).limit(1)).first() is None:
        return False
    moved = move(
        c,
        delegation_id,
        [(EventKind.DELEGATION_RETRIED, {"by": by})],
        now,
        HAS_ANSWER,
        raised=("round", "generation"),
        state=DelegationState.PLANNED.value,
        cancelled_by=None,
        status=None,
        reply=None,
        answered_at=None,
        delivered_at=None,
    )
    if moved is None:
        return False
    c.execute(
        update(S)
        .where(*unfinished)
        .values(
            state=StepState.PENDING.value,
            generation=S.c.generation + 1,
            token=S.c.token + 1,
            crashes=0,
            lease_until=None,
            started_at=None,
            ended_at=None,
            result=None,
            agent_version=None,
        )
    )
    return True


def revise(c: Connection, delegation_id: str, reply: Reply, now: datetime) -> bool:
    moved = move(
        c,
        delegation_id,
        [(EventKind.DELEGATION_REVISED, {})],
        now,
        HAS_ANSWER,
        raised=("round", "generation"),
        state=DelegationState.ANSWERED.value,
        reply=reply.model_dump(mode="json"),
    )
    return moved is not None


def redispatch(
    c: Connection, delegation_id: str, step_ids: Sequence[str], stage: bool, now: datetime
) -> None:
    if stage:
        c.execute(update(D).where(D.c.id == delegation_id).values(generation=D.c.generation + 1))
    if step_ids:
        c.execute(update(S).where(S.c.id.in_(step_ids)).values(generation=S.c.generation + 1))
    check_later(c, delegation_id, now + CHECK)


def withdraw_all(c: Connection, delegation_id: str, now: datetime) -> None:
    """Nothing of this delegation waits for a yes any more."""
    asked = (A.c.delegation_id == delegation_id, A.c.state == ApprovalState.PENDING.value)
    withdrawn = {"state": ApprovalState.WITHDRAWN.value, "decided_at": now, "check_at": now}
    c.execute(update(A).where(*asked).values(**withdrawn))


def _lock_steps(c: Connection, delegation_id: str) -> None:
    # A step's own moves take its row first and the delegation's second; the other way round would be a deadlock.
    query = select(S.c.id).where(S.c.delegation_id == delegation_id).order_by(S.c.index)
    c.execute(query.with_for_update()).close()
