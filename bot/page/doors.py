"""What the page's routes ask of every request, and how they say no to a person."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import Depends, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse
from fastapi.routing import APIRoute

from bot.http.parts import Parts
from bot.http.problems import TITLES, Problem, to_problem
from bot.page.access import Access
from core.errors import FlowMateError
from core.rendering import page as words

if TYPE_CHECKING:
    from bot.page.views import Views

POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)


def headers_of() -> dict[str, str]:
    """What every answer of the page says to the browser."""
    return {
        "Content-Security-Policy": POLICY,
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
        # Under the general "no-referrer" browsers name no origin with a form, which is then taken for another page's.
        "Referrer-Policy": "same-origin",
        "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    }


def enter_by(request: Request) -> Access:
    access: Access = request.app.state.access
    return access


async def views_of(request: Request) -> Views:
    """The page's templates, loaded with the first page: a service that nobody opens in a browser goes without."""
    if getattr(request.app.state, "views", None) is None:
        request.app.state.views = await asyncio.to_thread(_load, request)
    views: Views = request.app.state.views
    return views


def _load(request: Request) -> Views:
    from bot.page.views import Views

    assembly = request.app.state.assembly
    return Views(zone=assembly.settings.flowmate_zone)


def _visitor(request: Request, assembly: Parts) -> None:
    """A browser that was let in, and is not made to ask by another page. Raises Problem."""
    access = enter_by(request)
    if request.headers.get("sec-fetch-mode") != "navigate":
        access.check_fetch(request.headers)
    if not access.signed_in(request.cookies.get(access.cookie), now=assembly.clock.now()):
        raise Problem(401, words.CLOSED_HELP)


def _sender(request: Request, visitor: Annotated[None, Depends(_visitor)]) -> None:
    """A visitor who changes something: only from this very page. Raises Problem."""
    enter_by(request).check_origin(request.headers)


if TYPE_CHECKING:
    Page = Annotated[Views, Depends(views_of)]
else:
    # What a route asks for is looked at when it is defined, which must not load the templates.
    Page = Annotated[Any, Depends(views_of)]
Visitor = Annotated[None, Depends(_visitor)]
Sender = Annotated[None, Depends(_sender)]


class PageRoute(APIRoute):
    """A route of the page: asked by its right name, and saying no on a page where a person looks at it."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def handle_for_people(request: Request) -> Response:
            try:
                enter_by(request).check_host(request.headers)
                return await handle(request)
            except (FlowMateError, Problem, RequestValidationError) as error:
                if "text/html" not in request.headers.get("accept", ""):
                    raise
                return await _told(request, _to_problem(error))

        return handle_for_people


def _to_problem(error: FlowMateError | Problem | RequestValidationError) -> Problem:
    match error:
        case Problem():
            return error
        case FlowMateError():
            return to_problem(error)
        case _:
            return Problem(404, words.NOT_FOUND)


async def _told(request: Request, problem: Problem) -> Response:
    views = await views_of(request)
    heading = words.CLOSED if problem.status == 401 else TITLES.get(problem.status, words.NAME)
    html = views.sentence(heading, problem.detail, back="" if problem.status == 401 else "/")
    return HTMLResponse(html, problem.status, headers={**headers_of(), **problem.headers})
