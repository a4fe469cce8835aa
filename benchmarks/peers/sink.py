"""The conversation that FlowMate answers into when it is measured: every post and edit is one HTTP POST."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING
from uuid import uuid4

import aiohttp
from pydantic_settings import BaseSettings

from adapters.chat.platform import Connection, Platform, Reception, Shared
from core.errors import MessengerUnavailable
from core.models import Address, Finding, Reply
from core.ports.clock import Clock
from core.ports.messenger import Capabilities, Tag

if TYPE_CHECKING:
    from starlette.routing import BaseRoute

NAME = "sink"


class SinkSettings(BaseSettings):
    peer_sink_url: str = ""


class SinkMessenger:
    """Posts to the benchmark's server, which counts."""

    platform = NAME
    capabilities = Capabilities()

    def __init__(self, url: str) -> None:
        self._url = f"{url}/sink"
        self._session: aiohttp.ClientSession | None = None

    def split(self, reply: Reply) -> tuple[Reply, ...]:
        return (reply,)

    async def post(self, address: Address, part: Reply, *, tag: Tag) -> str:
        message_id = uuid4().hex
        await self._send(address, message_id, part.text)
        return message_id

    async def edit(self, address: Address, message_id: str, part: Reply) -> None:
        await self._send(address, message_id, part.text)

    async def delete(self, address: Address, message_id: str) -> None:
        await self._send(address, message_id, "")

    async def find_own(self, address: Address, *, tag: Tag) -> str | None:
        return None

    async def aclose(self) -> None:
        if self._session is not None:
            await self._session.close()

    async def _send(self, address: Address, message_id: str, text: str) -> None:
        if self._session is None:
            self._session = aiohttp.ClientSession()
        said = {"delegation": address.place, "message": message_id, "answer": text}
        try:
            async with self._session.post(self._url, json=said) as response:
                response.raise_for_status()
        except aiohttp.ClientError as error:
            raise MessengerUnavailable from error


class SinkConnection:
    """Outbound alone."""

    summary = "Sink"

    def __init__(self, messenger: SinkMessenger) -> None:
        self.messenger = messenger

    def routes(self, reception: Reception) -> Sequence[BaseRoute]:
        return ()

    async def listen(self, reception: Reception) -> None:
        return

    async def check(self) -> Sequence[Finding]:
        return ()

    async def aclose(self) -> None:
        await self.messenger.aclose()


def connect(settings: SinkSettings, clock: Clock, shared: Shared) -> Connection | None:
    return SinkConnection(SinkMessenger(settings.peer_sink_url)) if settings.peer_sink_url else None


PLATFORM = Platform(
    name=NAME, title="Sink", settings=SinkSettings, setup="set PEER_SINK_URL", connect=connect
)
