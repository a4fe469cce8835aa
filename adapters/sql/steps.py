"""The transactions on steps: claimed with a lease and a fencing token, ended only by the token's holder."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, and_, bindparam, case, or_, select, update

from adapters.sql import tables
from adapters.sql.delegations import check_later, save_answer, steps_of
from adapters.sql.facts import Fact, record
from adapters.sql.moves import CHECK
from adapters.sql.prepared import Prepared, Record
from adapters.sql.rows import to_delegation, to_step
from core.models import Delegation, EventKind, Result, Step, StepState
from core.policies import FAR
from core.ports.store import Answering

S = tables.steps
RUNNING = StepState.RUNNING.value
PENDING = StepState.PENDING.value
_NOW = bindparam("now", type_=S.c.started_at.type)
_FAR = bindparam("far", type_=S.c.started_at.type)
# What an event tells of its step.
_TOLD = (S.c.delegation_id, S.c.index, S.c.agent, S.c.attempts)
_CLAIM = Prepared(
    update(S)
    .where(
        S.c.id == bindparam("of"),
        or_(
            S.c.state == PENDING,
            and_(S.c.state == RUNNING, or_(S.c.lease_until <= _NOW, S.c.lease_until > _FAR)),
        ),
    )
    .values(
        crashes=case((S.c.state == RUNNING, S.c.crashes + 1), else_=S.c.crashes),
        state=RUNNING,
        attempts=S.c.attempts + 1,
        token=S.c.token + 1,
        lease_until=bindparam("until", type_=S.c.lease_until.type),
        started_at=case((S.c.started_at.is_(None), _NOW), else_=S.c.started_at),
    )
    .returning(*_TOLD)
)


def claim(
    c: Connection, step_id: str, now: datetime, lease_until: datetime
) -> tuple[Delegation, Step] | None:
    step = _CLAIM.first(c, {"of": step_id, "now": now, "far": now + FAR, "until": lease_until})
    if step is None:
        return None
    whole = _note(c, step, EventKind.STEP_STARTED, now, check_at=lease_until + timedelta(seconds=1))
    delegation = to_delegation(whole, steps_of(c, step.delegation_id))
    return delegation, next(step for step in delegation.steps if step.id == step_id)


def renew(c: Connection, held: Mapping[str, int], now: datetime, lease_until: datetime) -> frozenset[str]:
    ids = list(held)
    rows = c.execute(select(S.c.id, S.c.token, S.c.state).where(S.c.id.in_(ids)))
    still = [row.id for row in rows if row.state == RUNNING and held[row.id] == row.token]
    if still:
        # The token is checked again in the update: between the two statements a lease may have been taken over.
        kept = c.execute(
            update(S)
            .where(
                S.c.id.in_(still),
                S.c.state == RUNNING,
                S.c.token == case(held, value=S.c.id),
            )
            .values(lease_until=lease_until)
            .returning(S.c.id)
        )
        return frozenset(row.id for row in kept)
    return frozenset()


def retrying(c: Connection, step_id: str, token: int, wait: tuple[float, str], now: datetime) -> bool:
    delay_seconds, reason = wait
    step = _holder(c, step_id, token, raised=("attempts",))
    if step is None:
        return False
    extra: dict[str, Any] = {"retryInSeconds": round(delay_seconds, 1), "error": reason}
    _note(c, step, EventKind.STEP_RETRYING, now, **extra)
    return True


def release(c: Connection, step_id: str, token: int, now: datetime) -> bool:
    step = _holder(c, step_id, token, state=PENDING, lease_until=None)
    if step is None:
        return False
    check_later(c, step.delegation_id, now)
    return True


def end(
    c: Connection,
    step_id: str,
    token: int,
    result: Result,
    now: datetime,
    *,
    answering: Answering | None = None,
) -> Delegation | None:
    step = _holder(
        c,
        step_id,
        token,
        state=result.state.value,
        lease_until=None,
        ended_at=now,
        result=result.model_dump(mode="json"),
    )
    if step is None:
        return None
    said: dict[str, Any] = {"state": result.outcome.value, "error": result.error}
    whole = _note(c, step, EventKind.STEP_ENDED, now, check_at=now + CHECK, **said)
    # After the delegation's row was locked: whatever step ended before this one is seen to have ended.
    steps = steps_of(c, step.delegation_id)
    delegation = to_delegation(whole, steps)
    answer = answering(delegation) if answering is not None else None
    if answer is None:
        return delegation
    answered = save_answer(c, delegation.id, delegation.round, answer, now)
    return delegation if answered is None else to_delegation(answered, steps)


def skip(c: Connection, step_ids: Sequence[str], reason: str, now: datetime) -> None:
    result = Result(state=StepState.CANCELLED, error=reason)
    statement = (
        update(S)
        .where(S.c.id.in_(step_ids), S.c.state == PENDING)
        .values(
            state=StepState.CANCELLED.value,
            token=S.c.token + 1,
            ended_at=now,
            result=result.model_dump(mode="json"),
        )
        .returning(S)
    )
    for row in c.execute(statement).all():
        _note(c, to_step(row), EventKind.STEP_ENDED, now, state=result.state.value, error=reason)


def _holder(
    c: Connection, step_id: str, token: int, *, raised: tuple[str, ...] = (), **values: Any
) -> Record | None:
    """Update the step if this token still holds it, and raise those counters by one."""
    given = {"of": step_id, "held": token, **{f"new_{name}": value for name, value in values.items()}}
    return _held(tuple(values), raised).first(c, given)


@lru_cache(maxsize=16)
def _held(names: tuple[str, ...], raised: tuple[str, ...]) -> Prepared:
    """The statement that sets these columns of a step that this token still holds."""
    values: dict[str, Any] = {name: bindparam(f"new_{name}", type_=S.c[name].type) for name in names}
    values |= {name: S.c[name] + 1 for name in raised}
    mine = (S.c.id == bindparam("of"), S.c.token == bindparam("held"), S.c.state == RUNNING)
    return Prepared(update(S).where(*mine).values(**values).returning(*_TOLD))


def _note(
    c: Connection,
    step: Step | Record,
    kind: EventKind,
    now: datetime,
    *,
    check_at: datetime | None = None,
    **extra: Any,
) -> Record:
    data = {"step": step.index, "agent": step.agent, "attempt": step.attempts, **extra}
    fact: Fact = (kind, data)
    return record(c, step.delegation_id, [fact], now, check_at=check_at)
