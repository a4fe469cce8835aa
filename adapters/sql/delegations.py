"""The transactions on whole delegations. Nothing here commits: the caller's transaction does."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, bindparam, func, insert, or_, select, update

from adapters.sql import tables
from adapters.sql.facts import Fact, insert_events
from adapters.sql.moves import (
    ANSWERED,
    CHECK,
    HAS_ANSWER,
    NOT_CANCELLED,
    OPEN,
    OPEN_AND_WANTED,
    OPEN_THIS_ROUND,
    RECEIVED,
    move,
)
from adapters.sql.rows import from_instruction, from_planned, to_delegation, to_step
from core.errors import Conflict, NotFound
from core.models import (
    ApprovalState,
    Delegation,
    DelegationState,
    EventKind,
    Instruction,
    Plan,
    Reply,
    Status,
    Step,
    StepState,
)
from core.policies import FAR
from core.ports.store import Answer

A = tables.approvals
D = tables.delegations
S = tables.steps
E = tables.events
TERMINAL = tuple(state.value for state in StepState if state.terminal)
NOT_TERMINAL = tuple(state.value for state in StepState if not state.terminal)
# Statements of the path are built once: that takes SQLAlchemy longer than running them.
R = tables.rosters
_HERE = (R.c.platform == D.c.platform, R.c.workspace == D.c.workspace)
_ROSTER = select(R.c.version).where(*_HERE).scalar_subquery()
_BY_ID = select(D).where(D.c.id == bindparam("id"))
# Whether somebody made or changed an agent is read along with the delegation: one look at a key, no statement more.
_TO_PLAN = select(D, func.coalesce(_ROSTER, 0).label("roster")).where(D.c.id == bindparam("id"))
_BY_KEY = select(D).where(D.c.key == bindparam("key"))
_ID_BY_KEY = select(D.c.id).where(D.c.key == bindparam("key"))
_STEPS_OF = select(S).where(S.c.delegation_id == bindparam("id")).order_by(S.c.index)
_NEW = insert(D)
_NEW_STEPS = insert(S)
_CHECK_LATER = (
    update(D)
    .where(D.c.id == bindparam("of"), D.c.state != DelegationState.DELIVERED.value)
    .values(check_at=bindparam("at"))
)


def accept(
    c: Connection, instruction: Instruction, delegation_id: str, now: datetime
) -> tuple[Delegation, bool]:
    found = c.execute(_BY_KEY, {"key": instruction.key}).first()
    if found is not None:
        if found.fingerprint != instruction.fingerprint:
            raise Conflict("This idempotency key was used for another request.")
        return to_delegation(found, steps_of(c, found.id)), False
    row = {
        **from_instruction(instruction),
        "id": delegation_id,
        "state": DelegationState.RECEIVED.value,
        "events": 1,
        "received_at": now,
        "check_at": now + CHECK,
    }
    c.execute(_NEW, row)
    data = {"origin": instruction.origin, "person": instruction.person.id}
    insert_events(c, delegation_id, 1, [(EventKind.INSTRUCTION_RECEIVED, data)], now)
    delegation = Delegation(
        id=delegation_id,
        instruction=instruction,
        state=DelegationState.RECEIVED,
        received_at=now,
        check_at=now + CHECK,
    )
    return delegation, True


def known(c: Connection, key: str) -> str | None:
    return c.execute(_ID_BY_KEY, {"key": key}).scalar_one_or_none()


def load(c: Connection, delegation_id: str) -> Delegation:
    row = c.execute(_BY_ID, {"id": delegation_id}).first()
    if row is None:
        raise NotFound(f"There is no delegation {delegation_id}.")
    return to_delegation(row, steps_of(c, delegation_id))


def load_to_plan(c: Connection, delegation_id: str) -> tuple[Delegation, int]:
    row = c.execute(_TO_PLAN, {"id": delegation_id}).first()
    if row is None:
        raise NotFound(f"There is no delegation {delegation_id}.")
    return to_delegation(row, steps_of(c, delegation_id)), row.roster


def load_step(c: Connection, step_id: str) -> tuple[Delegation, Step]:
    row = c.execute(select(S).where(S.c.id == step_id)).first()
    if row is None:
        raise NotFound(f"There is no step {step_id}.")
    return load(c, row.delegation_id), to_step(row)


def recent(c: Connection, workspace: str, before: datetime | None, limit: int) -> tuple[Delegation, ...]:
    query = select(D).where(D.c.workspace == workspace)
    if before is not None:
        query = query.where(D.c.received_at < before)
    rows = c.execute(query.order_by(D.c.received_at.desc(), D.c.id).limit(limit))
    return tuple(to_delegation(row) for row in rows)


def save_plan(c: Connection, delegation_id: str, plan: Plan, now: datetime) -> Delegation | None:
    rows = [from_planned(p, delegation_id=delegation_id, index=i) for i, p in enumerate(plan.steps)]
    outline = [{"agent": p.agent, "task": p.task, "dependsOn": list(p.after)} for p in plan.steps]
    fact = (EventKind.DELEGATION_PLANNED, {"planner": plan.planner, "steps": outline})
    moved = move(
        c,
        delegation_id,
        [fact],
        now,
        RECEIVED,
        state=DelegationState.PLANNED.value,
        planner=plan.planner,
        planning_usage=plan.usage.model_dump(),
        planned_at=now,
    )
    if not moved:
        return None
    if rows:
        c.execute(_NEW_STEPS, rows)
    return load(c, delegation_id)


def save_answer(c: Connection, delegation_id: str, round: int, answer: Answer, now: datetime) -> bool:
    facts: list[Fact] = [(EventKind.DELEGATION_ANSWERED, {"status": answer.status.value})]
    values: dict[str, Any] = {"state": DelegationState.ANSWERED.value}
    if answer.delivered:
        facts.append((EventKind.DELEGATION_DELIVERED, {}))
        values = {"state": DelegationState.DELIVERED.value, "delivered_at": now, "check_at": None}
    return move(
        c,
        delegation_id,
        facts,
        now,
        OPEN_THIS_ROUND if answer.status is Status.CANCELLED else OPEN_AND_WANTED,
        this_round=round,
        status=answer.status.value,
        reply=answer.reply.model_dump(mode="json"),
        answered_at=now,
        **values,
    )


def mark_delivered(c: Connection, delegation_id: str, round: int, failure: str | None, now: datetime) -> bool:
    facts: list[Fact] = [(EventKind.DELIVERY_FAILED, {"reason": failure})] if failure else []
    return move(
        c,
        delegation_id,
        [*facts, (EventKind.DELEGATION_DELIVERED, {})],
        now,
        ANSWERED,
        this_round=round,
        state=DelegationState.DELIVERED.value,
        delivered_at=now,
        check_at=None,
    )


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
    if moved:
        # A higher token fences off whoever still holds a step: its result will be refused.
        c.execute(
            update(S)
            .where(S.c.delegation_id == delegation_id, S.c.state.in_(NOT_TERMINAL))
            .values(state=StepState.CANCELLED.value, token=S.c.token + 1, lease_until=None, ended_at=now)
        )
        withdraw_all(c, delegation_id, now)
    return moved


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
        state=DelegationState.PLANNED.value,
        round=D.c.round + 1,
        generation=D.c.generation + 1,
        cancelled_by=None,
        status=None,
        reply=None,
        answered_at=None,
        delivered_at=None,
    )
    if not moved:
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
    return move(
        c,
        delegation_id,
        [(EventKind.DELEGATION_REVISED, {})],
        now,
        HAS_ANSWER,
        state=DelegationState.ANSWERED.value,
        reply=reply.model_dump(mode="json"),
        round=D.c.round + 1,
        generation=D.c.generation + 1,
    )


def redispatch(
    c: Connection, delegation_id: str, step_ids: Sequence[str], stage: bool, now: datetime
) -> None:
    if stage:
        c.execute(update(D).where(D.c.id == delegation_id).values(generation=D.c.generation + 1))
    if step_ids:
        c.execute(update(S).where(S.c.id.in_(step_ids)).values(generation=S.c.generation + 1))
    check_later(c, delegation_id, now + CHECK)


def check_later(c: Connection, delegation_id: str, at: datetime) -> None:
    c.execute(_CHECK_LATER, {"of": delegation_id, "at": at})


def to_check(c: Connection, now: datetime, limit: int) -> tuple[str, ...]:
    come = or_(D.c.check_at <= now, D.c.check_at > now + FAR)
    query = select(D.c.id).where(come).order_by(D.c.check_at, D.c.id)
    return tuple(row.id for row in c.execute(query.limit(limit)))


def withdraw_all(c: Connection, delegation_id: str, now: datetime) -> None:
    """Nothing of this delegation waits for a yes any more."""
    asked = (A.c.delegation_id == delegation_id, A.c.state == ApprovalState.PENDING.value)
    withdrawn = {"state": ApprovalState.WITHDRAWN.value, "decided_at": now, "check_at": now}
    c.execute(update(A).where(*asked).values(**withdrawn))


def _lock_steps(c: Connection, delegation_id: str) -> None:
    # A step's own moves take its row first and the delegation's second; the other way round would be a deadlock.
    query = select(S.c.id).where(S.c.delegation_id == delegation_id).order_by(S.c.index)
    c.execute(query.with_for_update()).close()


def steps_of(c: Connection, delegation_id: str) -> Sequence[Row[Any]]:
    """Its steps' rows, in the plan's order."""
    return c.execute(_STEPS_OF, {"id": delegation_id}).all()
