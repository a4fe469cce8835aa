"""What the API sends about money, as far as the commands read it."""

from __future__ import annotations

from typing import Any

from pydantic import AwareDatetime

from bot.cli.bodies import Body, Listing
from core.models.budget import Allowance, Budget, Cap, Period, Scope, Span, Standing
from core.ports.budgets import By, Spending, Spent, SpentDay


class BudgetCard(Body):
    """A budget, and how it stands."""

    scope: Scope
    subject: str
    period: Period
    usd: float | None = None
    tokens: int | None = None
    default: bool = False
    spent_usd: float = 0.0
    spent_tokens: int = 0
    unpriced_model: str | None = None
    opens_at: AwareDatetime

    def to_standing(self) -> Standing:
        """The same as the core has it."""
        budget = Budget(
            scope=self.scope,
            subject=self.subject,
            period=self.period,
            allowance=Allowance(usd=self.usd, tokens=self.tokens),
            set_by="" if self.default else "operator",
        )
        span = Span(period=self.period, start=self.opens_at.date(), since=self.opens_at, until=self.opens_at)
        return Standing(
            cap=Cap(budget=budget, span=span),
            tokens=self.spent_tokens,
            usd=self.spent_usd,
            unpriced=self.unpriced_model or "",
        )


class BudgetCards(Listing):
    budgets: tuple[BudgetCard, ...] = ()


class SpentLine(Body):
    name: str
    title: str = ""
    calls: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cost_usd: float = 0.0
    unpriced: int = 0


class UsageCard(Body):
    """What was spent, and what is left; looks like the core's overview."""

    by: By
    days: tuple[dict[str, Any], ...] = ()
    rows: tuple[SpentLine, ...] = ()
    budgets: tuple[BudgetCard, ...] = ()
    body: str = ""


class UsageView:
    """The card as core/rendering shows it."""

    def __init__(self, card: UsageCard) -> None:
        self.days = len(card.days)
        self.by = card.by
        self.spending = Spending(
            days=tuple(SpentDay(day=day["day"]) for day in card.days),
            rows=tuple(Spent(**row.model_dump()) for row in card.rows),
        )
        self.standings = tuple(budget.to_standing() for budget in card.budgets)
