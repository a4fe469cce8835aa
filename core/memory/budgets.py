"""Budgets in memory."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from core.models import Usage
from core.models.budget import NOTE_SHARE, Budget, Cap, Charge, Period, Scope, Standing
from core.ports.budgets import By, Refusal, Spending, Spent, SpentDay
from core.ports.clock import Clock


@dataclass(frozen=True)
class _Call:
    """A charge, and what it counts as."""

    charge: Charge
    counted: Usage
    settled: bool


class InMemoryBudgets:
    """The Budgets port in this process: every answer is a sum over all calls that there were."""

    def __init__(self, *, clock: Clock) -> None:
        self._clock = clock
        self._budgets: dict[tuple[Scope, str, Period], Budget] = {}
        self._calls: dict[str, _Call] = {}
        self._noted: dict[str, tuple[str, Standing]] = {}

    async def exist(self) -> bool:
        return any(True for _ in self._sorted())

    async def of(self, subjects: Collection[tuple[Scope, str]]) -> tuple[Budget, ...]:
        return tuple(budget for (scope, subject, _), budget in self._sorted() if (scope, subject) in subjects)

    async def listed(self, workspace: str | None = None) -> tuple[Budget, ...]:
        return tuple(b for _, b in self._sorted() if workspace is None or b.workspace in (workspace, ""))

    async def set(self, budget: Budget, *, now: datetime) -> None:
        self._budgets[budget.scope, budget.subject, budget.period] = budget

    async def remove(self, scope: Scope, subject: str, period: Period) -> bool:
        return self._budgets.pop((scope, subject, period), None) is not None

    async def reserve(self, charge: Charge) -> Refusal | None:
        for standing in (self._standing(cap, now=charge.at) for cap in charge.caps):
            if not standing.has_room(charge.estimate):
                waits = standing.has_room(charge.estimate, beside_held=False)
                return Refusal(standing=standing, waits=waits)
        self._calls[charge.id] = _Call(charge, charge.estimate, settled=False)
        return None

    async def settle(self, charge: Charge) -> None:
        counted = charge.actual or charge.estimate
        held = self._calls.get(charge.id)
        self._calls[charge.id] = (
            replace(held, counted=counted, settled=True) if held else _Call(charge, counted, settled=True)
        )
        if not charge.spender.delegation:
            return
        for cap in charge.caps:
            standing = self._standing(cap, now=self._clock.now())
            if standing.share >= NOTE_SHARE:
                self._noted.setdefault(cap.key, (charge.spender.delegation, standing))

    async def release(self, charge: Charge) -> None:
        held = self._calls.get(charge.id)
        if held is not None and not held.settled:
            del self._calls[charge.id]

    async def standings(self, caps: Collection[Cap]) -> tuple[Standing, ...]:
        return tuple(self._standing(cap, now=self._clock.now()) for cap in caps)

    async def noted(self, delegation_id: str) -> tuple[Standing, ...]:
        return tuple(
            standing for _, (given_to, standing) in sorted(self._noted.items()) if given_to == delegation_id
        )

    async def spending(
        self, *, workspace: str | None, since: datetime, until: datetime, by: By, zone: str
    ) -> Spending:
        calls = [
            call
            for call in self._calls.values()
            if workspace in (None, call.charge.spender.workspace) and since <= call.charge.at < until
        ]
        rows: dict[str, Spent] = {}
        for call in calls:
            name = getattr(call.charge.spender, by)
            rows[name] = _added(rows.get(name) or Spent(name=name), call, by=by)
        dearest = sorted(rows.values(), key=lambda row: (-row.cost_usd, -_tokens(row), row.name))
        return Spending(days=_days(calls, since, until, ZoneInfo(zone)), rows=tuple(dearest))

    def _sorted(self) -> list[tuple[tuple[Scope, str, Period], Budget]]:
        return sorted(self._budgets.items())

    def _standing(self, cap: Cap, *, now: datetime) -> Standing:
        mine = [call for call in self._calls.values() if cap.key in call.charge.accounts]
        held = [call.counted for call in mine if not call.settled and call.charge.expires_at > now]
        spent = [call.counted for call in mine if call.settled or call.charge.expires_at <= now]
        return Standing(
            cap=cap,
            tokens=sum(map(_used, spent)),
            usd=sum(usage.cost_usd or 0.0 for usage in spent),
            held_tokens=sum(map(_used, held)),
            held_usd=sum(usage.cost_usd or 0.0 for usage in held),
        )


def _used(usage: Usage) -> int:
    return usage.input_tokens + usage.output_tokens


def _tokens(row: Spent | SpentDay) -> int:
    return row.input_tokens + row.output_tokens


def _added(row: Spent, call: _Call, *, by: By) -> Spent:
    usage = call.counted
    return row.model_copy(
        update={
            "title": call.charge.spender.person_name if by == "person" else "",
            "calls": row.calls + 1,
            "input_tokens": row.input_tokens + usage.input_tokens,
            "output_tokens": row.output_tokens + usage.output_tokens,
            "cost_usd": row.cost_usd + (usage.cost_usd or 0.0),
            "unpriced": row.unpriced + (usage.cost_usd is None),
        }
    )


def _days(calls: Iterable[_Call], since: datetime, until: datetime, zone: ZoneInfo) -> tuple[SpentDay, ...]:
    day, last = since.astimezone(zone).date(), (until - timedelta(microseconds=1)).astimezone(zone).date()
    days = {}
    while day <= last:
        days[day] = SpentDay(day=day)
        day += timedelta(days=1)
    for call in calls:
        on, usage = call.charge.at.astimezone(zone).date(), call.counted
        days[on] = days[on].model_copy(
            update={
                "input_tokens": days[on].input_tokens + usage.input_tokens,
                "output_tokens": days[on].output_tokens + usage.output_tokens,
                "cost_usd": days[on].cost_usd + (usage.cost_usd or 0.0),
            }
        )
    return tuple(days.values())
