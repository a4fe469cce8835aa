"""What is said about budgets and spending."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol

from core.models.budget import Allowance, Budget, Period, Scope, Standing
from core.models.schedule import Schedule
from core.ports.budgets import By, Spending, Spent
from core.rendering.grammar import counted, shortened
from core.rendering.times import run_line

NOW = {Period.DAY: "today", Period.MONTH: "this month"}
EACH = {Period.DAY: "a day", Period.MONTH: "a month"}
ROWS_SHOWN = 20
NOBODY: dict[By, str] = {"person": "nobody", "agent": "planning", "schedule": "asked by people"}
"""What has no person, agent or schedule."""
OPERATOR_ONLY = "Only the operator can change budgets; FLOWMATE_OPERATORS names who else may."
HOW_TO_SET = (
    'Say it like "budget set workspace 5 usd a day", "budget set agent writer 200k tokens a month", '
    '"budget set person @ada 1 usd a day", "budget set schedule 3 20 usd a month" or "budget remove workspace day".'
)
HOW_TO_SET_IN_TERMINAL = (
    'Say it like `flowmate budget set agent writer "5 usd a day"`, `flowmate budget set person ada '
    '"200k tokens a month"`, `flowmate budget set workspace - "20 usd a day"` ("-" is the local one) or '
    "`flowmate budget remove workspace - day`."
)
NO_AMOUNT = "There is no amount of dollars or tokens in it."
NO_PERIOD = 'It says no time: put "a day" or "a month" behind the amount.'
OUT_OF_RANGE = "The amount is too small or too large."
NO_SUCH_BUDGET = 'No such budget was set; "budget list" shows those that there are.'
UNKNOWN_SCHEDULE = "There is no such schedule here."
REMOVED = "Removed."
NO_BUDGETS = "There are no budgets. " + HOW_TO_SET


def not_understood(part: str) -> str:
    return f'I don\'t understand "{shortened(part, 40)}" in it.'


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


class Overview(Protocol):
    """What was spent, and how the budgets stand."""

    @property
    def days(self) -> int: ...

    @property
    def by(self) -> By: ...

    @property
    def spending(self) -> Spending: ...

    @property
    def standings(self) -> tuple[Standing, ...]: ...


def usage(overview: Overview) -> str:
    """A table of who spent what and how much is left of their budgets, and the other budgets below it. Markdown."""
    rows = overview.spending.rows
    span = "today" if overview.days == 1 else f"in the last {overview.days} days"
    if not rows:
        text = f"No model was used {span}."
    else:
        lines = [f"**{total(rows)} {span}**", "", *_table(overview)]
        if len(rows) > ROWS_SHOWN:
            lines.append(counted(len(rows) - ROWS_SHOWN, "and one more", "and {count} more"))
        text = "\n".join(lines)
    others = [one for one in overview.standings if one.cap.budget.scope.value != overview.by]
    return "\n\n".join([text, *(["\n".join(map(_line, others))] if others else [])])


def total(rows: Iterable[Spent]) -> str:
    """ "$1.23, 45,678 tokens in 12 model calls"."""
    listed = list(rows)
    calls = counted(sum(row.calls for row in listed), "{count} model call", "{count} model calls")
    tokens = sum(row.input_tokens + row.output_tokens for row in listed)
    return f"{cost(listed)}, {tokens:,} tokens in {calls}"


def cost(rows: Sequence[Spent]) -> str:
    """In dollars; what has no known price is said to be missing."""
    if all(row.unpriced == row.calls for row in rows):
        return "no known price"
    known = money(sum(row.cost_usd for row in rows))
    return f"{known} and what has no known price" if any(row.unpriced for row in rows) else known


def name(row: Spent, by: By) -> str:
    """A spender as people know it."""
    return row.title or row.name or NOBODY[by]


def schedule(found: Schedule) -> str:
    """ "3: headlines from …"."""
    return f"{found.number}: {shortened(found.text, 40)}"


def left(standing: Standing) -> str:
    """ "$0.90 of $5.00 left today"; dollars that can't be counted are never said to be left."""
    allowance = standing.cap.budget.allowance
    parts = []
    if allowance.usd is not None and not standing.unpriced:
        parts.append(f"{money(max(0.0, allowance.usd - standing.usd))} of {money(allowance.usd)}")
    if allowance.tokens is not None:
        parts.append(f"{max(0, allowance.tokens - standing.tokens):,} of {allowance.tokens:,} tokens")
    counts = [f"{' and '.join(parts)} left {NOW[standing.cap.budget.period]}"] if parts else []
    if allowance.usd is not None and standing.unpriced:
        uncounted = f"{money(allowance.usd)} {EACH[standing.cap.budget.period]}"
        counts.append(f"{uncounted} not counted ({standing.unpriced} has no known price)")
    return ", ".join(counts)


def listing(standings: Sequence[Standing]) -> str:
    """Every budget, and how much is left of it. Markdown."""
    return "\n".join(map(_line, standings)) if standings else NO_BUDGETS


def was_set(standing: Standing) -> str:
    budget = standing.cap.budget
    said = f"Set: {_title(budget)}, {allowed(budget.allowance)} {EACH[budget.period]}"
    return f"{said}. {uncounted(standing)}" if standing.unpriced else f"{said}; {left(standing)}."


def uncounted(standing: Standing) -> str:
    """Why a budget in dollars stops nothing, and what to do about it."""
    model, tokens = standing.unpriced, standing.cap.budget.allowance.tokens
    counts = (
        "dollars are not counted: set tokens" if tokens is None else "only tokens are counted: leave it so"
    )
    return (
        f"But {model}, the model in use, has no known price, so {counts}, or let the operator name its price "
        f"(FLOWMATE_MODEL_PRICES={model}=INPUT/OUTPUT, US dollars a million tokens)."
    )


def unknown_agent(word: str, *, meant: Sequence[str] = ()) -> str:
    if not word:
        return HOW_TO_SET
    hint = f" Do you mean {' or '.join(meant)}?" if meant else ""
    return f"There is no agent called {word[:40]}.{hint}"


def unknown_person(word: str) -> str:
    if not word:
        return HOW_TO_SET
    return (
        f'Nobody here is known as "{word[:40]}"; use their name as "usage by person" shows it, or their id.'
    )


def _table(overview: Overview) -> list[str]:
    by = overview.by
    mine: dict[str, list[str]] = {}
    for standing in overview.standings:
        if standing.cap.budget.scope.value == by:
            mine.setdefault(standing.cap.budget.subject, []).append(left(standing))
    lines = [f"| {by} | calls | tokens | cost | budget |", "| --- | ---: | ---: | ---: | --- |"]
    for row in overview.spending.rows[:ROWS_SHOWN]:
        budget = "; ".join(mine.get(row.name, [])) or "none"
        tokens = row.input_tokens + row.output_tokens
        title = name(row, by).replace("|", "/")
        lines.append(f"| {title} | {row.calls:,} | {tokens:,} | {cost([row])} | {budget} |")
    return lines


def _line(standing: Standing) -> str:
    budget = standing.cap.budget
    origin = "" if budget.set_by else " (the default)"
    return f"- {_title(budget)}{origin}: {left(standing)}"


def _title(budget: Budget) -> str:
    return f"{budget.scope.value} {budget.subject}"
