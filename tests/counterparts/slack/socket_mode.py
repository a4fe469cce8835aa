"""Socket Mode: addresses that work once, hello, envelopes, acknowledgements, disconnects.

Source: docs.slack.dev/apis/events-api/using-socket-mode.
"""

import asyncio
import itertools
import json
import secrets
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

from aiohttp import WSMsgType, web

from tests.counterparts.slack.record import Answer, Attempt

Json = dict[str, Any]
Reason = Literal["warning", "refresh_requested", "link_disabled"]
MAX_CONNECTIONS = 10
GRACE_SECONDS = 1.0


@dataclass(eq=False)
class Connection:
    """One open WebSocket; a draining one gets nothing new."""

    socket: web.WebSocketResponse
    transport: asyncio.Transport | None
    gone: asyncio.Event = field(default_factory=asyncio.Event)
    draining: bool = False


@dataclass(eq=False)
class Waiting:
    """Something that was sent and not yet acknowledged, under all its envelope ids."""

    takes_payload: bool
    acked: asyncio.Event = field(default_factory=asyncio.Event)
    payload: Json | None = None


class Sockets:
    """The server side of Socket Mode; ``problems`` collects what a client did wrong."""

    def __init__(
        self,
        *,
        app_id: str,
        ack_seconds: float,
        received: Callable[[str, Json], None],
        changed: Callable[[], None],
    ) -> None:
        self.connections: list[Connection] = []
        self.problems: list[str] = []
        self.in_use = False
        self.opened = 0
        self._app_id = app_id
        self._ack_seconds = ack_seconds
        self._received = received
        self._changed = changed
        self._tickets: set[str] = set()
        self._waiting: dict[str, Waiting] = {}
        self._turn = itertools.count()
        self._arrived = asyncio.Condition()

    def new_ticket(self) -> str:
        """What lets one connection in, once."""
        self.in_use = True
        ticket = secrets.token_hex(12)
        self._tickets.add(ticket)
        return ticket

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Serve one connection until it ends."""
        ticket = request.query.get("ticket", "")
        if ticket not in self._tickets:
            return web.Response(status=404, text="unknown ticket")
        self._tickets.discard(ticket)
        socket = web.WebSocketResponse(timeout=1.0)
        await socket.prepare(request)
        connection = Connection(socket, transport=request.transport)
        if len(self.connections) >= MAX_CONNECTIONS:
            await socket.send_json({"type": "disconnect", "reason": "too_many_websockets"})
            await socket.close()
            return socket
        self.connections.append(connection)
        try:
            await self._greet(connection)
            async for message in socket:
                if message.type is WSMsgType.TEXT:
                    self._take(message.data)
                    self._changed()
        finally:
            connection.gone.set()
            self.connections.remove(connection)
            self._changed()
        return socket

    async def _greet(self, connection: Connection) -> None:
        self.opened += 1
        hello = {
            "type": "hello",
            "num_connections": len(self.connections),
            "debug_info": {"host": "applink-invented", "approximate_connection_time": 3600},
            "connection_info": {"app_id": self._app_id},
        }
        await connection.socket.send_json(hello)
        async with self._arrived:
            self._arrived.notify_all()
        self._changed()

    def _take(self, text: str) -> None:
        """Read an acknowledgement."""
        try:
            message = json.loads(text)
        except ValueError:
            message = None
        envelope_id = message.get("envelope_id") if isinstance(message, dict) else None
        if not isinstance(message, dict) or not isinstance(envelope_id, str):
            self.problems.append(f"no acknowledgement: {text[:200]}")
            return
        self._received("socket.ack", message)
        waiting = self._waiting.get(envelope_id)
        payload = message.get("payload")
        if waiting is None:
            self.problems.append(f"unknown envelope: {envelope_id}")
            return
        if payload and not waiting.takes_payload:
            self.problems.append(f"payload not accepted: {text[:200]}")
        elif waiting.payload is None:
            waiting.payload = payload if isinstance(payload, dict) else None
        waiting.acked.set()

    def new_waiting(self, *, takes_payload: bool) -> Waiting:
        """Something to be sent, and sent again."""
        return Waiting(takes_payload=takes_payload)

    async def send(self, kind: str, payload: Json, waiting: Waiting, *, number: int, reason: str) -> Attempt:
        """One envelope to the connection whose turn it is, and its acknowledgement."""
        envelope_id = str(uuid.uuid4())
        envelope: Json = {
            "envelope_id": envelope_id,
            "type": kind,
            "accepts_response_payload": waiting.takes_payload,
            "payload": payload,
        }
        if kind == "events_api":
            envelope |= {"retry_attempt": number, "retry_reason": reason}
        error: str | None = None
        connection = await self._next_connection()
        if connection is None:
            error = "connection_failed"
        else:
            self._waiting[envelope_id] = waiting
            try:
                await connection.socket.send_json(envelope)
            except ConnectionError:
                connection.gone.set()
            if not await self._acked(waiting, connection):
                error = "timeout"
        answer = Answer(status=None if error else 200, payload=waiting.payload, error=error)
        body = json.dumps(envelope).encode()
        return Attempt(number=number, route="socket", answer=answer, body=body, envelope_id=envelope_id)

    async def _next_connection(self) -> Connection | None:
        """The next usable connection in turn, waiting a moment for one to come (back)."""
        async with self._arrived:
            try:
                async with asyncio.timeout(self._ack_seconds):
                    await self._arrived.wait_for(lambda: bool(self._usable()))
            except TimeoutError:
                return None
            usable = self._usable()
            return usable[next(self._turn) % len(usable)]

    def _usable(self) -> list[Connection]:
        return [c for c in self.connections if not c.draining and not c.gone.is_set() and not c.socket.closed]

    async def _acked(self, waiting: Waiting, connection: Connection) -> bool:
        """Whether the acknowledgement came in time and before the connection went."""
        tasks = {asyncio.ensure_future(waiting.acked.wait()), asyncio.ensure_future(connection.gone.wait())}
        try:
            await asyncio.wait(tasks, timeout=self._ack_seconds, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        return waiting.acked.is_set()

    async def disconnect(self, *, reason: Reason) -> int:
        """Tell all clients to go; how many were told.

        After ``warning`` a connection lives on. Otherwise it gets nothing new and is closed, should the client
        not have left by itself in ``GRACE_SECONDS``.
        """
        told = [c for c in self.connections if not c.draining]
        for connection in told:
            message = {"type": "disconnect", "reason": reason, "debug_info": {"host": "applink-invented"}}
            connection.draining = reason != "warning"
            await connection.socket.send_json(message)
        if reason != "warning":
            await asyncio.gather(*(self._see_off(connection) for connection in told))
        return len(told)

    async def _see_off(self, connection: Connection) -> None:
        try:
            async with asyncio.timeout(GRACE_SECONDS):
                await connection.gone.wait()
        except TimeoutError:
            await connection.socket.close()

    def drop(self) -> None:
        """Cut all connections without a word."""
        for connection in self.connections:
            connection.gone.set()
            if connection.transport is not None:
                connection.transport.abort()

    async def close(self) -> None:
        """End everything."""
        await asyncio.gather(*(c.socket.close() for c in list(self.connections)))
