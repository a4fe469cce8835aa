"""Money and tokens: what may be spent, by whom, in which days and months, and what one model call takes."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Self
from zoneinfo import ZoneInfo

from pydantic import AwareDatetime, Field, model_validator

from core.models.outcome import Usage
from core.models.values import Frozen

NOTE_SHARE = 0.8
"""From which share of a budget on a note says so, once."""
MOST_USD = 1_000_000.0
MOST_TOKENS = 1_000_000_000_000


class Scope(StrEnum):
    """Whose spending a budget limits."""

    WORKSPACE = "workspace"
    AGENT = "agent"
    SCHEDULE = "schedule"
    PERSON = "person"


class Period(StrEnum):
    """How long a budget lasts: a day or a month of the deployment's zone."""

    DAY = "day"
    MONTH = "month"


class Allowance(Frozen):
    """How much: US dollars, tokens of input and output together, or both, whichever is reached first."""

    usd: float | None = Field(None, gt=0, le=MOST_USD, allow_inf_nan=False)
    """Applies to calls whose price is known."""
    tokens: int | None = Field(None, gt=0, le=MOST_TOKENS)

    @model_validator(mode="after")
    def _something(self) -> Self:
        if self.usd is None and self.tokens is None:
            raise ValueError("an amount in dollars or in tokens is needed")
        return self


class Budget(Frozen):
    """How much one subject may spend in each period."""

    scope: Scope
    subject: str = Field(min_length=1, max_length=200)
    """A workspace as `platform:workspace`, an agent's name, a schedule's id, a person's id."""
    period: Period
    allowance: Allowance
    workspace: str = ""
    """Whose it is, as `platform:workspace`; empty for an agent's, which holds for all workspaces together."""
    set_by: str = ""
    """The person who set it; empty for a default from the settings."""


class Spender(Frozen):
    """On whose account a model call is made."""

    person: str
    person_name: str = ""
    workspace: str
    agent: str = ""
    """Empty for planning."""
    schedule: str = ""
    delegation: str = ""
    run: str = ""
    """Under which id the turn is going to be saved; the call is then settled together with that. Empty: it is not."""

    @property
    def subjects(self) -> tuple[tuple[Scope, str], ...]:
        """All that could have a budget for this call."""
        named = (
            (Scope.WORKSPACE, self.workspace),
            (Scope.AGENT, self.agent),
            (Scope.SCHEDULE, self.schedule),
            (Scope.PERSON, self.person),
        )
        return tuple((scope, subject) for scope, subject in named if subject)


class Span(Frozen):
    """One day or month: `since` is in it, `until` is not any more."""

    period: Period
    start: date
    since: AwareDatetime
    until: AwareDatetime

    @property
    def name(self) -> str:
        """ "2026-11-20", "2026-11"."""
        return _named(self.period, self.start)


class Cap(Frozen):
    """A budget in one of its days or months."""

    budget: Budget
    span: Span

    @property
    def key(self) -> str:
        """Under which its spending is counted."""
        return account(self.budget.scope, self.budget.subject, self.span)


class Standing(Frozen):
    """How much of a budget is spent, and how much is set aside for calls that are under way."""

    cap: Cap
    tokens: int = 0
    usd: float = 0.0
    held_tokens: int = 0
    held_usd: float = 0.0
    unpriced: str = ""
    """The model in use, where its price is not known: then nothing of it is counted in dollars."""

    @property
    def share(self) -> float:
        """The part that is spent, 1.0 for all of it: of the money or of the tokens, whichever is further."""
        allowed = self.cap.budget.allowance
        money = self.usd / allowed.usd if allowed.usd else 0.0
        return max(money, self.tokens / allowed.tokens if allowed.tokens else 0.0)

    def has_room(self, wanted: Usage, *, beside_held: bool = True) -> bool:
        """Whether this much more fits, beside what is set aside (or as if that were given back)."""
        allowed = self.cap.budget.allowance
        tokens = self.tokens + (self.held_tokens if beside_held else 0)
        usd = self.usd + (self.held_usd if beside_held else 0.0)
        if (
            allowed.tokens is not None
            and tokens + wanted.input_tokens + wanted.output_tokens > allowed.tokens
        ):
            return False
        unpriced = allowed.usd is None or wanted.cost_usd is None
        return unpriced or usd + (wanted.cost_usd or 0.0) <= (allowed.usd or 0.0) + 1e-9


class Charge(Frozen):
    """One model call on somebody's account."""

    id: str
    spender: Spender
    model: str
    at: AwareDatetime
    expires_at: AwareDatetime
    """Until then it is under way; later, the process that made it has died, and all of `estimate` counts as spent."""
    estimate: Usage
    """More than it will take."""
    caps: tuple[Cap, ...] = ()
    """The budgets that it counts against; none: nothing is set aside for it."""
    accounts: tuple[str, ...] = ()
    """All the keys under which its spending may be counted, whether there is a budget now or not."""
    actual: Usage | None = None
    """What it took; None: it is not known yet."""


def span_of(period: Period, now: datetime, *, zone: str) -> Span:
    """The day or month of this zone that `now` is in."""
    place = ZoneInfo(zone)
    today = now.astimezone(place).date()
    if period is Period.DAY:
        start, after = today, today + timedelta(days=1)
    else:
        start = today.replace(day=1)
        after = (start + timedelta(days=32)).replace(day=1)
    since, until = (datetime.combine(day, datetime.min.time(), place) for day in (start, after))
    return Span(period=period, start=start, since=since, until=until)


def account(scope: Scope, subject: str, span: Span) -> str:
    """Under which key spending of this subject is counted in this day or month."""
    return _account(scope, subject, span.name)


def accounts_of(spender: Spender, now: datetime, *, zone: str) -> tuple[str, ...]:
    """All keys under which what this spender spends now may be counted, in one order everywhere."""
    # Each call of a model asks for them, and for nothing else of its day and month.
    today = now.astimezone(ZoneInfo(zone)).date()
    names = [_named(period, today) for period in Period]
    return tuple(
        sorted(_account(scope, subject, name) for scope, subject in spender.subjects for name in names)
    )


def _named(period: Period, day: date) -> str:
    return day.isoformat() if period is Period.DAY else day.isoformat()[:7]


def _account(scope: Scope, subject: str, name: str) -> str:
    return f"{scope.value} {name} {subject}"
