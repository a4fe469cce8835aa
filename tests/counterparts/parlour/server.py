"""The REST API, the channels, and the people in them."""

from __future__ import annotations

import asyncio
import itertools
import re
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from tests.counterparts.parlour.checks import Bucket, Refusal, check
from tests.counterparts.parlour.gateway import Gateway

TOKEN = "invented-parlour-token"
ME = "bot1"
HOUSE = "H1"
ANSWER_SECONDS = 3.0
_MENTION = re.compile(r"<@\w+>|@everyone")


@dataclass(frozen=True)
class Person:
    id: str
    name: str


@dataclass
class Message:
    id: str
    channel: str
    author: str
    text: str
    thread: str = ""
    nonce: str = ""
    buttons: list[list[dict[str, str]]] = field(default_factory=list)
    only_for: str = ""
    edits: int = 0

    @property
    def as_json(self) -> dict[str, Any]:
        return {"id": self.id, "channel": self.channel, "thread": self.thread, "text": self.text}


@dataclass
class Press:
    """A press, and what the client made of it."""

    id: str
    at: float
    answer: dict[str, Any] | None = None


@dataclass
class Fault:
    kind: str
    status: int
    retry_after: float | None = None
    applied: bool = False


class ParlourServer:
    """One house with channels C1 and C2. `scale` shortens the buckets' windows."""

    def __init__(self, *, scale: float = 1.0, monotonic: Callable[[], float] = time.monotonic) -> None:
        self.url = ""
        self.gateway = Gateway(token=TOKEN, me=ME)
        self.messages: list[Message] = []
        self.threads: set[tuple[str, str]] = set()
        self.presses: dict[str, Press] = {}
        self.pings: list[str] = []
        self.refused: list[tuple[int, str]] = []
        self.calls: list[str] = []
        self._scale, self._monotonic = scale, monotonic
        self._ids = itertools.count(1)
        self._buckets: dict[tuple[str, str], Bucket] = {}
        self._faults: list[Fault] = []
        self._changed = asyncio.Condition()

    # People

    def person(self, name: str) -> Person:
        return Person(f"p{next(self._ids)}", name)

    async def say(self, person: Person, channel: str, text: str, *, thread: str = "") -> Message:
        message = Message(f"m{next(self._ids)}", channel, person.id, text, thread=thread)
        self.messages.append(message)
        author = {"id": person.id, "name": person.name, "bot": False}
        await self.gateway.publish("message", {**message.as_json, "house": HOUSE, "author": author})
        return message

    async def press(self, person: Person, message: Message, label: str) -> Press:
        button = next(one for row in message.buttons for one in row if one["label"] == label)
        press = Press(f"i{next(self._ids)}", self._monotonic())
        self.presses[press.id] = press
        about = {"house": HOUSE, "channel": message.channel, "thread": message.thread, "message": message.id}
        user = {"id": person.id, "name": person.name, "bot": False}
        data = {**about, "interaction": press.id, "button": button["id"], "user": user}
        await self.gateway.publish("press", data)
        return press

    def shown(self, channel: str, *, thread: str | None = None) -> list[Message]:
        """The bot's own messages that stand there for all to see, oldest first."""
        own = (
            one for one in self.messages if one.author == ME and one.channel == channel and not one.only_for
        )
        return [one for one in own if thread in (None, one.thread)]

    def fail(self, kind: str, *, status: int, **more: Any) -> None:
        """Let the next call of this kind (post, edit, delete, find) fail; with status 0 its answer is lost."""
        self._faults.append(Fault(kind, status, **more))

    async def until(self, condition: Callable[[], Any], *, seconds: float = 60.0) -> Any:
        async with asyncio.timeout(seconds):
            while not (found := condition()):
                async with self._changed:
                    try:
                        await asyncio.wait_for(self._changed.wait(), 0.02)
                    except TimeoutError:
                        continue
            return found

    # The API

    async def call(self, request: web.Request) -> web.StreamResponse:
        kind = f"{request.match_info.route.name}"
        self.calls.append(kind)
        try:
            if request.headers.get("Authorization") != f"Bot {TOKEN}":
                raise Refusal(401, "who are you?")
            fault = next((one for one in self._faults if one.kind == kind), None)
            if fault is not None:
                self._faults.remove(fault)
                if fault.applied:
                    await self._do(kind, request)
                if fault.status == 0 and request.transport is not None:
                    request.transport.close()
                raise Refusal(fault.status or 500, "fault", retry_after=fault.retry_after)
            result = await self._do(kind, request)
        except Refusal as refusal:
            self.refused.append((refusal.status, refusal.reason))
            body = {"reason": refusal.reason, "retry_after": refusal.retry_after}
            return web.json_response(body, status=refusal.status)
        async with self._changed:
            self._changed.notify_all()
        return web.json_response(result)

    async def _do(self, kind: str, request: web.Request) -> Any:
        place = request.match_info
        match kind:
            case "me":
                return {"id": ME, "name": "FlowMate"}
            case "open":
                if not any(one.id == place["id"] and not one.thread for one in self.messages):
                    raise Refusal(404, "no such message")
                self.threads.add((place["channel"], place["id"]))
                return {}
            case "post":
                return self._post(place["channel"], check(kind, await request.json()))
            case "find":
                nonce = request.query["nonce"]
                return [one.as_json for one in self.messages if one.nonce == nonce]
            case "edit":
                return self._edit(self._own(place["channel"], place["id"]), check(kind, await request.json()))
            case "delete":
                self.messages.remove(self._own(place["channel"], place["id"]))
                return {}
            case _:
                return self._answer(place["id"], check("answer", await request.json()))

    def _post(self, channel: str, body: dict[str, Any]) -> dict[str, Any]:
        thread = body.get("thread", "")
        if channel not in ("C1", "C2"):
            raise Refusal(403, "not in this channel")
        if thread and (channel, thread) not in self.threads:
            raise Refusal(404, "no such thread")
        known = next((one for one in self.messages if one.nonce == body["nonce"]), None)
        if known is not None:
            return known.as_json
        self._bucket("post", channel).take()
        message = Message(f"m{next(self._ids)}", channel, ME, "", thread, body["nonce"])
        message.only_for = body.get("only_for", "")
        self.messages.append(message)
        return self._write(message, body)

    def _edit(self, message: Message, body: dict[str, Any]) -> dict[str, Any]:
        self._bucket("edit", message.channel).take()
        message.edits += 1
        return self._write(message, body)

    def _write(self, message: Message, body: dict[str, Any]) -> dict[str, Any]:
        message.text, message.buttons = body["text"], body.get("buttons", [])
        if body.get("may_mention", True):
            self.pings += _MENTION.findall(message.text)
        return message.as_json

    def _answer(self, interaction: str, body: dict[str, Any]) -> dict[str, Any]:
        press = self.presses.get(interaction)
        late = press is not None and press.answer is None and self._monotonic() - press.at > ANSWER_SECONDS
        if press is None or late:
            raise Refusal(404, "too late")
        press.answer = body
        return {}

    def _own(self, channel: str, message_id: str) -> Message:
        for message in self.messages:
            if (message.id, message.channel, message.author) == (message_id, channel, ME):
                return message
        raise Refusal(404, "no such message")

    def _bucket(self, kind: str, channel: str) -> Bucket:
        calls, seconds = {"post": (5, 5.0), "edit": (10, 5.0)}[kind]
        made = Bucket(calls, seconds * self._scale, monotonic=self._monotonic)
        return self._buckets.setdefault((kind, channel), made)


@asynccontextmanager
async def parlour_server(**options: Any) -> AsyncIterator[ParlourServer]:
    """A server on a port of its own; see `ParlourServer` for the options."""
    server = ParlourServer(**options)
    app = web.Application()
    messages = "/channels/{channel}/messages"
    app.router.add_get("/gateway", server.gateway.serve)
    app.router.add_get("/me", server.call, name="me")
    app.router.add_put("/channels/{channel}/threads/{id}", server.call, name="open")
    app.router.add_post(messages, server.call, name="post")
    app.router.add_get(messages, server.call, name="find")
    app.router.add_patch(messages + "/{id}", server.call, name="edit")
    app.router.add_delete(messages + "/{id}", server.call, name="delete")
    app.router.add_post("/interactions/{id}", server.call, name="answer")
    runner = web.AppRunner(app, shutdown_timeout=1.0)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    server.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield server
    finally:
        await server.gateway.cut()
        await runner.cleanup()
