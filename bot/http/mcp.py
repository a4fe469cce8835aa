"""`/mcp`: FlowMate for other agents, as streamable HTTP without sessions, so that any web process may answer."""

from __future__ import annotations

import asyncio
import importlib
from typing import TYPE_CHECKING, Any

from starlette.datastructures import Headers
from starlette.types import Receive, Scope, Send

from adapters.assembly import Assembly
from adapters.chat.platform import Reception
from adapters.operator import OPERATOR, PLATFORM, WORKSPACE
from bot.http.api import SANE_KEY, Wishes, check_agents, to_instruction
from bot.http.auth import Operator
from bot.http.delegations import load_own
from bot.http.problems import Problem, invalid, to_response
from bot.http.schemas import PlanIn, accepted, from_delegation
from bot.http.waiting import answered, first
from bot.mcp.calls import Delegate
from core.errors import Conflict, StoreUnavailable
from core.models import Person

if TYPE_CHECKING:
    from mcp.server.streamable_http_manager import StreamableHTTPSessionManager


class McpDoor:
    """The ASGI app. What speaks the protocol takes 40 MB, so that it is loaded with the first request."""

    def __init__(
        self, assembly: Assembly, operator: Operator, *, reception: Reception, closing: asyncio.Event
    ) -> None:
        self._assembly = assembly
        self._operator = operator
        self._reception = reception
        self._closing = closing
        self._origins = {one.strip().rstrip("/") for one in assembly.settings.allowed_origins.split(",")}
        self._ending = asyncio.Event()
        self._running: asyncio.Task[None] | None = None
        self._opened: asyncio.Future[StreamableHTTPSessionManager] | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        problem = self._refusal(scope)
        if problem is not None:
            await to_response(problem, correlation_id=scope["state"]["correlation_id"])(scope, receive, send)
            return
        if self._opened is None:
            self._opened = asyncio.get_running_loop().create_future()
            self._running = asyncio.create_task(self._run(self._opened))
        manager = await asyncio.shield(self._opened)
        await manager.handle_request(scope, receive, send)

    async def aclose(self) -> None:
        """End what is open. Safe to repeat."""
        self._ending.set()
        if self._running is not None:
            await asyncio.wait({self._running})

    async def _run(self, opened: asyncio.Future[StreamableHTTPSessionManager]) -> None:
        try:
            await asyncio.to_thread(importlib.import_module, "bot.mcp.server")
            from mcp.server.streamable_http_manager import StreamableHTTPSessionManager

            from bot.mcp.server import build_server

            server = build_server(self._desk)
            manager = StreamableHTTPSessionManager(server, json_response=True, stateless=True)
            async with manager.run():
                opened.set_result(manager)
                await self._ending.wait()
        except Exception as error:
            if opened.done():
                raise
            opened.set_exception(error)
            self._opened = None

    def _refusal(self, scope: Scope) -> Problem | None:
        headers = Headers(scope=scope)
        if not self._operator.signed_in(headers):
            return self._operator.refusal(headers)
        origin = headers.get("origin")
        if origin is not None and origin.rstrip("/") not in self._origins:
            return Problem(403, "Pages of this origin may not use FlowMate; ALLOWED_ORIGINS says which may.")
        if scope["method"] != "POST":
            # There are no sessions to end, and nothing that FlowMate says unasked.
            return Problem(405, "This address does not take that method.", headers={"Allow": "POST"})
        return None

    def _desk(self, request: Any) -> _Desk:
        key = "" if request is None else request.headers.get("idempotency-key", "")
        if key and not SANE_KEY.match(key):
            raise invalid("Idempotency-Key", "use 1 to 200 visible ASCII characters.")
        return _Desk(self._assembly, self._reception, OPERATOR, closing=self._closing, key=key)


class _Desk:
    """See bot.mcp.calls.Desk."""

    def __init__(
        self,
        assembly: Assembly,
        reception: Reception,
        person: Person,
        *,
        closing: asyncio.Event,
        key: str,
    ) -> None:
        self._assembly = assembly
        self._reception = reception
        self._person = person
        self._closing = closing
        self._key = key

    async def delegate(self, wanted: Delegate) -> dict[str, Any]:
        names = list(wanted.agents)
        await check_agents(self._assembly, self._person, names)
        asked = PlanIn.model_validate({"instruction": wanted.instruction, "preferredAgents": names})
        wishes = Wishes(
            key=wanted.idempotency_key or self._key or None,
            conversation=wanted.conversation,
            respond_async=True,
            origin="api",
        )
        try:
            receipt = await self._reception.receive(to_instruction(self._person, asked, wishes))
        except Conflict as error:
            raise Problem(422, f"idempotencyKey: {error.sentence}") from error
        identity = receipt.delegation_id
        if wanted.wait_seconds and receipt.notice is None:
            waits = answered(self._assembly, identity), self._closing.wait()
            await first(*waits, seconds=wanted.wait_seconds)
        try:
            found = await self._assembly.store.load(identity)
        except StoreUnavailable:
            # It is saved: a refusal would be a lie, and asking again a second delegation.
            return accepted(identity).model_dump(by_alias=True, mode="json")
        return from_delegation(found, now=self._assembly.clock.now()).model_dump(by_alias=True, mode="json")

    async def agents(self) -> list[dict[str, Any]]:
        crew = await self._assembly.roster.of(PLATFORM, WORKSPACE)
        usable = crew.usable_by(self._person.id)
        return [{"name": one.name, "description": one.description} for one in usable]

    async def delegation(self, delegation_id: str) -> dict[str, Any]:
        found = await load_own(self._assembly, delegation_id)
        return from_delegation(found, now=self._assembly.clock.now()).model_dump(by_alias=True, mode="json")
