"""What is said about budgets and spending."""

from __future__ import annotations

from core.models.budget import Allowance, Budget, Period, Scope, Standing
from core.rendering.times import run_line

NOW = {Period.DAY: "today", Period.MONTH: "this month"}


def money(usd: float) -> str:
    """ "$5.00"; what is less than ten cents with four digits."""
    return f"${usd:,.2f}" if usd >= 0.1 or usd == 0 else f"${usd:.4f}"


def allowed(allowance: Allowance) -> str:
    """ "$5.00", "500,000 tokens", "$5.00 or 500,000 tokens"."""
    parts = [] if allowance.usd is None else [money(allowance.usd)]
    if allowance.tokens is not None:
        parts.append(f"{allowance.tokens:,} tokens")
    return " or ".join(parts)


def whose(budget: Budget) -> str:
    """Whose budget, said to the person whose work it stops."""
    match budget.scope:
        case Scope.WORKSPACE:
            return "this workspace's budget"
        case Scope.AGENT:
            return f"the {budget.subject} agent's budget"
        case Scope.SCHEDULE:
            return "this schedule's budget"
        case Scope.PERSON:
            return "your budget"


def spent(standing: Standing) -> str:
    """ "$4.10 of $5.00", in what the budget is counted in."""
    allowance = standing.cap.budget.allowance
    parts = []
    if allowance.usd is not None:
        parts.append(f"{money(standing.usd)} of {money(allowance.usd)}")
    if allowance.tokens is not None:
        parts.append(f"{standing.tokens:,} of {allowance.tokens:,} tokens")
    return ", ".join(parts)


def no_room(standing: Standing, *, zone: str) -> str:
    """Which budget stops a model call, when it opens again, and who can raise it. One sentence."""
    budget, span = standing.cap.budget, standing.cap.span
    state = "is used up" if standing.share >= 1 else "has no room for another model call"
    head = f"{whose(budget).capitalize()} for {NOW[budget.period]} {state} ({spent(standing)})"
    return f"{head}; it opens again on {run_line(span.until, zone)} ({zone}), and the operator can raise it."


def nearly(standing: Standing) -> str:
    """The note, once, from 80% on."""
    budget = standing.cap.budget
    share = f"{min(standing.share, 9.99):.0%}"
    return f"_{share} of {whose(budget)} for {NOW[budget.period]} is spent: {spent(standing)}._"
