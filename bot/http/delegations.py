"""`/api/v1/delegations`: looking at delegations, ending them, and trying again what failed."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import JSONResponse

from adapters.assembly import Assembly
from adapters.operator import PLATFORM, WORKSPACE
from bot.http import contract
from bot.http.auth import Asker
from bot.http.parts import Parts
from bot.http.problems import invalid
from bot.http.schemas import AcceptedOut, AnswerOut, Page, from_delegation, to_summary
from bot.http.waiting import wait_for_answer
from core.errors import NotFound
from core.models import Address, Delegation

CANCEL_SECONDS = 5.0
"""How long a cancelled delegation's answer is waited for: stopping what runs takes a moment."""
UNKNOWN = "There is no such delegation."

router = APIRouter(prefix="/api/v1/delegations", tags=["delegations"])


@router.get(
    "",
    summary="List delegations",
    responses={
        200: contract.example("one page, newest first", "page"),
        **contract.refusals(401, 422, 503),
    },
)
async def delegations(
    asker: Asker,
    assembly: Parts,
    before: Annotated[datetime | None, Query(description=contract.BEFORE)] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    conversation: Annotated[str, Query(max_length=64, description=contract.OF_CONVERSATION)] = "",
) -> Page:
    """What was asked over the API and in the terminal, newest first, without the agents' results."""
    if before is not None and before.tzinfo is None:
        raise invalid("before", "give an instant with its offset, such as 2026-11-22T10:00:00Z.")
    if conversation:
        address = Address(platform=PLATFORM, workspace=WORKSPACE, place=conversation)
        found = (await assembly.store.in_conversation(address, before=before, limit=limit))[::-1]
    else:
        found = await assembly.store.recent(workspace=WORKSPACE, before=before, limit=limit)
    # `Z`, since a plus sign would have to be escaped in a query.
    last = found[-1].received_at.astimezone(UTC).isoformat().replace("+00:00", "Z") if found else None
    return Page(delegations=[to_summary(one) for one in found], next=last if len(found) == limit else None)


@router.get(
    "/{delegation_id}",
    summary="Look at a delegation",
    responses={
        200: contract.example("with what each agent gave so far", "answer"),
        **contract.refusals(401, 404, 503),
    },
)
async def delegation(delegation_id: str, asker: Asker, assembly: Parts) -> AnswerOut:
    """One delegation with what each agent gave so far."""
    found = await load_own(assembly, delegation_id)
    return from_delegation(found, now=assembly.clock.now(), notes=await assembly.roster.notes(found))


@router.post(
    "/{delegation_id}/cancel",
    summary="Cancel a delegation",
    response_model=AnswerOut,
    responses={
        200: contract.example("ended; what was finished before stays in it", "cancelled"),
        202: {"model": AcceptedOut, **contract.example("about to end", "accepted")},
        **contract.refusals(401, 404, 409, 429, 503),
    },
)
async def cancel(delegation_id: str, asker: Asker, assembly: Parts, request: Request) -> Response:
    """End a delegation that is still running."""
    found = await load_own(assembly, delegation_id)
    await assembly.controls.cancel(found, by=asker.id)
    await request.body()
    await wait_for_answer(request, assembly, delegation_id, seconds=CANCEL_SECONDS)
    return await _current(request, assembly, delegation_id)


@router.post(
    "/{delegation_id}/retry",
    summary="Try again",
    response_model=AnswerOut,
    status_code=202,
    responses={
        202: {"model": AcceptedOut, **contract.example("running again", "accepted")},
        **contract.refusals(401, 404, 409, 429, 503),
    },
)
async def retry(delegation_id: str, asker: Asker, assembly: Parts, request: Request) -> Response:
    """Run once more what failed, and nothing else."""
    found = await load_own(assembly, delegation_id)
    await assembly.controls.retry(found, by=asker.id)
    return await _current(request, assembly, delegation_id)


async def load_own(assembly: Assembly, delegation_id: str) -> Delegation:
    """A delegation of the local workspace. Raises NotFound, for other workspaces' too."""
    if not re.fullmatch(r"[0-9a-f]{32}", delegation_id):
        raise NotFound(UNKNOWN)
    try:
        delegation = await assembly.store.load(delegation_id)
    except NotFound:
        raise NotFound(UNKNOWN) from None
    address = delegation.instruction.address
    if (address.platform, address.workspace) != (PLATFORM, WORKSPACE):
        raise NotFound(UNKNOWN)
    return delegation


def answer(request: Request, body: AnswerOut, *, notice: str | None = None) -> JSONResponse:
    """200 with the answer, or 202 with where it will be."""
    content: dict[str, Any] = body.model_dump(by_alias=True, mode="json")
    if body.status != "running":
        return JSONResponse(content)
    if notice is not None:
        content["notice"] = notice
    # A path alone: whatever a request says its host is, nobody is sent there.
    place = request.app.url_path_for("delegation", delegation_id=body.delegation_id)
    return JSONResponse(content, 202, headers={"Location": str(place)})


async def _current(request: Request, assembly: Assembly, delegation_id: str) -> JSONResponse:
    found = await assembly.store.load(delegation_id)
    return answer(request, from_delegation(found, now=assembly.clock.now()))
