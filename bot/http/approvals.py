"""`/api/v1/approvals`: what waits for a person's yes, and saying it."""

from __future__ import annotations

import secrets
from typing import Annotated

from fastapi import APIRouter, Depends, Query

from bot.http import contract
from bot.http.approval_schemas import ApprovalOut, DecisionIn, from_approval
from bot.http.auth import Asker
from bot.http.bodies import body_of, documented
from bot.http.delegations import load_own
from bot.http.parts import Parts
from core.approvals.desk import LISTED
from core.errors import NotFound
from core.rendering.approvals import UNKNOWN

router = APIRouter(prefix="/api/v1/approvals", tags=["approvals"])
Given = Annotated[DecisionIn, Depends(body_of(DecisionIn))]


@router.get(
    "",
    summary="List what waits for a yes",
    responses={
        200: contract.example("longest waiting first", "approvals"),
        **contract.refusals(401, 404, 503),
    },
)
async def approvals(
    asker: Asker,
    assembly: Parts,
    delegation: Annotated[
        str | None, Query(description="all of this delegation instead, decided ones included")
    ] = None,
    beginning: Annotated[
        str | None,
        Query(alias="id", description="those whose id begins like this instead, decided ones included"),
    ] = None,
) -> list[ApprovalOut]:
    """What the operator may decide now: what was asked here, and with `FLOWMATE_APPROVERS` what others asked."""
    desk = assembly.approvals
    if delegation is not None:
        found = await desk.approvals.of([(await load_own(assembly, delegation)).id])
    elif beginning is not None:
        found = await desk.approvals.beginning(beginning, limit=LISTED)
    else:
        found = await desk.approvals.pending(limit=LISTED)
    return [from_approval(one) for one in found if desk.may_decide(one, asker)]


@router.post(
    "/{approval_id}",
    summary="Approve or deny",
    responses={
        200: contract.example("decided", "approval"),
        **contract.refusals(401, 404, 409, 413, 415, 422, 503),
    },
    openapi_extra=documented(DecisionIn, contract.shown("decision")),
)
async def decide(approval_id: str, asker: Asker, assembly: Parts, given: Given) -> ApprovalOut:
    """Decide it, once: 409 where it is decided already, came too late, or is not the operator's to decide."""
    if len(approval_id) > 32:
        raise NotFound(UNKNOWN)
    key = f"api:{secrets.token_hex(16)}"
    return from_approval(await assembly.controls.decide(approval_id, given.decision, by=asker, key=key))
