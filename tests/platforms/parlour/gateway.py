"""The gateway: identify once, show that one lives, resume after a break, and lose nothing."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import aiohttp

from core.errors import FlowMateError
from core.ports.clock import Clock
from tests.platforms.parlour.client import ParlourClient
from tests.platforms.parlour.receiver import Receiver

logger = logging.getLogger(__name__)
FIRST_PAUSE_SECONDS = 0.1
LONGEST_PAUSE_SECONDS = 30.0


class GatewayListener:
    """Listens until cancelled. `_number` is the last event that is committed; Parlour keeps all that come after it."""

    def __init__(self, receiver: Receiver, *, client: ParlourClient, clock: Clock) -> None:
        self._receiver = receiver
        self._client = client
        self._clock = clock
        self._session = ""
        self._me = ""
        self._number = 0
        self._pause = FIRST_PAUSE_SECONDS

    async def run(self) -> None:
        while True:
            try:
                async with self._client.gateway() as socket:
                    await self._converse(socket)
            except (aiohttp.ClientError, OSError, TimeoutError, FlowMateError) as error:
                logger.warning("parlour: the gateway broke off (%s)", type(error).__name__)
            await self._clock.sleep(self._pause)
            self._pause = min(self._pause * 2, LONGEST_PAUSE_SECONDS)

    async def _converse(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        hello = await socket.receive_json()
        await self._introduce(socket)
        async with self._beating(socket, every_seconds=float(hello["heartbeat_seconds"])):
            async for message in socket:
                if message.type is aiohttp.WSMsgType.TEXT:
                    await self._hear(socket, message.json())

    async def _introduce(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        if self._session:
            await socket.send_json({"op": "resume", "session": self._session, "number": self._number})
        else:
            await socket.send_json({"op": "identify", "token": self._client.token})

    async def _hear(self, socket: aiohttp.ClientWebSocketResponse, said: Mapping[str, Any]) -> None:
        match said["op"]:
            case "ready":
                self._session, self._me, self._number = said["session"], said["me"], 0
                self._pause = FIRST_PAUSE_SECONDS
            case "resumed":
                self._pause = FIRST_PAUSE_SECONDS
            case "unknown_session":
                self._session = ""
                await self._introduce(socket)
            case "event" if said["number"] > self._number:
                await self._take(said)
                # Only now: what could not be committed comes again with the next resume.
                self._number = said["number"]

    async def _take(self, event: Mapping[str, Any]) -> None:
        try:
            await self._receiver.take(event["kind"], event["data"], me=self._me)
        except FlowMateError:
            raise
        except Exception:
            # One that can't be taken must not stand in front of all the others for ever.
            logger.exception("parlour: event %d failed", event["number"])

    @asynccontextmanager
    async def _beating(
        self, socket: aiohttp.ClientWebSocketResponse, *, every_seconds: float
    ) -> AsyncIterator[None]:
        async def beat() -> None:
            while True:
                await self._clock.sleep(every_seconds)
                if self._session:
                    await socket.send_json({"op": "heartbeat", "number": self._number})

        beating = asyncio.create_task(beat())
        try:
            yield
        finally:
            beating.cancel()
            await asyncio.gather(beating, return_exceptions=True)
