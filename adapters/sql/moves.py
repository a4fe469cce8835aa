"""Compare-and-set on a delegation's row, and the states that a move asks for."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from sqlalchemy import ColumnElement, Connection, bindparam, update

from adapters.sql import tables
from adapters.sql.facts import Fact, insert_events
from adapters.sql.prepared import Prepared, Record
from core.models import DelegationState
from core.policies import CHECK_SECONDS

D = tables.delegations
OPEN = (DelegationState.RECEIVED.value, DelegationState.PLANNED.value)
CHECK = timedelta(seconds=CHECK_SECONDS)
RECEIVED = (D.c.state == DelegationState.RECEIVED.value,)
_THIS_ROUND = (D.c.round == bindparam("this_round"),)
OPEN_THIS_ROUND = (D.c.state.in_(OPEN), *_THIS_ROUND)
# Whoever was told that it is cancelled gets no answer that was put together just before.
OPEN_AND_WANTED = (*OPEN_THIS_ROUND, D.c.cancelled_by.is_(None))
NOT_CANCELLED = (D.c.state.in_(OPEN), D.c.cancelled_by.is_(None))
HAS_ANSWER = (D.c.state.in_((DelegationState.ANSWERED.value, DelegationState.DELIVERED.value)),)
ANSWERED = (D.c.state == DelegationState.ANSWERED.value, *_THIS_ROUND)


def move(
    c: Connection,
    delegation_id: str,
    facts: Sequence[Fact],
    now: datetime,
    conditions: tuple[ColumnElement[bool], ...],
    *,
    raised: tuple[str, ...] = (),
    **values: Any,
) -> Record | None:
    """Compare-and-set on the delegation's row, with its events; None where the conditions no longer hold.

    The row's own counter numbers the events: its row lock puts them in commit order, without gaps.
    `this_round` is for conditions on it, and no column; `raised` are counters, each raised by one. Returns the row.
    """
    given = {"of": delegation_id, "count": len(facts), "this_round": values.pop("this_round", None)}
    values = {"check_at": now + CHECK, **values}
    given |= {f"new_{name}": value for name, value in values.items()}
    row = _moving(conditions, tuple(values), raised).first(c, given)
    if row is not None:
        insert_events(c, delegation_id, row.events - len(facts) + 1, facts, now)
    return row


@lru_cache(maxsize=64)
def _moving(
    conditions: tuple[ColumnElement[bool], ...], names: tuple[str, ...], raised: tuple[str, ...]
) -> Prepared:
    """The statement that sets these columns, and raises those by one; conditions are compared by identity."""
    values: dict[str, Any] = {name: bindparam(f"new_{name}", type_=D.c[name].type) for name in names}
    values |= {name: D.c[name] + 1 for name in raised}
    moving = update(D).where(D.c.id == bindparam("of"), *conditions)
    return Prepared(moving.values(**values, events=D.c.events + bindparam("count")).returning(D))
