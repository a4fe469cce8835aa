"""The HTTP side: Web API calls, uploads and response URLs, each recorded, some met by an ordered fault."""

import asyncio
import json
import socket
import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from tests.counterparts.slack import files
from tests.counterparts.slack.arguments import Arguments, read_arguments
from tests.counterparts.slack.call import Call, Method, missing_scope
from tests.counterparts.slack.errors import RateLimited, SlackError
from tests.counterparts.slack.faults import Fault, Faults
from tests.counterparts.slack.hooks import Hooks
from tests.counterparts.slack.limits import Limits
from tests.counterparts.slack.methods import METHODS
from tests.counterparts.slack.record import Request
from tests.counterparts.slack.responses import respond
from tests.counterparts.slack.workspace import Workspace

Json = dict[str, Any]
HTML = "<!DOCTYPE html><html><body><h1>Something went wrong</h1></body></html>"
SOCKET_SCOPES = frozenset({"connections:write"})


@dataclass
class Tokens:
    """The tokens of the installation; ``revoked`` after it was uninstalled."""

    bot: str
    app: str
    bot_scopes: frozenset[str]
    revoked: bool = False

    def problem(self, token: str | None, method: Method | None) -> str | None:
        """The Slack error for a token, or None when it may call the method."""
        if token is None:
            return "not_authed"
        if token not in (self.bot, self.app):
            return "invalid_auth"
        if self.revoked:
            return "account_inactive"
        if method is None or method.token == "any":
            return None
        return None if (token == self.app) == (method.token == "app") else "not_allowed_token_type"

    def scopes(self, token: str | None) -> frozenset[str]:
        """What a token may do."""
        return SOCKET_SCOPES if token == self.app else self.bot_scopes


