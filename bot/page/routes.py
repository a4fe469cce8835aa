"""The page's routes: reading conversations, and the forms in them."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from urllib.parse import urlsplit

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import FileResponse, HTMLResponse, JSONResponse, RedirectResponse
from fastapi.sse import EventSourceResponse, ServerSentEvent

from bot.http.delegations import load_own
from bot.http.parts import Front, Parts
from bot.http.problems import Problem
from bot.page.access import SESSION_DAYS
from bot.page.assets import MEDIA_TYPES, asset
from bot.page.doors import Page, PageRoute, Sender, Visitor, enter_by, headers_of
from bot.page.forms import SANE_PLACE, asker, form_of, new_place, to_instruction
from bot.page.shown import SHOWN_TURNS, Conversation
from bot.page.stream import agents_of, approvals_of, changes, outlines_of, to_address
from core.errors import NotFound
from core.integrations.commands import Told
from core.integrations.masking import KNOWN
from core.models import ACTIONS, Press
from core.rendering import page as words

if TYPE_CHECKING:
    from adapters.assembly import Assembly
    from bot.page.views import Views

YEAR_SECONDS = 365 * 24 * 3600
router = APIRouter(route_class=PageRoute, include_in_schema=False)


def _place(place: str) -> str:
    if not SANE_PLACE.match(place):
        raise NotFound(words.NOT_FOUND)
    return place


Place = Annotated[str, Depends(_place)]


@router.get("/")
async def start(visitor: Visitor, views: Page, assembly: Parts) -> Response:
    """A conversation that is about to begin."""
    shown = await _begun(assembly, new_place())
    return _html(views.page(shown, await outlines_of(assembly), key=secrets.token_hex(16)))


@router.get("/conversations/{place}")
async def conversation(
    place: Place, visitor: Visitor, views: Page, assembly: Parts, before: datetime | None = None
) -> Response:
    """A conversation's newest turns, or those before an instant."""
    # One more than is shown tells whether there are more.
    found = await assembly.store.in_conversation(
        to_address(place), before=_aware(before), limit=SHOWN_TURNS + 1
    )
    turns = found[-SHOWN_TURNS:]
    if not turns:
        shown = await _begun(assembly, place)
        return _html(views.page(shown, await outlines_of(assembly), key=secrets.token_hex(16)))
    earlier = turns[0].received_at.isoformat() if len(found) > SHOWN_TURNS else None
    asked = await approvals_of(assembly, turns)
    shown = Conversation(
        place=place, turns=[views.turn(one, asked.get(one.id, ())) for one in turns], earlier=earlier
    )
    return _html(views.page(shown, await outlines_of(assembly), key=secrets.token_hex(16)))


@router.get("/conversations")
async def older(
    visitor: Visitor, views: Page, assembly: Parts, request: Request, before: datetime | None = None
) -> Response:
    """More of the list of conversations: alone for the page's script, and on a page for a browser without one."""
    outlines = await outlines_of(assembly, before=_aware(before))
    if "text/html" in request.headers.get("accept", ""):
        shown = await _begun(assembly, new_place())
        return _html(views.page(shown, outlines, key=secrets.token_hex(16)))
    return _html(views.side(outlines, place=""))


@router.get("/conversations/{place}/events", response_class=EventSourceResponse)
async def events(
    place: Place, visitor: Visitor, views: Page, request: Request
) -> AsyncIterator[ServerSentEvent]:
    """What changes on this conversation's page, while it does."""
    async for event in changes(request, views, place):
        yield event


@router.post("/conversations/{place}/messages")
async def say(
    place: Place, sender: Sender, reception: Front, assembly: Parts, views: Page, request: Request
) -> Response:
    """Ask for something in this conversation."""
    instruction = to_instruction(await form_of(request), to_address(place))
    heard = await reception.hear(instruction)
    if isinstance(heard, Told):
        asked = words.asked_alone(KNOWN.mask(instruction.text), repeatable=heard.repeatable)
        return _told(request, views, heard, asked=asked, back=f"/conversations/{place}")
    # Pages that are open elsewhere show it at once.
    assembly.events.ring(heard.delegation_id)
    return _done(request, views, f"/conversations/{place}", notice=heard.notice, status=202)


