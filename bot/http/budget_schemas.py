"""Budgets and spending as the API takes and gives them: camelCase JSON."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, Literal

from pydantic import Field

from bot.http.schemas import Schema
from core.models.budget import MOST_TOKENS, MOST_USD, Standing
from core.ports.budgets import By, Spending

ScopeName = Literal["workspace", "agent", "schedule", "person"]
PeriodName = Literal["day", "month"]


class BudgetIn(Schema):
    """At least one of `usd` and `tokens`; with both, whichever is reached first."""

    scope: ScopeName = Field(description="whose spending is limited")
    subject: str = Field(
        "",
        max_length=200,
        description="`platform:workspace` (default: the local one), an agent's name, a schedule's id or number, or a "
        "person's id",
    )
    period: PeriodName = Field(description="a day or a month of FLOWMATE_ZONE")
    usd: float | None = Field(None, gt=0, le=MOST_USD, description="US dollars")
    tokens: int | None = Field(None, gt=0, le=MOST_TOKENS, description="tokens of input and output together")
    workspace: str = Field(
        "",
        max_length=141,
        description="whose person, schedule or agent, as `platform:workspace`; default: the local one, for agents any",
    )


class BudgetOut(Schema):
    scope: ScopeName
    subject: str
    period: PeriodName
    usd: float | None
    tokens: int | None
    default: bool = Field(description="whether it comes from the settings")
    spent_usd: float
    spent_tokens: int
    left_usd: float | None
    left_tokens: int | None
    unpriced_model: str | None = Field(
        description="the model in use, where its price is not known and `usd` is set: then dollars are not counted "
        "until FLOWMATE_MODEL_PRICES names one"
    )
    opens_at: datetime = Field(description="when the next day or month begins")


class SpentOut(Schema):
    name: str = Field(description="a person's id, an agent's name or a schedule's id; empty: none")
    title: str = Field(description="a person's name")
    calls: int
    input_tokens: int
    output_tokens: int
    cost_usd: float
    unpriced: int = Field(description="calls whose price is not known")


class SpentDayOut(Schema):
    day: date
    input_tokens: int
    output_tokens: int
    cost_usd: float


class UsageOut(Schema):
    by: By
    days: list[SpentDayOut]
    rows: list[SpentOut]
    budgets: list[BudgetOut]


def from_standing(standing: Standing) -> BudgetOut:
    budget = standing.cap.budget
    allowance = budget.allowance
    return BudgetOut(
        scope=budget.scope.value,
        subject=budget.subject,
        period=budget.period.value,
        usd=allowance.usd,
        tokens=allowance.tokens,
        default=not budget.set_by,
        spent_usd=standing.usd,
        spent_tokens=standing.tokens,
        left_usd=None if allowance.usd is None else max(0.0, allowance.usd - standing.usd),
        left_tokens=None if allowance.tokens is None else max(0, allowance.tokens - standing.tokens),
        unpriced_model=standing.unpriced or None,
        opens_at=standing.cap.span.until,
    )


def from_spending(spending: Spending, *, by: By, standings: tuple[Standing, ...]) -> UsageOut:
    return UsageOut(
        by=by,
        days=[SpentDayOut(**day.model_dump()) for day in spending.days],
        rows=[SpentOut(**row.model_dump()) for row in spending.rows],
        budgets=[from_standing(standing) for standing in standings],
    )


REQUEST = {"scope": "agent", "subject": "writer", "period": "day", "usd": 5.0}
MADE: dict[str, Any] = {
    "scope": "agent",
    "subject": "writer",
    "period": "day",
    "usd": 5.0,
    "tokens": None,
    "default": False,
    "spentUsd": 4.1,
    "spentTokens": 812_400,
    "leftUsd": 0.9,
    "leftTokens": None,
    "unpricedModel": None,
    "opensAt": "2026-11-24T23:00:00Z",
}
USAGE: dict[str, Any] = {
    "by": "agent",
    "days": [{"day": "2026-11-24", "inputTokens": 700_300, "outputTokens": 112_100, "costUsd": 4.1}],
    "rows": [
        {
            "name": "writer",
            "title": "",
            "calls": 310,
            "inputTokens": 700_300,
            "outputTokens": 112_100,
            "costUsd": 4.1,
            "unpriced": 0,
        }
    ],
    "budgets": [MADE],
}
