"""The form behind an invitation: one service of one workspace is connected, by whoever was given the link."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import TYPE_CHECKING

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse

from bot.http.parts import Parts
from bot.page.access import SANE_NONCE
from bot.page.doors import Page, PageRoute, enter_by, headers_of
from bot.page.forms import form_of
from core.errors import Conflict, InvalidIntegration
from core.integrations.desk import Wanted
from core.ports.invitations import Invitation
from core.rendering import integrations as words

if TYPE_CHECKING:
    from adapters.assembly import Assembly
    from bot.page.views import Views

FIELD = "field-"
router = APIRouter(route_class=PageRoute, include_in_schema=False)


@router.get("/connect")
async def invited(views: Page, assembly: Parts, link: str = "") -> Response:
    """The form. It uses nothing up: previews of links open them as well."""
    invitation = assembly.invitations.read(link, now=assembly.clock.now())
    if invitation is None or invitation.kind not in assembly.integrations.kinds:
        return _used(views)
    return _form(views, assembly, invitation, link=link, nonce=secrets.token_urlsafe(12))


@router.post("/connect")
async def connected(request: Request, views: Page, assembly: Parts) -> Response:
    """Connect the service with what the form says, and tell whether it works."""
    enter_by(request).check_origin(request.headers)
    form = await form_of(request)
    link, nonce = form["link"], form["nonce"]
    if not SANE_NONCE.match(nonce):
        return _used(views)
    invitation = await assembly.invitations.use(link, nonce, now=assembly.clock.now())
    if invitation is None or invitation.kind not in assembly.integrations.kinds:
        return _used(views)
    values = {name.removeprefix(FIELD): form[name] for name in form if name.startswith(FIELD)}
    wanted = Wanted(kind=invitation.kind, name=invitation.name, values=values)
    try:
        made = await assembly.integrations.connect(invitation.workspace, wanted, by=invitation.by)
    except (InvalidIntegration, Conflict) as wrong:
        return _form(views, assembly, invitation, link=link, nonce=nonce, values=values, wrong=wrong.sentence)
    return _html(views.sentence(words.CONNECTED, words.tested(made), back=""))


def _form(
    views: Views,
    assembly: Assembly,
    invitation: Invitation,
    *,
    link: str,
    nonce: str,
    values: Mapping[str, str] | None = None,
    wrong: str = "",
) -> Response:
    """The form, with what was written already but for the secrets."""
    kind = assembly.integrations.kinds[invitation.kind]
    given = values or {}
    rows = [(one, "" if one.secret else given.get(one.name, "")) for one in kind.fields]
    html = views.connect(kind, rows, link=link, nonce=nonce, name=invitation.name, wrong=wrong)
    return _html(html, status=422 if wrong else 200)


def _used(views: Views) -> Response:
    return _html(views.sentence(words.LINK_CLOSED, words.LINK_USED, back=""), status=403)


def _html(html: str, *, status: int = 200) -> Response:
    return HTMLResponse(html, status, headers=headers_of())
