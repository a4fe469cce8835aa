"""`/api/v1/integrations`: connected services. Secrets go in, and never come out."""

from __future__ import annotations

import re
from typing import Annotated

from fastapi import APIRouter, Depends, Query

from adapters import operator
from bot.http import contract
from bot.http.auth import Asker
from bot.http.bodies import body_of, documented
from bot.http.integration_schemas import WORKSPACE, FieldOut, IntegrationIn, IntegrationOut, KindOut, TestOut
from bot.http.parts import Parts
from bot.http.problems import invalid, refused
from core.errors import InvalidIntegration
from core.integrations.desk import Wanted
from core.models.integration import Integration

SANE_WORKSPACE = re.compile(r"[a-z]{1,40}:[^\s\x00-\x1f]{1,100}\Z")

router = APIRouter(prefix="/api/v1/integrations", tags=["integrations"])

Given = Annotated[IntegrationIn, Depends(body_of(IntegrationIn))]


def _workspace(workspace: Annotated[str, Query(description=WORKSPACE)] = "") -> str:
    return _sane(workspace)


Whose = Annotated[str, Depends(_workspace)]


@router.get(
    "/kinds",
    summary="List what can be connected",
    responses={200: contract.example("every kind", "kinds"), **contract.refusals(401)},
)
async def kinds(asker: Asker, assembly: Parts) -> list[KindOut]:
    """The kinds of services, and what each asks for."""
    return [
        KindOut(
            name=kind.name, title=kind.title, fields=[FieldOut(**one.model_dump()) for one in kind.fields]
        )
        for kind in assembly.integrations.kinds.values()
    ]


@router.get(
    "",
    summary="List integrations",
    responses={200: contract.example("the workspace's", "integrations"), **contract.refusals(401, 422, 503)},
)
async def integrations(asker: Asker, assembly: Parts, workspace: Whose) -> list[IntegrationOut]:
    """What one workspace has connected, without secrets."""
    return [_shown(one) for one in await assembly.integrations.listed(workspace)]


@router.post(
    "",
    summary="Connect a service",
    status_code=201,
    responses={
        201: contract.example("saved and tested", "integration"),
        **contract.refusals(401, 409, 413, 415, 422, 503),
    },
    openapi_extra=documented(IntegrationIn, contract.shown("integrationRequest")),
)
async def connect(asker: Asker, assembly: Parts, given: Given) -> IntegrationOut:
    """Save the credentials, sealed, and test them; `test` says what was found. The same name again replaces them."""
    wanted = Wanted(kind=given.kind, name=given.name, values=given.fields)
    try:
        made = await assembly.integrations.connect(_sane(given.workspace), wanted, by=asker.id)
    except InvalidIntegration as wrong:
        raise refused(wrong.field, wrong.sentence) from None
    return _shown(made)


@router.post(
    "/{integration_id}/test",
    summary="Test",
    responses={200: contract.example("tested", "integration"), **contract.refusals(401, 404, 422, 503)},
)
async def test(integration_id: str, asker: Asker, assembly: Parts, workspace: Whose) -> IntegrationOut:
    """Try whether it works, changing nothing over there."""
    return _shown(await assembly.integrations.test(workspace, integration_id[:32]))


@router.delete(
    "/{integration_id}",
    summary="Revoke",
    responses={200: contract.example("what it was", "integration"), **contract.refusals(401, 404, 422, 503)},
)
async def revoke(integration_id: str, asker: Asker, assembly: Parts, workspace: Whose) -> IntegrationOut:
    """Delete it and its secrets; the next call that needs it is denied."""
    return _shown(await assembly.integrations.revoke(workspace, integration_id[:32]))


def _sane(workspace: str) -> str:
    if not workspace:
        return f"{operator.PLATFORM}:{operator.WORKSPACE}"
    if not SANE_WORKSPACE.match(workspace):
        raise invalid("workspace", "write it as platform:workspace.")
    return workspace


def _shown(one: Integration) -> IntegrationOut:
    return IntegrationOut(
        id=one.id,
        name=one.name,
        kind=one.kind,
        workspace=one.workspace,
        fields=one.fields,
        connected_at=one.connected_at,
        test=TestOut(**one.test.model_dump()) if one.test is not None else None,
    )
