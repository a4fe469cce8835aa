"""What every request passes, outermost first: correlation id, errors of our own, size, and the limit per address."""

from __future__ import annotations

import logging
import re
import secrets
from collections.abc import Awaitable, Callable

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bot.http.problems import Problem, limit_headers, to_response
from bot.logging import correlation
from core.models import Verdict
from core.rendering.refusals import address_limited

logger = logging.getLogger(__name__)
MAX_BODY_BYTES = 1_000_000
MCP_PATH = "/mcp"
STARTS = frozenset({"http.response.start", "websocket.accept", "websocket.http.response.start"})
SAFE_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "X-Frame-Options": "DENY",
    "Cache-Control": "no-store",
}
"""What every response says unless it says otherwise itself."""
SANE_ID = re.compile(r"[A-Za-z0-9._-]{8,64}\Z")
Admit = Callable[[str], Awaitable[Verdict]]


class Correlation:
    """Gives each request its id (the caller's where it is sane), and turns what nobody caught into a problem.

    Being outermost, it also puts the headers that every response carries.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        given = Headers(scope=scope).get("x-correlation-id", "")
        identifier = given if SANE_ID.match(given) else secrets.token_hex(8)
        scope.setdefault("state", {})["correlation_id"] = identifier
        token = correlation.set(identifier)
        started = False

        async def send_with_id(message: Message) -> None:
            nonlocal started
            if message["type"] in STARTS:
                started = True
                message.setdefault("headers", [])
                headers = MutableHeaders(scope=message)
                headers["X-Correlation-ID"] = identifier
                for name, value in SAFE_HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        try:
            await self._app(scope, receive, send_with_id)
        except Exception:
            logger.exception("request broke")
            if started:
                raise
            sentence = f"Something went wrong inside FlowMate (reference {identifier})."
            await to_response(Problem(500, sentence), correlation_id=identifier)(scope, receive, send_with_id)
        finally:
            correlation.reset(token)


class BodyLimit:
    """Answers 413 to a body of more than 1 MB, told or found out, before anything reads it."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        told = Headers(scope=scope).get("content-length", "0")
        if not told.isascii() or not told.isdigit() or int(told[:20]) > MAX_BODY_BYTES:
            await _refuse(scope, receive, send, Problem(413, "A request may have 1 MB at most."))
            return
        seen = 0

        async def counting() -> Message:
            nonlocal seen
            message = await receive()
            if message["type"] == "http.request":
                seen += len(message.get("body", b""))
                if seen > MAX_BODY_BYTES:
                    raise Problem(413, "A request may have 1 MB at most.")
            return message

        try:
            await self._app(scope, counting, send)
        except Problem as problem:
            await _refuse(scope, receive, send, problem)


class AddressLimit:
    """Counts requests to the API per IP address: whatever asks for work, and whatever isn't signed in.

    The address is the connection's own: a header that names another one can be made up by anyone.
    """

    def __init__(self, app: ASGIApp, *, admit: Admit, signed_in: Callable[[Headers], bool]) -> None:
        self._app = app
        self._admit = admit
        self._signed_in = signed_in

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if not self._counts(scope):
            await self._app(scope, receive, send)
            return
        client = scope.get("client")
        verdict = await self._admit(client[0] if client else "unknown")
        headers = limit_headers(verdict)
        if not verdict.allowed:
            sentence = address_limited(verdict, setting="RATE_LIMIT_MAX_REQUESTS")
            await _refuse(scope, receive, send, Problem(429, sentence, headers=headers))
            return

        async def send_with_limit(message: Message) -> None:
            if message["type"] in STARTS:
                message.setdefault("headers", [])
                for name, value in headers.items():
                    MutableHeaders(scope=message).setdefault(name, value)
            await send(message)

        await self._app(scope, receive, send_with_limit)

    def _counts(self, scope: Scope) -> bool:
        if scope["type"] == "http" and scope["path"] == MCP_PATH:
            # What asks for work there is counted per person; how many requests a call takes is the protocol's affair.
            return not self._signed_in(Headers(scope=scope))
        if scope["type"] not in ("http", "websocket") or not scope["path"].startswith("/api/"):
            return False
        reads = scope["type"] == "websocket" or scope["method"] in ("GET", "HEAD")
        return not (reads and self._signed_in(Headers(scope=scope)))


async def _refuse(scope: Scope, receive: Receive, send: Send, problem: Problem) -> None:
    identifier = scope["state"]["correlation_id"]
    await to_response(problem, correlation_id=identifier)(scope, receive, send)
