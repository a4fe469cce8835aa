"""Which budgets a model call counts against: those that were set, and the defaults where none was. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from core.models.budget import Allowance, Budget, Cap, Period, Scope, Span, Spender, span_of

Defaults = Mapping[tuple[Scope, Period], Allowance]


@dataclass(frozen=True)
class BudgetRules:
    """The deployment's defaults, and its zone, which says when days and months begin."""

    defaults: Defaults = field(default_factory=dict)
    zone: str = "UTC"

    def span(self, period: Period, now: datetime) -> Span:
        return span_of(period, now, zone=self.zone)

    def caps(self, spender: Spender, found: Iterable[Budget], *, now: datetime) -> tuple[Cap, ...]:
        """Everything that limits this spender now."""
        return self.caps_of(spender.subjects, found, workspace=spender.workspace, now=now)

    def caps_of(
        self,
        subjects: Iterable[tuple[Scope, str]],
        found: Iterable[Budget],
        *,
        workspace: str,
        now: datetime,
    ) -> tuple[Cap, ...]:
        """Everything that limits these subjects of a workspace now; a budget that was set replaces a default."""
        own = {(budget.scope, budget.subject, budget.period): budget for budget in found}
        budgets = [
            own.get((scope, subject, period)) or self._default(scope, subject, period, workspace)
            for scope, subject in subjects
            for period in Period
        ]
        return tuple(
            Cap(budget=budget, span=self.span(budget.period, now)) for budget in budgets if budget is not None
        )

    def _default(self, scope: Scope, subject: str, period: Period, workspace: str) -> Budget | None:
        allowance = self.defaults.get((scope, period))
        if allowance is None:
            return None
        return Budget(
            scope=scope,
            subject=subject,
            period=period,
            allowance=allowance,
            workspace="" if scope is Scope.AGENT else workspace,
        )
