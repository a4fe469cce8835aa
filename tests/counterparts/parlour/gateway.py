"""Parlour's gateway: numbered events, kept until a client says that it has them."""

from __future__ import annotations

import asyncio
import itertools
from typing import Any

from aiohttp import WSMsgType, web

HEARTBEAT_SECONDS = 0.2


class Session:
    """One client's events; they outlive its connections."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.kept: list[dict[str, Any]] = []
        self.numbers = itertools.count(1)
        self.socket: web.WebSocketResponse | None = None


class Gateway:
    """Hands events to the one client that there is."""

    def __init__(self, *, token: str, me: str) -> None:
        self._token, self._me = token, me
        self._names = itertools.count(1)
        self.session: Session | None = None
        self.identified = self.resumed = self.heartbeats = 0
        self.problems: list[str] = []
        """What a client did that it must not do."""

    async def publish(self, kind: str, data: dict[str, Any]) -> None:
        """Something happened; without a session nobody hears of it."""
        if self.session is None:
            return
        event = {"op": "event", "number": next(self.session.numbers), "kind": kind, "data": data}
        self.session.kept.append(event)
        await self._send(event)

    async def repeat(self) -> None:
        """Send the newest event once more, under its old number."""
        assert self.session is not None
        await self._send(self.session.kept[-1])

    async def cut(self) -> None:
        """The network goes away; the session stays."""
        if self.session is not None and self.session.socket is not None:
            await self.session.socket.close(code=1006)
            self.session.socket = None

    def forget(self) -> None:
        """The server lost its sessions: the next resume is refused."""
        self.session = None

    async def serve(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        await socket.send_json({"op": "hello", "heartbeat_seconds": HEARTBEAT_SECONDS})
        try:
            async for message in socket:
                if message.type is WSMsgType.TEXT:
                    await self._hear(socket, message.json())
        finally:
            if self.session is not None and self.session.socket is socket:
                self.session.socket = None
        return socket

    async def _hear(self, socket: web.WebSocketResponse, said: dict[str, Any]) -> None:
        match said.get("op"):
            case "identify" if said.get("token") == self._token:
                self.session = Session(f"s{next(self._names)}")
                self.session.socket = socket
                self.identified += 1
                await socket.send_json({"op": "ready", "session": self.session.name, "me": self._me})
            case "resume" if self.session is not None and said.get("session") == self.session.name:
                self._has(said["number"])
                self.session.socket = socket
                self.resumed += 1
                for event in list(self.session.kept):
                    await socket.send_json(event)
                await socket.send_json({"op": "resumed"})
            case "resume":
                await socket.send_json({"op": "unknown_session"})
            case "heartbeat" if self.session is not None and self.session.socket is socket:
                self.heartbeats += 1
                self._has(said["number"])
                await socket.send_json({"op": "heard"})
            case "heartbeat" if self.session is None:
                # It can't know yet that its session is gone.
                await socket.close(code=4001)
            case _:
                self.problems.append(f"unexpected: {said.get('op')}")
                await socket.close(code=4000)

    def _has(self, number: int) -> None:
        assert self.session is not None
        self.session.kept = [event for event in self.session.kept if event["number"] > number]

    async def _send(self, event: dict[str, Any]) -> None:
        socket = self.session.socket if self.session is not None else None
        if socket is not None and not socket.closed:
            try:
                await socket.send_json(event)
            except (ConnectionError, asyncio.CancelledError, RuntimeError):
                # It is kept, and sent again after a resume.
                return
