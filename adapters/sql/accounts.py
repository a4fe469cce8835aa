"""Reading accounts by their keys."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, bindparam, select

from adapters.sql import tables
from adapters.sql.prepared import Prepared, Record
from core.models.budget import Period, Scope

A = tables.accounts
# Always so many keys, some of them twice: a list of any length would be written into the statement at each call.
_AT_ONCE = len(Scope) * len(Period)
_ACCOUNTS = Prepared(
    select(A).where(A.c.key.in_([bindparam(f"key{n}") for n in range(_AT_ONCE)])).order_by(A.c.key)
)


def accounts(c: Connection, keys: Sequence[str]) -> list[Record]:
    """Those of these that there are, in the order of their keys."""
    rows: list[Record] = []
    wanted = sorted(set(keys))
    for first in range(0, len(wanted), _AT_ONCE):
        some = wanted[first : first + _AT_ONCE]
        padded = some + some[:1] * (_AT_ONCE - len(some))
        rows += _ACCOUNTS.all(c, {f"key{n}": key for n, key in enumerate(padded)})
    return rows