@dataclass
class Api:
    """Answers every request from the app's side."""

    workspace: Workspace
    hooks: Hooks
    limits: Limits
    faults: Faults
    tokens: Tokens
    new_socket_url: Callable[[], str]
    changed: Callable[[], None]
    base_url: str = ""
    requests: list[Request] = field(default_factory=list)

    def note(self, method: str, arguments: Mapping[str, Any], **more: Any) -> Request:
        """Record something received."""
        known: Json = {"token_ok": True, "headers": {}, **more}
        entry = Request(method, arguments, self.workspace.monotonic(), **known)
        self.requests.append(entry)
        self.changed()
        return entry

    async def call(self, request: web.Request) -> web.StreamResponse:
        """One Web API call."""
        name = request.match_info["method"]
        method = METHODS.get(name)
        arguments = await read_arguments(request, json_allowed=method is None or method.json)
        token_ok = self.tokens.problem(arguments.token, method) is None
        entry = self.note(name, arguments.values, token_ok=token_ok, headers=dict(request.headers))
        return await self._meet(request, entry, lambda: self._run(entry, method, arguments))

    async def upload(self, request: web.Request) -> web.StreamResponse:
        """The bytes of a file, raw or as the first part of a form."""
        if request.content_type == "multipart/form-data":
            parts = [part for part in (await request.post()).values() if isinstance(part, web.FileField)]
            content = parts[0].file.read() if parts else b""
        else:
            content = await request.read()
        ticket = request.match_info["ticket"]
        entry = self.note("upload", {"bytes": len(content)}, headers=dict(request.headers))

        def run() -> web.Response:
            status, text = files.receive(self.workspace, ticket, content)
            entry.outcome = "ok" if status == 200 else str(status)
            return web.Response(status=status, text=text)

        return await self._meet(request, entry, run)

    async def response_url(self, request: web.Request) -> web.StreamResponse:
        """What an app posts to a response URL."""
        try:
            body = json.loads(await request.read())
        except ValueError:
            body = None
        arguments = body if isinstance(body, dict) else {"body": body}
        entry = self.note("response_url", arguments, headers=dict(request.headers))
        token = request.match_info["token"]

        def run() -> web.Response:
            try:
                respond(self.workspace, self.hooks.take_hook(token), body)
            except SlackError as error:
                entry.outcome = error.code
                status = 404 if error.code in ("invalid_url", "expired_url", "used_url") else 400
                return web.json_response({"ok": False, "error": error.code}, status=status)
            entry.outcome = "ok"
            return web.Response(text="ok")

        return await self._meet(request, entry, run)

    def _run(self, entry: Request, method: Method | None, arguments: Arguments) -> web.Response:
        """The answer to a call, after the checks in Slack's order: token, rate, scope, arguments."""
        scopes = self.tokens.scopes(arguments.token)
        headers = {"x-oauth-scopes": ",".join(sorted(scopes))}
        try:
            answer = {"ok": True, **self._checked(entry.method, method, arguments, scopes)}
        except SlackError as error:
            answer = {"ok": False, "error": error.code, **error.extra}
        except RateLimited as limit:
            entry.outcome = "429"
            return rate_limited(limit.retry_after_seconds)
        entry.outcome = "ok" if answer["ok"] else answer["error"]
        return web.json_response(answer, headers=headers)

    def _checked(
        self, name: str, method: Method | None, arguments: Arguments, scopes: frozenset[str]
    ) -> Json:
        if method is None:
            raise SlackError("unknown_method", req_method=name)
        problem = self.tokens.problem(arguments.token, method) or arguments.problem
        if problem is not None:
            raise SlackError(problem)
        self.limits.take_call(name, per_minute=method.per_minute)
        if method.scopes and not scopes & set(method.scopes):
            raise missing_scope(method.scopes, scopes)
        method.check(arguments.values)
        call = Call(
            name=name,
            arguments=arguments.values,
            workspace=self.workspace,
            scopes=scopes,
            limits=self.limits,
            hooks=self.hooks,
            base_url=self.base_url,
            new_socket_url=self.new_socket_url,
        )
        return method.run(call)

    async def _meet(
        self, request: web.Request, entry: Request, run: Callable[[], web.Response]
    ) -> web.StreamResponse:
        """Answer, or do what the fault says that was ordered for this method."""
        fault = self.faults.take(entry.method)
        if fault is not None and not fault.applies_call:
            entry.outcome = fault.kind
            self.changed()
            return refuse(request, fault)
        if fault is not None and fault.kind == "slow":
            await asyncio.sleep(fault.seconds)
        response = run()
        if fault is not None:
            entry.outcome = f"{entry.outcome}, {fault.kind}"
        self.changed()
        if fault is not None and fault.kind == "reset_after":
            reset(request)
        if fault is not None and fault.kind == "cut_after":
            return await cut(request, response)
        return response


def rate_limited(seconds: int) -> web.Response:
    """HTTP 429 as Slack sends it."""
    answer = {"ok": False, "error": "ratelimited"}
    return web.json_response(answer, status=429, headers={"Retry-After": str(seconds)})


def refuse(request: web.Request, fault: Fault) -> web.Response:
    """What a client gets instead of its call being looked at."""
    if fault.kind == "429":
        return rate_limited(fault.retry_after)
    if fault.kind == "500":
        return web.Response(status=500, text=HTML, content_type="text/html")
    if fault.kind == "503":
        return web.json_response({"ok": False, "error": "service_unavailable"}, status=503)
    if fault.kind == "html_200":
        return web.Response(text=HTML, content_type="text/html")
    if fault.kind == "reset":
        reset(request)
        return web.Response()
    return web.json_response({"ok": False, "error": fault.kind})


def reset(request: web.Request) -> None:
    """Cut the connection so that the client sees a reset and no answer."""
    if request.transport is None:
        return
    raw = request.transport.get_extra_info("socket")
    if raw is not None:
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    request.transport.abort()


async def cut(request: web.Request, response: web.Response) -> web.StreamResponse:
    """Send the head and half of the body, then nothing more."""
    body = response.body if isinstance(response.body, bytes) else b""
    partial = web.StreamResponse(status=response.status, headers=response.headers)
    partial.content_length = len(body)
    await partial.prepare(request)
    await partial.write(body[: len(body) // 2])
    if request.transport is not None:
        request.transport.close()
    return partial
