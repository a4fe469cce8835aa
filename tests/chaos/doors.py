"""The doors that questions go through, and what stands behind each of them afterwards."""

from __future__ import annotations

import asyncio
import contextlib
import random
from dataclasses import dataclass, field
from typing import Any, Protocol

import aiohttp

from core.rendering.refusals import STARTS_LATE
from tests.chaos.script import ON_IT
from tests.counterparts.slack import Delivery, Message, SlackServer
from tests.counterparts.telegram import TelegramServer

CHANNELS = 20
ASKING_SECONDS = 120.0
TOKEN = "invented-operator-token"


class Asking(Protocol):
    """What can be put in: its text, and what a complete answer holds."""

    @property
    def number(self) -> int: ...
    @property
    def text(self) -> str: ...
    @property
    def wanted(self) -> tuple[str, ...]: ...


@dataclass
class Asked:
    """A question that somebody put in, and what became of it at its door."""

    question: Asking
    door: str
    where: Any = None
    """What the door needs to find its place again."""
    accepted: bool = False
    answers: list[str] = field(default_factory=list)
    """Every message of ours in its thread that is no working line, read at the end."""
    leftovers: int = 0
    """Working lines that still stand there at the end."""


class Door(Protocol):
    name: str

    async def ask(self, asked: Asked) -> None:
        """Put the question in as the platform does, with all its patience."""
        ...

    async def read(self, asked: Asked) -> None:
        """Fill in what stands there now, and whether it was accepted."""
        ...


class SlackDoor:
    """Mentions in channels, some of them delivered four times at once."""

    name = "slack"

    def __init__(self, server: SlackServer, dice: random.Random) -> None:
        self._server = server
        self._dice = dice
        server.add_user("U1", name="ada", tz="Europe/Berlin", tz_offset=3600)
        for number in range(CHANNELS):
            server.add_channel(f"C{number}", members=["U1"])

    async def ask(self, asked: Asked) -> None:
        channel = f"C{asked.question.number % CHANNELS}"
        ts = await self._server.say(channel, "U1", f"<@{self._server.bot_user}> {asked.question.text}")
        asked.where = (channel, ts)
        if self._dice.random() < 0.1:
            for delivery in self._deliveries(ts):
                for _ in range(3):
                    self._server.outbox.send_event(delivery.payload)

    async def read(self, asked: Asked) -> None:
        channel, ts = asked.where
        asked.accepted = any(delivery.delivered for delivery in self._deliveries(ts))
        thread = self._server.channel(channel).thread(ts)
        texts = [_markdown(message) for message in thread if message.user == self._server.bot_user]
        _sort(asked, texts)

    def _deliveries(self, ts: str) -> list[Delivery]:
        return [one for one in self._server.deliveries if one.payload.get("event", {}).get("ts") == ts]


class TelegramDoor:
    """Private chats, one for each question; an update that is not confirmed comes again, and again to a webhook."""

    name = "telegram"

    def __init__(self, server: TelegramServer, dice: random.Random, *, secret: str = "") -> None:
        self._server = server
        self._dice = dice
        self._secret = secret
        """Of the webhook; without one the bot asks for updates."""

    async def ask(self, asked: Asked) -> None:
        person = self._server.person(f"person{asked.question.number}")
        chat = self._server.private(person)
        update = await self._server.say(person, chat, asked.question.text)
        asked.where = (chat, update)
        copies = 4 if self._dice.random() < 0.1 else 1
        if self._secret:
            taken = await asyncio.gather(*(self._send(update) for _ in range(copies)))
            asked.accepted = any(taken)
            return
        for _ in range(copies - 1):
            await self._server.deliver(update)

    async def _send(self, update: dict[str, Any]) -> bool:
        """To the webhook, until it is taken; whether it was."""
        self._server.confirm(update)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(ASKING_SECONDS):
                while True:
                    with contextlib.suppress(aiohttp.ClientError, OSError, TypeError):
                        assert self._server.webhook is not None
                        if (
                            await self._server.send(self._server.webhook["url"], update, secret=self._secret)
                            == 200
                        ):
                            return True
                    await asyncio.sleep(0.5)
        return False

    async def read(self, asked: Asked) -> None:
        chat, update = asked.where
        if not self._secret:
            asked.accepted = self._server.confirmed(update)
        _sort(asked, [message.text for message in self._server.shown(chat)])


class ApiDoor:
    """A program that asks again, under the same key, until it is told that its task was taken."""

    name = "api"

    def __init__(self, base_url: str, dice: random.Random) -> None:
        self._base_url = base_url
        self._dice = dice
        self.session = aiohttp.ClientSession(
            headers={"Authorization": f"Bearer {TOKEN}"},
            connector=aiohttp.TCPConnector(limit=0, force_close=True),
            timeout=aiohttp.ClientTimeout(total=15),
        )

    async def ask(self, asked: Asked) -> None:
        copies = 4 if self._dice.random() < 0.1 else 1
        ids = await asyncio.gather(*(self._until_taken(asked) for _ in range(copies)))
        known = {one for one in ids if one}
        asked.accepted = bool(known)
        asked.where = known

    async def _until_taken(self, asked: Asked) -> str:
        headers = {"Idempotency-Key": f"chaos-{asked.question.number}", "Prefer": "respond-async"}
        path = f"{self._base_url}/api/v1/agents/delegate/task"
        body = {"instruction": asked.question.text}
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(ASKING_SECONDS):
                while True:
                    with contextlib.suppress(aiohttp.ClientError, OSError, TimeoutError):
                        async with self.session.post(path, json=body, headers=headers) as response:
                            if response.status in (200, 202):
                                return str((await response.json())["delegationId"])
                    await asyncio.sleep(0.5)
        return ""

    async def read(self, asked: Asked) -> None:
        asked.answers = []
        for delegation_id in asked.where:
            path = f"{self._base_url}/api/v1/delegations/{delegation_id}"
            async with self.session.get(path) as response:
                found = await response.json()
            _sort(asked, [found["answer"] or ON_IT])

    async def aclose(self) -> None:
        await self.session.close()


def _sort(asked: Asked, texts: list[str]) -> None:
    asked.leftovers = sum(text.startswith(ON_IT) for text in texts)
    # What says that it will start late is a word beside the answer, not an answer.
    asked.answers = [text for text in texts if not text.startswith(ON_IT) and text != STARTS_LATE]


def _markdown(message: Message) -> str:
    return "\n".join(block["text"] for block in message.blocks if block["type"] == "markdown")
