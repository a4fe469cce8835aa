"""Events as rows. Nothing here commits: the caller's transaction does."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, case, insert, select, update

from adapters.sql import tables
from adapters.sql.prepared import Prepared, Record
from adapters.sql.rows import to_event
from core.errors import NotFound
from core.models import DelegationState, Event, EventKind

D = tables.delegations
E = tables.events
Fact = tuple[EventKind, dict[str, Any]]


def append(c: Connection, event: Event) -> None:
    if event.delegation_id is None:
        insert_events(c, None, 0, [(event.kind, event.data)], event.at)
    else:
        record(c, event.delegation_id, [(event.kind, event.data)], event.at)


def events_after(c: Connection, delegation_id: str, after: int) -> tuple[Event, ...]:
    return tuple(to_event(row) for row in _AFTER.all(c, {"of": delegation_id, "last": after}))


def record(
    c: Connection,
    delegation_id: str,
    facts: Sequence[Fact],
    now: datetime,
    *,
    check_at: datetime | None = None,
) -> Record:
    """Append events without moving the delegation, and say when it is to be looked at, unless it is delivered.

    Returns the delegation's row, which is locked from here on. Raises NotFound.
    """
    given = {"of": delegation_id, "count": len(facts), "at": check_at}
    row = (_COUNT if check_at is None else _COUNT_AND_CHECK).first(c, given)
    if row is None:
        raise NotFound(f"There is no delegation {delegation_id}.")
    insert_events(c, delegation_id, row.events - len(facts) + 1, facts, now)
    return row


_COUNTING = (
    update(D).where(D.c.id == bindparam("of")).values(events=D.c.events + bindparam("count")).returning(D)
)
_COUNT = Prepared(_COUNTING)
_COUNT_AND_CHECK = Prepared(
    _COUNTING.values(
        check_at=case(
            (D.c.state == DelegationState.DELIVERED.value, D.c.check_at),
            else_=bindparam("at", type_=D.c.check_at.type),
        )
    )
)
# Without `inline` PostgreSQL would be asked for each row's number.
_NEW = Prepared(insert(E).inline(), columns=("delegation_id", "sequence", "kind", "at", "data"))
_AFTER = Prepared(
    select(E)
    .where(E.c.delegation_id == bindparam("of"), E.c.sequence > bindparam("last"))
    .order_by(E.c.sequence)
)


def insert_events(
    c: Connection, delegation_id: str | None, first: int, facts: Sequence[Fact], now: datetime
) -> None:
    rows = [
        {"delegation_id": delegation_id, "sequence": first + n, "kind": kind.value, "at": now, "data": data}
        for n, (kind, data) in enumerate(facts)
    ]
    _NEW.run_many(c, rows)
