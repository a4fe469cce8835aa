"""The transactions on accounts: set aside before a model call, counted after it.

An account is what one budget's subject spent in one day or month. It is begun, with the sum of the calls so far, by
the first call that a budget applies to; from then on every call of that subject is added to it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import astuple, dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, bindparam, func, insert, select, text, update

from adapters.sql import tables
from adapters.sql.accounts import accounts
from adapters.sql.prepared import Prepared, Record, in_each_dialect
from core.models import Usage
from core.models.budget import NOTE_SHARE, Cap, Charge, Scope, Standing
from core.ports.budgets import Refusal

C = tables.model_calls
A = tables.accounts
NANO = 1_000_000_000
# Any number will do, as long as nobody else on the same database uses it for something else.
ACCOUNTS_LOCK = 4_601_994
SUBJECTS: dict[Scope, ColumnElement[str]] = {
    Scope.WORKSPACE: C.c.workspace,
    Scope.AGENT: C.c.agent,
    Scope.SCHEDULE: C.c.schedule,
    Scope.PERSON: C.c.person,
}
_LOCK = Prepared(select(func.pg_advisory_xact_lock(text(str(ACCOUNTS_LOCK))).label("locked")))
_CALL = Prepared(select(C).where(C.c.id == bindparam("of")).with_for_update())
_COUNT_CALL = Prepared(
    update(C)
    .where(C.c.id == bindparam("of"))
    .values(
        settled=True,
        input_tokens=bindparam("given"),
        output_tokens=bindparam("made"),
        nanousd=bindparam("cost"),
    )
)
_ADD = Prepared(
    update(A)
    .where(A.c.key == bindparam("of"))
    .values(
        tokens=A.c.tokens + bindparam("add_tokens"),
        nanousd=A.c.nanousd + bindparam("add_nanousd"),
        held_tokens=A.c.held_tokens + bindparam("hold_tokens"),
        held_nanousd=A.c.held_nanousd + bindparam("hold_nanousd"),
    )
)
_NOTE = Prepared(
    update(A)
    .where(A.c.key == bindparam("of"), A.c.noted_by.is_(None))
    .values(noted_by=bindparam("by"), noted=bindparam("what", type_=A.c.noted.type))
)
_NEW_CALL = Prepared(insert(C))
_NEW_CALLS = Prepared(in_each_dialect(C, lambda new: new.on_conflict_do_nothing().returning(C.c.id)))
_EXPIRED = (
    select(C)
    .where(~C.c.settled, C.c.expires_at <= bindparam("now", type_=C.c.expires_at.type))
    .order_by(C.c.id)
)


@dataclass(frozen=True)
class _Change:
    """What is added to accounts: to what is spent, and to what is set aside."""

    tokens: int = 0
    nanousd: int = 0
    held_tokens: int = 0
    held_nanousd: int = 0


def reserve(c: Connection, charge: Charge) -> Refusal | None:
    """Set the estimate aside in every account, or in none."""
    _lock(c)
    refusal = _refusal(_begun(c, charge.caps), charge)
    if refusal is not None and _count_expired(c, charge.at):
        refusal = _refusal(_begun(c, charge.caps), charge)
    if refusal is not None:
        return refusal
    keys = sorted(cap.key for cap in charge.caps)
    held = _Change(held_tokens=_tokens(charge.estimate), held_nanousd=nano(charge.estimate.cost_usd) or 0)
    _add(c, dict.fromkeys(keys, held))
    _NEW_CALL.run(c, {**_columns(charge, charge.estimate), "settled": False, "held": keys})
    return None


def settle(c: Connection, charge: Charge) -> None:
    """Count what the call took in all accounts that there are, in place of what was set aside for it."""
    if charge.caps:
        _lock(c)
    counted = charge.actual or charge.estimate
    row = _CALL.first(c, {"of": charge.id}) if charge.caps else None
    if row is not None:
        _count_call(c, charge.id, counted)
    elif not _counted_now(c, charge, counted):
        return
    change = _difference(row, counted)
    found = accounts(c, charge.accounts)
    changes = {}
    for account in found:
        held = row is not None and account.key in row.held
        changes[account.key] = change if held else replace(change, held_tokens=0, held_nanousd=0)
    _add(c, changes)
    if charge.spender.delegation:
        _claim_notes(c, charge, {account.key: account for account in found}, changes)


def release(c: Connection, charge: Charge) -> None:
    """Forget a call that took nothing."""
    _lock(c)
    row = _CALL.first(c, {"of": charge.id})
    if row is None or row.settled:
        return
    _add(c, dict.fromkeys(row.held, _given_back(row)))
    c.execute(C.delete().where(C.c.id == charge.id))


def standings(c: Connection, caps: Iterable[Cap], now: datetime) -> tuple[Standing, ...]:
    """How the accounts of these stand; what expired counts as spent."""
    wanted = list(caps)
    rows = {row.key: row for row in accounts(c, [cap.key for cap in wanted])}
    expired = c.execute(_EXPIRED, {"now": now}).all()
    found = []
    for cap in wanted:
        row = rows.get(cap.key)
        dead = [_counted_dead(call) for call in expired if row is not None and cap.key in call.held]
        change = _Change(*map(sum, zip(*map(astuple, dead), strict=True))) if dead else _Change()
        found.append(_standing(cap, row, change if row is not None else _sum(c, cap)))
    return tuple(found)


def nano(usd: float | None) -> int | None:
    """Billionths of a dollar, which add up exactly."""
    return None if usd is None else round(usd * NANO)


def _lock(c: Connection) -> None:
    """One process at a time: in PostgreSQL accounts that several calls share would be locked crosswise."""
    if c.dialect.name == "postgresql":
        _LOCK.all(c, {})


def _begun(c: Connection, caps: Sequence[Cap]) -> list[Standing]:
    """How these stand; an account that there isn't yet is begun."""
    rows = {row.key: row for row in accounts(c, [cap.key for cap in caps])}
    found = []
    for cap in caps:
        row, change = rows.get(cap.key), _Change()
        if row is None:
            change = _sum(c, cap)
            c.execute(insert(A).values(key=cap.key, **vars(change)))
        found.append(_standing(cap, row, change))
    return found


