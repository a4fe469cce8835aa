"""FlowMate's Slack side, really served and really connected, with a reception that only remembers."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import uvicorn
from starlette.applications import Starlette

from adapters.chat.platform import Connection
from adapters.chat.slack import PLATFORM
from adapters.chat.slack.settings import SlackSettings
from core.errors import FlowMateError
from core.integrations.commands import Told
from core.models import Address, Instruction, Person, Press, Receipt
from core.models.form import Form, Submission
from core.ports.clock import Clock
from tests.counterparts.shared import in_memory
from tests.counterparts.slack import SlackServer

MENTION: dict[str, object] = {
    "type": "app_mention",
    "user": "U1",
    "text": "<@U0BOT> add 1 and 1",
    "channel": "C1",
    "ts": "1700000000.000100",
    "event_ts": "1700000000.000100",
}


def envelope(**event: object) -> bytes:
    """The body of a mention."""
    body = {"type": "event_callback", "team_id": "T0001", "event_id": "Ev1", "event": {**MENTION, **event}}
    return json.dumps(body).encode()


class SystemClock:
    """The time of this machine."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic(self) -> float:
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


class SkippingClock(SystemClock):
    """The time of this machine, and whatever somebody wanted to sleep, which takes no time."""

    def __init__(self) -> None:
        self._skipped = 0.0

    def now(self) -> datetime:
        return super().now() + timedelta(seconds=self._skipped)

    def monotonic(self) -> float:
        return super().monotonic() + self._skipped

    async def sleep(self, seconds: float) -> None:
        self._skipped += max(0.0, seconds)
        await asyncio.sleep(0)


@dataclass
class MemoryReception:
    """Keeps instructions by their key; `failures` are raised, in order, before anything is kept."""

    instructions: dict[str, Instruction] = field(default_factory=dict)
    received: list[Instruction] = field(default_factory=list)
    presses: list[Press] = field(default_factory=list)
    stopped: list[tuple[Address, str]] = field(default_factory=list)
    moves: list[tuple[Address, Address]] = field(default_factory=list)
    conversations: set[tuple[str, str, str, str]] = field(default_factory=set)
    shown: dict[str, Form] = field(default_factory=dict)
    """The forms that commands with these texts are answered by."""
    submissions: list[Submission] = field(default_factory=list)
    failures: list[Exception] = field(default_factory=list)
    down: FlowMateError | None = None
    notice: str | None = None
    about: dict[str, Told] = field(default_factory=dict)
    asked: list[tuple[str, str, Address]] = field(default_factory=list)
    sentence: str | None = None
    seconds: float = 0.0

    async def receive(self, instruction: Instruction) -> Receipt:
        await self._pass()
        self.received.append(instruction)
        created = instruction.key not in self.instructions
        self.instructions.setdefault(instruction.key, instruction)
        self.conversations.add(instruction.address.conversation)
        return Receipt(delegation_id=f"d-{instruction.key}", created=created, notice=self.notice)

    async def press(self, press: Press) -> str | None:
        await self._pass()
        self.presses.append(press)
        return self.sentence

    async def hear(self, instruction: Instruction) -> Told | Receipt:
        if instruction.text not in self.about:
            return await self.receive(instruction)
        await self._pass()
        self.asked.append((instruction.text, instruction.person.id, instruction.address))
        return self.about[instruction.text]

    async def cancel_latest(self, address: Address, person: Person) -> str | None:
        await self._pass()
        self.stopped.append((address, person.id))
        return self.sentence

    async def moved(self, place: Address, *, to: Address) -> None:
        await self._pass()
        self.moves.append((place, to))

    async def knows(self, address: Address) -> bool:
        await self._pass()
        return address.conversation in self.conversations

    async def form(self, instruction: Instruction) -> Form | None:
        return self.shown.get(instruction.text)

    async def connect(self, submission: Submission, *, later: Callable[[str], None]) -> None:
        self.submissions.append(submission)
        await self._pass()
        later("It works.")

    async def read_form(self, submission: Submission) -> Instruction:
        self.submissions.append(submission)
        await self._pass()
        return Instruction(
            key=submission.key,
            text=str(submission.values),
            person=submission.person,
            address=submission.address,
            origin=submission.origin,
        )

    async def help(self, *, person: Person, address: Address, aloud: bool = False) -> str:
        return "**FlowMate** takes a task in plain words."

    @property
    def texts(self) -> list[str]:
        return [instruction.text for instruction in self.instructions.values()]

    async def _pass(self) -> None:
        await asyncio.sleep(self.seconds)
        if self.failures:
            raise self.failures.pop(0)
        if self.down is not None:
            raise self.down


def settings_for(slack: SlackServer, *, socket_mode: bool = False) -> SlackSettings:
    return SlackSettings(
        _env_file=None,
        slack_bot_token=slack.bot_token,
        slack_signing_secret=slack.signing_secret,
        slack_app_token=slack.app_token if socket_mode else None,
        slack_api_url=slack.base_url,
    )


@asynccontextmanager
async def connected(
    slack: SlackServer, *, socket_mode: bool = False, clock: Clock | None = None
) -> AsyncIterator[Connection]:
    """A connection to the pretended Slack, closed at the end."""
    clock = clock or SystemClock()
    connection = PLATFORM.connect(settings_for(slack, socket_mode=socket_mode), clock, in_memory(clock))
    assert connection is not None
    try:
        yield connection
    finally:
        await connection.aclose()


@asynccontextmanager
async def over_http(slack: SlackServer, reception: MemoryReception) -> AsyncIterator[Connection]:
    """FlowMate served by uvicorn, and Slack told where."""
    async with connected(slack) as connection:
        app = Starlette(routes=list(connection.routes(reception)))
        config = uvicorn.Config(app, host="127.0.0.1", port=0, ws="none", lifespan="off", log_config=None)
        server = uvicorn.Server(config)
        serving = asyncio.create_task(server.serve())
        try:
            async with asyncio.timeout(10):
                while not server.started:  # noqa: ASYNC110 - uvicorn has no event for it
                    await asyncio.sleep(0.01)
            port = server.servers[0].sockets[0].getsockname()[1]
            slack.connect_http(f"http://127.0.0.1:{port}/slack/events")
            yield connection
        finally:
            server.should_exit = True
            await serving


@asynccontextmanager
async def over_socket(slack: SlackServer, reception: MemoryReception) -> AsyncIterator[Connection]:
    """FlowMate listening over Socket Mode, connected."""
    async with connected(slack, socket_mode=True) as connection:
        listening = asyncio.create_task(connection.listen(reception))
        try:
            await slack.wait_for(lambda: slack.calls("apps.connections.open"))
            async with asyncio.timeout(5):
                while not slack.sockets.connections:  # noqa: ASYNC110 - nor has the counterpart for this
                    await asyncio.sleep(0.01)
            yield connection
        finally:
            listening.cancel()
            with suppress(asyncio.CancelledError):
                await listening


async def whispered(slack: SlackServer, *, to: str, channel: str = "C1") -> str:
    """The one sentence that this person alone sees."""
    shown = await slack.wait_for(lambda: slack.channel(channel).shown_to(to))
    assert len(shown) == 1
    return shown[0].text


async def through_command(slack: SlackServer, channel: str) -> Address:
    """The address of a slash command, as somebody in this channel gives one."""
    await slack.command("/flowmate", "x", user="U1", channel=channel)
    url = slack.deliveries[-1].payload["response_url"]
    return Address(platform="slack", workspace="T0001", place=channel, via=url)
