"""What people say about money: "usage by agent", "budget set workspace 5 usd a day". Pure."""

from __future__ import annotations

import re
from typing import Literal

from core.budgets.amounts import AMOUNT, misread, read_amounts
from core.models import Frozen
from core.models.budget import Allowance, Period, Scope
from core.ports.budgets import By

MOST_DAYS = 90
_BY = r"(?:by|per|for\s+each)\s+(?P<by{}>person|people|agent|schedule)s?"
_DAYS = r"(?:(?:of|for|in|over)\s+)?(?:the\s+)?(?:last\s+|past\s+)?(?P<days>\d{1,3})\s*d(?:ays?)?"
_USAGE = re.compile(
    rf"^(?:show\s+(?:me\s+)?)?usage(?:\s+{_BY.format(1)})?(?:\s+{_DAYS})?(?:\s+{_BY.format(2)})?[\s.?!]*$",
    re.I,
)
_LIST = re.compile(
    r"^(?:(?:show|list)\s+(?:me\s+)?(?:the\s+|our\s+|all\s+)?)?budgets?(?:\s+list)?[\s.?!]*$", re.I
)
_CHANGE = re.compile(r"^budgets?\s+(?P<verb>set|remove|delete)\b\s*(?P<rest>.*)$", re.I | re.S)
_SCOPES = "|".join(scope.value for scope in Scope)
_WHOSE = re.compile(rf"^(?P<scope>{_SCOPES})\b\s*(?P<rest>.*)$", re.I | re.S)
_PERIOD = re.compile(
    r"^(?P<subject>.*?)\s*(?:(?:per|an?|each|/)\s*)?(?P<period>day|month|daily|monthly)[\s.!]*$", re.I
)


class ShowUsage(Frozen):
    """Tell what was spent."""

    by: By = "person"
    days: int = 7


class ShowBudgets(Frozen):
    """Tell which budgets there are."""


class ChangeBudget(Frozen):
    """Set budgets of one subject, or take one away (no allowance); an empty subject is the place's own."""

    verb: Literal["set", "remove"]
    scope: Scope
    subject: str
    amounts: dict[Period, Allowance | None]


class Unread(Frozen):
    """It begins like a command about budgets, and can't be read."""

    problem: str = ""


Command = ShowUsage | ShowBudgets | ChangeBudget | Unread


def read_command(text: str) -> Command | None:
    """The command that the whole text is, if it is one."""
    line = " ".join(text.split())
    if found := _USAGE.match(line):
        by = (found["by1"] or found["by2"] or "person").lower().replace("people", "person")
        days = min(MOST_DAYS, max(1, int(found["days"] or 7)))
        return ShowUsage.model_validate({"by": by, "days": days})
    if _LIST.match(line):
        return ShowBudgets()
    found = _CHANGE.match(line)
    if found is None:
        return None
    whose = _WHOSE.match(found["rest"])
    if whose is None:
        return Unread()
    scope, rest = Scope(whose["scope"].lower()), whose["rest"]
    if found["verb"].lower() == "set":
        return _read_set(scope, rest) or Unread(problem=misread(rest.rstrip(" .!")))
    return _read_remove(scope, rest) or Unread()


def _read_set(scope: Scope, rest: str) -> ChangeBudget | None:
    for amount in AMOUNT.finditer(rest):
        amounts = read_amounts(rest[amount.start() :].rstrip(" .!"))
        # "-5 usd" is no five dollars.
        if amounts is not None and rest[: amount.start()][-1:] != "-":
            subject = rest[: amount.start()].strip(" :,=")
            return ChangeBudget(verb="set", scope=scope, subject=subject, amounts=dict(amounts))
    return None


def _read_remove(scope: Scope, rest: str) -> ChangeBudget | None:
    found = _PERIOD.match(rest)
    if found is None:
        return None
    period = Period.DAY if found["period"].lower() in ("day", "daily") else Period.MONTH
    return ChangeBudget(verb="remove", scope=scope, subject=found["subject"].strip(), amounts={period: None})
