"""`/api/v1/links`: what opens the chat page in a browser."""

from __future__ import annotations

from datetime import datetime

from fastapi import APIRouter, Request
from pydantic import Field

from bot.http import contract
from bot.http.auth import Asker
from bot.http.parts import Parts
from bot.http.schemas import Schema
from bot.page.access import Access

router = APIRouter(prefix="/api/v1/links", tags=["links"])


class LinkOut(Schema):
    """A link that opens the chat page."""

    url: str = Field(description="opens the page once; whoever opens it is the operator from then on")
    expires_at: datetime


@router.post(
    "",
    summary="Make a link to the chat page",
    status_code=201,
    responses={
        201: contract.example("a link that works once", "link"),
        **contract.refusals(401, 429, 503),
    },
)
async def link(asker: Asker, assembly: Parts, request: Request) -> LinkOut:
    """A link that opens the chat page in one browser, which is known from then on."""
    access: Access = request.app.state.access
    url, expires_at = await access.issue(now=assembly.clock.now())
    return LinkOut(url=url, expires_at=expires_at)
