"""`SqlBudgets`: budgets and what is spent, in the database."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Connection, Row, bindparam, delete, func, insert, or_, select

from adapters.sql import charging, tables
from adapters.sql.database import Database
from adapters.sql.prepared import Prepared
from core.models.budget import Allowance, Budget, Cap, Charge, Period, Scope, Standing
from core.ports.budgets import By, Refusal, Spending, Spent, SpentDay
from core.ports.clock import Clock

B = tables.budgets
C = tables.model_calls
A = tables.accounts
KEY = (B.c.scope, B.c.subject, B.c.period)
# Every model call asks this.
_OF = select(B).where(B.c.subject.in_(bindparam("subjects", expanding=True))).order_by(*KEY)
_ANY = Prepared(select(B.c.scope).limit(1))
FRESH_SECONDS = 2.0
SUMS = (
    func.coalesce(func.sum(C.c.input_tokens), 0).label("given"),
    func.coalesce(func.sum(C.c.output_tokens), 0).label("made"),
    func.coalesce(func.sum(C.c.nanousd), 0).label("cost"),
)


class SqlBudgets:
    """The Budgets port in the database."""

    def __init__(self, database: Database, *, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._exist = False
        self._looked_at: float | None = None

    async def exist(self) -> bool:
        now = self._clock.monotonic()
        # Where no budget was ever set nothing more is asked of every model call.
        if self._looked_at is None or now - self._looked_at >= FRESH_SECONDS:
            self._exist = await self._database.read(lambda c: _ANY.first(c, {})) is not None
            self._looked_at = now
        return self._exist

    async def of(self, subjects: Collection[tuple[Scope, str]]) -> tuple[Budget, ...]:
        if not await self.exist():
            return ()
        names = {"subjects": [subject for _, subject in subjects]}
        found = await self._database.read(lambda c: c.execute(_OF, names).all())
        return tuple(_to_budget(row) for row in found if (Scope(row.scope), row.subject) in subjects)

    async def listed(self, workspace: str | None = None) -> tuple[Budget, ...]:
        query = select(B).order_by(*KEY)
        if workspace is not None:
            query = query.where(or_(B.c.workspace == workspace, B.c.workspace == ""))
        return await self._database.read(lambda c: tuple(_to_budget(row) for row in c.execute(query)))

    async def set(self, budget: Budget, *, now: datetime) -> None:
        def save(c: Connection) -> None:
            _remove(c, budget.scope, budget.subject, budget.period)
            c.execute(insert(B).values(**_from_budget(budget), set_at=now))

        await self._database.write(save)
        self._looked_at = None

    async def remove(self, scope: Scope, subject: str, period: Period) -> bool:
        return await self._database.write(lambda c: _remove(c, scope, subject, period))

    async def reserve(self, charge: Charge) -> Refusal | None:
        return await self._database.write(lambda c: charging.reserve(c, charge))

    async def settle(self, charge: Charge) -> None:
        await self._database.write(lambda c: charging.settle(c, charge))

    async def release(self, charge: Charge) -> None:
        await self._database.write(lambda c: charging.release(c, charge))

    async def standings(self, caps: Collection[Cap]) -> tuple[Standing, ...]:
        now = self._clock.now()
        return await self._database.read(lambda c: charging.standings(c, caps, now))

    async def noted(self, delegation_id: str) -> tuple[Standing, ...]:
        query = select(A.c.noted).where(A.c.noted_by == delegation_id).order_by(A.c.key)
        return await self._database.read(
            lambda c: tuple(
                Standing.model_validate(noted, extra="ignore") for noted in c.execute(query).scalars()
            )
        )

    async def spending(
        self, *, workspace: str | None, since: datetime, until: datetime, by: By, zone: str
    ) -> Spending:
        mine = () if workspace is None else (C.c.workspace == workspace,)
        return await self._database.read(
            lambda c: Spending(
                days=_days(c, mine, (since, until), ZoneInfo(zone)),
                rows=_rows(c, mine, (since, until), by),
            )
        )


def _remove(c: Connection, scope: Scope, subject: str, period: Period) -> bool:
    this = (B.c.scope == scope.value, B.c.subject == subject, B.c.period == period.value)
    return c.execute(delete(B).where(*this)).rowcount == 1


def _days(
    c: Connection, mine: tuple[ColumnElement[bool], ...], span: tuple[datetime, datetime], zone: ZoneInfo
) -> tuple[SpentDay, ...]:
    since, until = span
    day, last = since.astimezone(zone).date(), (until - timedelta(microseconds=1)).astimezone(zone).date()
    days = []
    while day <= last:
        after = day + timedelta(days=1)
        begin, end = (datetime.combine(at, datetime.min.time(), zone) for at in (day, after))
        row = c.execute(
            select(*SUMS).where(*mine, C.c.at >= max(begin, since), C.c.at < min(end, until))
        ).one()
        days.append(
            SpentDay(
                day=day, input_tokens=row.given, output_tokens=row.made, cost_usd=row.cost / charging.NANO
            )
        )
        day = after
    return tuple(days)


def _rows(
    c: Connection, mine: tuple[ColumnElement[bool], ...], span: tuple[datetime, datetime], by: By
) -> tuple[Spent, ...]:
    column, (since, until) = C.c[by], span
    title = func.max(C.c.person_name) if by == "person" else func.max("")
    query = (
        select(
            column.label("name"),
            title.label("title"),
            func.count().label("calls"),
            func.count().filter(C.c.nanousd.is_(None)).label("unpriced"),
            *SUMS,
        )
        .where(*mine, C.c.at >= since, C.c.at < until)
        .group_by(column)
        .order_by(
            func.coalesce(func.sum(C.c.nanousd), 0).desc(),
            func.sum(C.c.input_tokens + C.c.output_tokens).desc(),
            column,
        )
    )
    return tuple(
        Spent(
            name=row.name,
            title=row.title,
            calls=row.calls,
            input_tokens=row.given,
            output_tokens=row.made,
            cost_usd=row.cost / charging.NANO,
            unpriced=row.unpriced,
        )
        for row in c.execute(query)
    )


def _from_budget(budget: Budget) -> dict[str, Any]:
    return {
        "scope": budget.scope.value,
        "subject": budget.subject,
        "period": budget.period.value,
        "workspace": budget.workspace,
        "nanousd": charging.nano(budget.allowance.usd),
        "tokens": budget.allowance.tokens,
        "set_by": budget.set_by,
    }


def _to_budget(row: Row[Any]) -> Budget:
    return Budget(
        scope=Scope(row.scope),
        subject=row.subject,
        period=Period(row.period),
        allowance=Allowance(
            usd=None if row.nanousd is None else row.nanousd / charging.NANO, tokens=row.tokens
        ),
        workspace=row.workspace,
        set_by=row.set_by,
    )
