"""The transactions on whole delegations. Nothing here commits: the caller's transaction does."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, func, insert, or_, select, update

from adapters.sql import tables
from adapters.sql.facts import Fact, insert_events
from adapters.sql.moves import (
    ANSWERED,
    CHECK,
    OPEN_AND_WANTED,
    OPEN_THIS_ROUND,
    RECEIVED,
    move,
)
from adapters.sql.prepared import Prepared, Record, in_each_dialect
from adapters.sql.rows import from_instruction, from_planned, to_delegation, to_step
from core.errors import Conflict, NotFound
from core.models import (
    Delegation,
    DelegationState,
    EventKind,
    Instruction,
    Plan,
    Status,
    Step,
)
from core.policies import FAR
from core.ports.store import Answer

D = tables.delegations
S = tables.steps
R = tables.rosters
_HERE = (R.c.platform == D.c.platform, R.c.workspace == D.c.workspace)
_ROSTER = select(R.c.version).where(*_HERE).scalar_subquery()
_BY_ID = Prepared(select(D).where(D.c.id == bindparam("id")))
# Whether somebody made or changed an agent is read along with the delegation: one look at a key, no statement more.
_TO_PLAN = Prepared(select(D, func.coalesce(_ROSTER, 0).label("roster")).where(D.c.id == bindparam("id")))
_BY_KEY = Prepared(select(D).where(D.c.key == bindparam("key")))
_ID_BY_KEY = Prepared(select(D.c.id).where(D.c.key == bindparam("key")))
_STEP = Prepared(select(S).where(S.c.id == bindparam("id")))
_STEPS_OF = Prepared(select(S).where(S.c.delegation_id == bindparam("id")).order_by(S.c.index))
_RECEIVED = (
    "id", "key", "fingerprint", "text", "person_id", "person_name", "person_zone",
    "platform", "workspace", "place", "thread", "via", "origin", "preferred_agents",
    "state", "events", "received_at", "check_at",
)  # fmt: skip
# Looking for the key first would be a statement more for everybody.
_NEW = Prepared(
    in_each_dialect(D, lambda new: new.on_conflict_do_nothing(index_elements=[D.c.key]).returning(D.c.id)),
    columns=_RECEIVED,
)
_PLANNED = ("id", "delegation_id", "index", "agent", "task", "after", "agent_version", "state")
_NEW_STEPS = Prepared(insert(S), columns=_PLANNED)
_CHECK_LATER = Prepared(
    update(D)
    .where(D.c.id == bindparam("of"), D.c.state != DelegationState.DELIVERED.value)
    .values(check_at=bindparam("at"))
)


def accept(
    c: Connection, instruction: Instruction, delegation_id: str, now: datetime
) -> tuple[Delegation, bool]:
    row = {
        **from_instruction(instruction),
        "id": delegation_id,
        "state": DelegationState.RECEIVED.value,
        "events": 1,
        "received_at": now,
        "check_at": now + CHECK,
    }
    if _NEW.first(c, row) is None:
        (found,) = _BY_KEY.all(c, {"key": instruction.key})
        if found.fingerprint != instruction.fingerprint:
            raise Conflict("This idempotency key was used for another request.")
        return to_delegation(found, steps_of(c, found.id)), False
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
    row = _ID_BY_KEY.first(c, {"key": key})
    return None if row is None else row.id


def load(c: Connection, delegation_id: str) -> Delegation:
    row = _BY_ID.first(c, {"id": delegation_id})
    if row is None:
        raise NotFound(f"There is no delegation {delegation_id}.")
    return to_delegation(row, steps_of(c, delegation_id))


def load_to_plan(c: Connection, delegation_id: str) -> tuple[Delegation, int]:
    row = _TO_PLAN.first(c, {"id": delegation_id})
    if row is None:
        raise NotFound(f"There is no delegation {delegation_id}.")
    return to_delegation(row, steps_of(c, delegation_id)), row.roster


def load_step(c: Connection, step_id: str) -> tuple[Delegation, Step]:
    row = _STEP.first(c, {"id": step_id})
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
    if moved is None:
        return None
    _NEW_STEPS.run_many(c, rows)
    return to_delegation(moved, steps_of(c, delegation_id) if rows else ())


def save_answer(
    c: Connection, delegation_id: str, round: int, answer: Answer, now: datetime
) -> Record | None:
    """The delegation's row, with its answer; None where it is not to be answered any more."""
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
    moved = move(
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
    return moved is not None


def check_later(c: Connection, delegation_id: str, at: datetime) -> None:
    _CHECK_LATER.run(c, {"of": delegation_id, "at": at})


def to_check(c: Connection, now: datetime, limit: int) -> tuple[str, ...]:
    come = or_(D.c.check_at <= now, D.c.check_at > now + FAR)
    query = select(D.c.id).where(come).order_by(D.c.check_at, D.c.id)
    return tuple(row.id for row in c.execute(query.limit(limit)))


def steps_of(c: Connection, delegation_id: str) -> Sequence[Record]:
    """Its steps' rows, in the plan's order."""
    return _STEPS_OF.all(c, {"id": delegation_id})