@router.post("/conversations/{place}/press")
async def press(place: Place, sender: Sender, reception: Front, views: Page, request: Request) -> Response:
    """Press a button under a turn."""
    form = await form_of(request)
    action = next((one for one in ACTIONS if one == form["action"]), None)
    if action is None:
        raise NotFound(words.NOT_FOUND)
    key = form["key"] or secrets.token_hex(16)
    pressed = Press(
        action=action, value=form["value"], person=asker(form), address=to_address(place), key=f"web:{key}"
    )
    return _done(request, views, f"/conversations/{place}", notice=await reception.press(pressed))


@router.get("/delegations/{delegation_id}/files/{number}")
async def file(delegation_id: str, number: int, visitor: Visitor, assembly: Parts) -> Response:
    """A file of an answer."""
    delegation = await load_own(assembly, delegation_id)
    files = delegation.reply.files if delegation.reply is not None else ()
    if not 0 <= number < len(files):
        raise NotFound(words.NOT_FOUND)
    artifact = files[number]
    if not await asyncio.to_thread(Path(artifact.path).is_file):
        raise NotFound(words.LOST_FILE)
    return FileResponse(
        artifact.path,
        media_type=artifact.media_type,
        filename=artifact.name,
        content_disposition_type="attachment",
        headers={"Content-Security-Policy": "sandbox", "Cross-Origin-Resource-Policy": "same-origin"},
    )


@router.get("/assets/{mark}/{name}")
async def assets(mark: str, name: str) -> Response:
    """The page's style and script: nothing that anybody has to be known for."""
    try:
        data, current = asset(name)
    except KeyError:
        raise NotFound(words.NOT_FOUND) from None
    media_type = MEDIA_TYPES[Path(name).suffix]
    lasting = f"public, max-age={YEAR_SECONDS}, immutable" if mark == current else "no-store"
    return Response(data, media_type=media_type, headers={"Cache-Control": lasting})


@router.get("/enter")
async def enter(views: Page, code: str = "") -> Response:
    """What a link opens. It uses nothing up: previews of links and cautious mail servers open them as well."""
    return _html(views.enter(code, nonce=secrets.token_urlsafe(12)))


@router.post("/enter")
async def entered(request: Request, views: Page, assembly: Parts) -> Response:
    """Turn a link's code into a session of this browser."""
    access, now = enter_by(request), assembly.clock.now()
    form = await form_of(request)
    session = await access.redeem(form["code"], form["nonce"], now=now)
    if session is None and not access.signed_in(request.cookies.get(access.cookie), now=now):
        return _html(views.sentence(words.CLOSED, words.USED_LINK, back=""), status=403)
    response = RedirectResponse("/", 303)
    if session is not None:
        response.set_cookie(
            access.cookie,
            session,
            max_age=SESSION_DAYS * 24 * 3600,
            path="/",
            secure=access.secure,
            httponly=True,
            samesite="lax",
        )
    return response


@router.post("/leave")
async def leave(sender: Sender, request: Request) -> Response:
    """Forget this browser."""
    access = enter_by(request)
    response = RedirectResponse("/", 303)
    response.delete_cookie(access.cookie, path="/", secure=access.secure, httponly=True, samesite="lax")
    return response


async def _begun(assembly: Assembly, place: str) -> Conversation:
    """A conversation in which nothing was said yet: it says who can be asked."""
    return Conversation(place=place, turns=(), agents=await agents_of(assembly))


def _html(html: str, *, status: int = 200) -> HTMLResponse:
    return HTMLResponse(html, status, headers=headers_of())


def _told(request: Request, views: Views, told: Told, *, asked: str, back: str) -> Response:
    """An answer for the asker alone; its form is opened where the page was, whatever others call this place."""
    parts = urlsplit(told.link)
    form = f"{parts.path}?{parts.query}" if told.link else ""
    if "application/json" in request.headers.get("accept", ""):
        return JSONResponse({"notice": None, "url": back, "told": views.told(asked, told.text, form=form)})
    if form:
        return RedirectResponse(form, 303)
    return _html(views.told_alone(asked, told.text, back=back))


def _done(request: Request, views: Views, url: str, *, notice: str | None, status: int = 200) -> Response:
    """For the page's script what happened, as JSON; for a browser without one what is to be said, or the page again."""
    if "application/json" in request.headers.get("accept", ""):
        return JSONResponse({"notice": notice, "url": url}, status)
    if notice:
        return _html(views.sentence(words.NAME, notice, back=url), status=status)
    return RedirectResponse(url, 303)


def _aware(instant: datetime | None) -> datetime | None:
    if instant is not None and instant.tzinfo is None:
        raise Problem(422, "before: give an instant with its offset.")
    return instant
