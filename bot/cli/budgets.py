"""`flowmate usage` and `flowmate budget`, over the running service."""

from __future__ import annotations

import json
import sys

from adapters.settings import Settings
from bot.cli.budget_bodies import UsageView
from bot.cli.client import Api, CallFailed
from bot.cli.markdown import Answer
from bot.cli.terminal import stdout
from core.budgets.amounts import misread, read_amounts
from core.models.budget import Period, Scope
from core.ports.budgets import By
from core.rendering import budgets as words
from core.rendering.terminal import in_terminal


async def show_usage(settings: Settings, *, days: int, by: By, as_json: bool) -> int:
    """Show who spent what and how much is left; returns the exit code."""
    async with Api(settings) as api:
        card = await api.usage(days=days, by=by)
    if as_json:
        sys.stdout.write(card.body + "\n")
    else:
        _show(words.usage(UsageView(card)))
    return 0


async def list_budgets(settings: Settings, *, as_json: bool) -> int:
    """Show every budget; returns the exit code."""
    async with Api(settings) as api:
        cards = await api.budgets()
    if as_json:
        sys.stdout.write(json.dumps([card.model_dump(by_alias=True, mode="json") for card in cards]) + "\n")
    else:
        listed = words.listing([card.to_standing() for card in cards])
        _show(listed if cards else in_terminal(listed))
    return 0


async def set_budget(settings: Settings, scope: Scope, subject: str, amount: str) -> int:
    """Set what somebody may spend, for each period that the amount names; returns the exit code."""
    amounts = read_amounts(amount)
    if amounts is None:
        raise CallFailed(f"{misread(amount)} {words.HOW_TO_SET_IN_TERMINAL}")
    async with Api(settings) as api:
        for period, allowance in amounts.items():
            card = await api.set_budget(scope, subject, period, allowance)
            _show(words.was_set(card.to_standing()))
    return 0


async def remove_budget(settings: Settings, scope: Scope, subject: str, period: Period) -> int:
    """Take away what was set; returns the exit code."""
    async with Api(settings) as api:
        await api.remove_budget(scope, subject, period)
    _show(words.REMOVED)
    return 0


def _show(text: str) -> None:
    out = stdout()
    if out.is_terminal:
        out.print(Answer(text))
    else:
        sys.stdout.write(text + "\n")