def _sum(c: Connection, cap: Cap) -> _Change:
    """What its subject spent in calls that ended."""
    span, mine = cap.span, SUBJECTS[cap.budget.scope] == cap.budget.subject
    tokens = func.coalesce(func.sum(C.c.input_tokens + C.c.output_tokens), 0)
    row = c.execute(
        select(tokens, func.coalesce(func.sum(C.c.nanousd), 0)).where(
            mine, C.c.settled, C.c.at >= span.since, C.c.at < span.until
        )
    ).one()
    return _Change(tokens=int(row[0]), nanousd=int(row[1]))


def _standing(cap: Cap, row: Record | None, change: _Change) -> Standing:
    names = ("tokens", "nanousd", "held_tokens", "held_nanousd")
    tokens, spent, held, held_spent = (
        getattr(change, name) + (getattr(row, name) if row is not None else 0) for name in names
    )
    return Standing(cap=cap, tokens=tokens, usd=spent / NANO, held_tokens=held, held_usd=held_spent / NANO)


def _refusal(found: Iterable[Standing], charge: Charge) -> Refusal | None:
    short = [standing for standing in found if not standing.has_room(charge.estimate)]
    # One that has no room whatever becomes of the calls under way is the better reason.
    short.sort(key=lambda standing: standing.has_room(charge.estimate, beside_held=False))
    if not short:
        return None
    return Refusal(standing=short[0], waits=short[0].has_room(charge.estimate, beside_held=False))


def _count_expired(c: Connection, now: datetime) -> bool:
    """Count the calls of dead processes as spent; whether there were any."""
    rows = c.execute(_EXPIRED.with_for_update(skip_locked=True), {"now": now}).all()
    for row in rows:
        c.execute(update(C).where(C.c.id == row.id).values(settled=True))
        _add(c, dict.fromkeys(row.held, _counted_dead(row)))
    return bool(rows)


def _difference(row: Record | None, counted: Usage) -> _Change:
    """What counting the call adds to what is counted of it already, and what is given back."""
    spent = _Change(tokens=_tokens(counted), nanousd=nano(counted.cost_usd) or 0)
    if row is None:
        return spent
    if not row.settled:
        return replace(_given_back(row), tokens=spent.tokens, nanousd=spent.nanousd)
    before = row.input_tokens + row.output_tokens
    return _Change(tokens=spent.tokens - before, nanousd=spent.nanousd - (row.nanousd or 0))


def _given_back(row: Record) -> _Change:
    return _Change(held_tokens=-(row.input_tokens + row.output_tokens), held_nanousd=-(row.nanousd or 0))


def _counted_dead(row: Record) -> _Change:
    """What a call whose process died comes to: all that was set aside for it."""
    tokens, cost = row.input_tokens + row.output_tokens, row.nanousd or 0
    return _Change(tokens, cost, -tokens, -cost)


def _count_call(c: Connection, call_id: str, counted: Usage) -> None:
    values = {"given": counted.input_tokens, "made": counted.output_tokens, "cost": nano(counted.cost_usd)}
    _COUNT_CALL.run(c, {"of": call_id, **values})


def _counted_now(c: Connection, charge: Charge, counted: Usage) -> bool:
    """Put down a call that was not reserved; False where it is there already, and counted."""
    values = {**_columns(charge, counted), "settled": True, "held": []}
    return _NEW_CALLS.first(c, values) is not None


def _add(c: Connection, changes: Mapping[str, _Change]) -> None:
    rows = [
        {
            "of": key,
            "add_tokens": change.tokens,
            "add_nanousd": change.nanousd,
            "hold_tokens": change.held_tokens,
            "hold_nanousd": change.held_nanousd,
        }
        for key, change in sorted(changes.items())
    ]
    _ADD.run_many(c, rows)


def _claim_notes(
    c: Connection, charge: Charge, before: Mapping[str, Record], changes: Mapping[str, _Change]
) -> None:
    """Give the note about each budget that is nearly used up to this delegation, unless another one has it."""
    for cap in charge.caps:
        row = before.get(cap.key)
        if row is None or row.noted_by is not None:
            continue
        standing = _standing(cap, row, changes[cap.key])
        if standing.share >= NOTE_SHARE:
            noted = {"of": cap.key, "by": charge.spender.delegation}
            _NOTE.run(c, {**noted, "what": standing.model_dump(mode="json")})


def _columns(charge: Charge, usage: Usage) -> dict[str, Any]:
    spender = charge.spender
    return {
        "id": charge.id,
        "at": charge.at,
        "expires_at": charge.expires_at,
        "workspace": spender.workspace,
        "person": spender.person,
        "person_name": spender.person_name[:200],
        "agent": spender.agent,
        "schedule": spender.schedule,
        "delegation": spender.delegation,
        "model": charge.model[:200],
        "input_tokens": usage.input_tokens,
        "output_tokens": usage.output_tokens,
        "nanousd": nano(usage.cost_usd),
    }


def _tokens(usage: Usage) -> int:
    return usage.input_tokens + usage.output_tokens
