"""`/api/v1/budgets` and `/api/v1/usage`: what may be spent, and what was."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Query

from adapters.operator import PLATFORM, WORKSPACE
from bot.http import contract
from bot.http.auth import Asker
from bot.http.bodies import body_of, documented
from bot.http.budget_schemas import (
    BudgetIn,
    BudgetOut,
    PeriodName,
    ScopeName,
    UsageOut,
    from_spending,
    from_standing,
)
from bot.http.parts import Parts
from bot.http.problems import invalid
from core.budgets.commands import MOST_DAYS
from core.models.budget import Allowance, Budget, Period, Scope
from core.ports.budgets import By

LOCAL = f"{PLATFORM}:{WORKSPACE}"
ONE_OF_THEM = "Give usd, tokens, or both."

router = APIRouter(prefix="/api/v1", tags=["budgets"])
Given = Annotated[BudgetIn, Depends(body_of(BudgetIn))]
Workspace = Annotated[
    str | None, Query(max_length=141, description="only this one, as `platform:workspace`; default: all")
]


@router.get(
    "/budgets",
    summary="List budgets",
    responses={200: contract.example("every budget", "budgets"), **contract.refusals(401, 422, 503)},
)
async def budgets(asker: Asker, assembly: Parts, workspace: Workspace = None) -> list[BudgetOut]:
    """Every budget that was set, and how it stands; with a workspace also its defaults."""
    found = await assembly.accounting.listed(workspace=workspace)
    return [from_standing(standing) for standing in found]


@router.post(
    "/budgets",
    summary="Set a budget",
    responses={
        200: contract.example("as it stands now", "budget"),
        **contract.refusals(401, 404, 413, 415, 422, 503),
    },
    openapi_extra=documented(BudgetIn, contract.shown("budgetRequest")),
)
async def set_budget(asker: Asker, assembly: Parts, given: Given) -> BudgetOut:
    """Set what one workspace, agent, schedule or person may spend, in place of what was set before or the default.

    It counts what was spent in this day or month already.
    """
    if given.usd is None and given.tokens is None:
        raise invalid("usd", ONE_OF_THEM)
    subject, whose = await assembly.accounting.named(
        Scope(given.scope), given.subject, workspace=given.workspace or _here(given.scope)
    )
    budget = Budget(
        scope=Scope(given.scope),
        subject=subject,
        period=Period(given.period),
        allowance=Allowance(usd=given.usd, tokens=given.tokens),
        workspace=whose,
        set_by=asker.id,
    )
    return from_standing(await assembly.accounting.set(budget))


@router.delete(
    "/budgets/{scope}/{period}/{subject}",
    summary="Remove a budget",
    responses={
        200: contract.example("those that are left", "budgets"),
        **contract.refusals(401, 404, 422, 503),
    },
)
async def remove_budget(
    scope: ScopeName, period: PeriodName, subject: str, asker: Asker, assembly: Parts
) -> list[BudgetOut]:
    """Take away what was set; a default from the settings holds again. A subject of `-` is the local workspace."""
    named, _ = await assembly.accounting.named(Scope(scope), subject, workspace=_here(scope))
    await assembly.accounting.remove(Scope(scope), named, Period(period))
    return [from_standing(standing) for standing in await assembly.accounting.listed(workspace=None)]


@router.get(
    "/usage",
    summary="What models cost",
    responses={200: contract.example("what was spent", "usage"), **contract.refusals(401, 422, 503)},
)
async def usage(
    asker: Asker,
    assembly: Parts,
    days: Annotated[int, Query(ge=1, le=MOST_DAYS, description="how many days back, today among them")] = 7,
    by: Annotated[By, Query(description="whom to tell apart")] = "person",
    workspace: Workspace = None,
) -> UsageOut:
    """Tokens and cost of every model call, by day and by person, agent or schedule, and what is left of budgets.

    Calls that are under way, or whose process died, are in it with what was set aside for them.
    """
    overview = await assembly.accounting.overview(workspace=workspace, days=days, by=by)
    return from_spending(overview.spending, by=by, standings=overview.standings)


def _here(scope: str) -> str:
    """What is meant where no workspace is named: an agent's budget holds in all of them, whoever made it where."""
    return "" if scope == Scope.AGENT else LOCAL
