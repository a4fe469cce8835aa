"""The server: methods, chats, limits, faults, and people who write."""

from __future__ import annotations

import asyncio
import itertools
import json
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import aiohttp
from aiohttp import web

from tests.counterparts.telegram.checks import (
    PARAMETERS,
    BadRequest,
    check_markup,
    check_parameters,
    check_text,
)

TOKEN = "123456:INVENTED-token-for-tests-only-000000"
GIFTS = ("unlimited_gifts", "limited_gifts", "unique_gifts", "premium_subscription", "gifts_from_channels")
BOT = {"id": 123456, "is_bot": True, "first_name": "FlowMate", "username": "flowmate_test_bot"}


@dataclass(frozen=True)
class Person:
    id: int
    username: str

    @property
    def user(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "is_bot": False,
            "first_name": self.username.title(),
            "username": self.username,
        }


@dataclass
class Chat:
    id: int
    kind: str
    blocked: bool = False
    migrated_to: int | None = None
    topics: set[int] = field(default_factory=set)

    @property
    def as_json(self) -> dict[str, Any]:
        title = {} if self.kind == "private" else {"title": "Team"}
        forum = {"is_forum": True} if self.topics else {}
        return {"id": self.id, "type": self.kind, **title, **forum}


@dataclass
class Message:
    id: int
    chat: int
    text: str
    entities: list[dict[str, Any]]
    buttons: list[dict[str, str]]
    topic: int | None = None
    replied: int | None = None
    file: str | None = None


@dataclass
class Fault:
    method: str
    status: int
    times: int = 1
    retry_after: int = 0
    applied: bool = False


class Refusal(Exception):
    """An answer that is no success."""

    def __init__(self, code: int, description: str, **parameters: Any) -> None:
        self.code, self.description, self.parameters = code, description, parameters


class TelegramServer:
    """One bot's Bot API. `monotonic` drives its limits, so that no test waits for minutes; `scale` 0 is none."""

    def __init__(self, *, scale: float = 1.0, monotonic: Callable[[], float] = time.monotonic) -> None:
        self.url = ""
        self.calls: list[tuple[str, dict[str, Any]]] = []
        self.refused: list[tuple[str, str]] = []
        """What the code under test asked wrongly, faults aside."""
        self.limited = 0
        self.webhook: dict[str, Any] | None = None
        self.commands: list[dict[str, str]] = []
        self.answered: dict[str, dict[str, Any]] = {}
        self._scale = scale
        self._monotonic = monotonic
        self._chats: dict[int, Chat] = {}
        self._messages: dict[tuple[int, int], Message] = {}
        self._updates: list[dict[str, Any]] = []
        self._faults: list[Fault] = []
        self._ids = itertools.count(1000)
        self._update_ids = itertools.count(1)
        self._sent: dict[int | str, list[float]] = {}
        self._changed = asyncio.Condition()
        self._closed = False
        self.typing: dict[int, str] = {}
        """What is shown as being typed now, by chat."""
        self.typed: dict[int, list[str]] = {}
        """All that ever was."""

    # People

    def person(self, username: str) -> Person:
        return Person(next(self._ids), username)

    def private(self, person: Person) -> Chat:
        return self._chats.setdefault(person.id, Chat(person.id, "private"))

    def group(self, *, topics: tuple[int, ...] = ()) -> Chat:
        chat = Chat(-1_000_000 - next(self._ids), "supergroup", topics=set(topics))
        return self._chats.setdefault(chat.id, chat)

    def migrate(self, chat: Chat) -> Chat:
        other = self.group()
        chat.migrated_to = other.id
        return other

    async def say(self, person: Person, chat: Chat, text: str | None, **more: Any) -> dict[str, Any]:
        """A person writes; returns the update, which can be `deliver`ed again."""
        topic = more.pop("topic", None)
        message: dict[str, Any] = {
            "message_id": next(self._ids),
            "date": int(more.pop("date", time.time())),
            "chat": chat.as_json,
            "from": person.user,
            **({"text": text} if text is not None else {}),
            **more,
        }
        if topic is not None:
            created = {
                "message_id": topic,
                "date": 1,
                "chat": chat.as_json,
                "from": BOT,
                "forum_topic_created": {},
            }
            message |= {"message_thread_id": topic, "is_topic_message": True}
            message.setdefault("reply_to_message", created)
        return await self.deliver({"update_id": next(self._update_ids), "message": message})

    async def press(self, person: Person, chat: Chat, label: str) -> str:
        """Press the newest button with this label; returns the query's id."""
        message = next(m for m in reversed(self.shown(chat)) if any(b["text"] == label for b in m.buttons))
        data = next(b["callback_data"] for b in message.buttons if b["text"] == label)
        topic = {"message_thread_id": message.topic, "is_topic_message": True} if message.topic else {}
        query = {
            "id": str(next(self._ids)),
            "from": person.user,
            "chat_instance": "1",
            "data": data,
            "message": {"message_id": message.id, "date": 1, "chat": chat.as_json, "from": BOT, **topic},
        }
        await self.deliver({"update_id": next(self._update_ids), "callback_query": query})
        return str(query["id"])

    async def deliver(self, update: dict[str, Any]) -> dict[str, Any]:
        async with self._changed:
            self._updates.append(update)
            self._changed.notify_all()
        return update

    async def send(self, url: str, update: dict[str, Any], *, secret: str) -> int:
        """What Telegram does with a webhook: returns the status."""
        headers = {"X-Telegram-Bot-Api-Secret-Token": secret} if secret else {}
        async with (
            aiohttp.ClientSession() as session,
            session.post(url, json=update, headers=headers) as answer,
        ):
            return answer.status

    @property
    def waiting(self) -> int:
        """Updates that were not confirmed yet."""
        return len(self._updates)

    def confirm(self, update: dict[str, Any]) -> None:
        """Keep it from whoever asks for updates: it goes to a webhook."""
        self._updates = [other for other in self._updates if other["update_id"] != update["update_id"]]

    def confirmed(self, update: dict[str, Any]) -> bool:
        """Whether the bot has asked for what comes after this update."""
        return all(other["update_id"] != update["update_id"] for other in self._updates)

    def fail(self, method: str, *, status: int, **more: Any) -> None:
        self._faults.append(Fault(method, status, **more))

    def shown(self, chat: Chat) -> list[Message]:
        """What stands in a chat now, oldest first."""
        return sorted((m for m in self._messages.values() if m.chat == chat.id), key=lambda m: m.id)

    async def until(self, condition: Callable[[], Any], *, seconds: float = 20.0) -> Any:
        """Wait until something of the server's own makes this true."""
        async with asyncio.timeout(seconds):
            while not (found := condition()):
                async with self._changed:
                    try:
                        await asyncio.wait_for(self._changed.wait(), 0.02)
                    except TimeoutError:
                        continue
            return found

    async def close(self) -> None:
        """Let everyone go who waits for updates: whoever stopped polling can't be told from who still does."""
        async with self._changed:
            self._closed = True
            self._changed.notify_all()

    # The API

    async def handle(self, request: web.Request) -> web.StreamResponse:
        if request.match_info["token"] != TOKEN:
            return _answer(401, {"ok": False, "error_code": 401, "description": "Unauthorized"})
        # "All methods in the Bot API are case-insensitive."
        said = request.match_info["method"].lower()
        method = next((name for name in PARAMETERS if name.lower() == said), said)
        given = await _parameters(request)
        self.calls.append((method, given))
        fault = next((f for f in self._faults if f.method == method and f.times), None)
        try:
            if fault is not None:
                fault.times -= 1
                if fault.applied:
                    await self._do(method, given)
                if fault.status == 0:
                    if request.transport is not None:
                        request.transport.close()
                    return web.Response()
                raise Refusal(
                    fault.status, "Fault", **({"retry_after": fault.retry_after} if fault.retry_after else {})
                )
            result = await self._do(method, given)
        except BadRequest as bad:
            self.refused.append((method, str(bad)))
            return _refusal(Refusal(400, f"Bad Request: {bad}"))
        except Refusal as refusal:
            return _refusal(refusal)
        async with self._changed:
            self._changed.notify_all()
        return _answer(200, {"ok": True, "result": result})

    async def _do(self, method: str, given: dict[str, Any]) -> Any:
        check_parameters(method, given)
        match method:
            case "getMe":
                return BOT
            case "getUpdates":
                return await self._get_updates(given)
            case "setWebhook" | "deleteWebhook":
                self.webhook = given if method == "setWebhook" else None
                return True
            case "getChat":
                chat = self._chat(given["chat_id"])
                # What has to be there in a ChatFullInfo; the client refuses less.
                return {
                    "id": chat.id,
                    "type": chat.kind,
                    "accent_color_id": 0,
                    "max_reaction_count": 11,
                    "accepted_gift_types": dict.fromkeys(GIFTS, False),
                }
            case "getMyCommands":
                return self.commands
            case "setMyCommands":
                self.commands = given["commands"]
                return True
            case "answerCallbackQuery":
                if given["callback_query_id"] in self.answered:
                    raise BadRequest("query is too old and response timeout expired or query ID is invalid")
                self.answered[given["callback_query_id"]] = given
                return True
            case _:
                return self._write(method, given)

    async def _get_updates(self, given: dict[str, Any]) -> list[dict[str, Any]]:
        if self.webhook is not None:
            raise Refusal(409, "Conflict: can't use getUpdates method while webhook is active")
        offset = int(given.get("offset") or 0)
        until = time.monotonic() + min(float(given.get("timeout") or 0), 2.0)
        while True:
            # Whatever is below the offset is confirmed, and everything else comes again.
            self._updates = [u for u in self._updates if u["update_id"] >= offset]
            if self._updates or self._closed or time.monotonic() >= until:
                return list(self._updates)
            async with self._changed:
                try:
                    await asyncio.wait_for(self._changed.wait(), max(0.0, until - time.monotonic()))
                except TimeoutError:
                    continue

    def _type(self, chat: Chat, given: dict[str, Any]) -> bool:
        """Words that are no message: in private chats, gone with the next message."""
        if chat.kind != "private":
            raise BadRequest("drafts can be sent in private chats only")
        if not int(given["draft_id"]):
            raise BadRequest("draft_id must be non-zero")
        check_text(given.get("text"), given.get("entities"))
        self.typed.setdefault(chat.id, []).append(given["text"])
        self.typing[chat.id] = given["text"]
        return True

    def _write(self, method: str, given: dict[str, Any]) -> Any:
        chat = self._chat(given["chat_id"])
        if method == "sendMessageDraft":
            return self._type(chat, given)
        key = (chat.id, int(given.get("message_id") or 0))
        if method == "deleteMessage":
            if self._messages.pop(key, None) is None:
                raise Refusal(400, "Bad Request: message to delete not found")
            return True
        self._pace(chat)
        if method in ("sendPhoto", "sendDocument"):
            kind = "photo" if method == "sendPhoto" else "document"
            return self._keep(chat, Message(next(self._ids), chat.id, "", [], [], file=str(given[kind])))
        check_text(given.get("text"), given.get("entities"))
        check_markup(given.get("reply_markup"))
        buttons = [b for row in (given.get("reply_markup") or {}).get("inline_keyboard", []) for b in row]
        if method == "editMessageText":
            message = self._messages.get(key)
            if message is None:
                raise Refusal(400, "Bad Request: message to edit not found")
            fresh = (given["text"], given.get("entities") or [], buttons)
            if (message.text, message.entities, message.buttons) == fresh:
                raise Refusal(400, "Bad Request: message is not modified")
            message.text, message.entities, message.buttons = fresh
            return self._as_json(chat, message)
        topic = given.get("message_thread_id")
        if topic is not None and int(topic) not in chat.topics:
            raise BadRequest("message thread not found")
        replied = (given.get("reply_parameters") or {}).get("message_id")
        message = Message(
            next(self._ids), chat.id, given["text"], given.get("entities") or [], buttons, topic, replied
        )
        return self._keep(chat, message)

    def _chat(self, chat_id: Any) -> Chat:
        chat = self._chats.get(int(chat_id))
        if chat is None:
            raise BadRequest("chat not found")
        if chat.migrated_to is not None:
            raise Refusal(
                400,
                "Bad Request: group chat was upgraded to a supergroup chat",
                migrate_to_chat_id=chat.migrated_to,
            )
        if chat.blocked:
            raise Refusal(403, "Forbidden: bot was blocked by the user")
        return chat

    def _pace(self, chat: Chat) -> None:
        """One a second in a chat, twenty a minute in a group, thirty a second in all."""
        now = self._monotonic()
        limits: list[tuple[int | str, int, float]] = [(chat.id, 1, 1.0), ("all", 30, 1.0)]
        if chat.kind != "private":
            limits.append((f"group {chat.id}", 20, 60.0))
        for key, most, window in limits:
            recent = [at for at in self._sent.get(key, []) if now - at < window * self._scale]
            if len(recent) >= most:
                self.limited += 1
                raise Refusal(429, "Too Many Requests: retry later", retry_after=1)
            self._sent[key] = [*recent, now]

    def _keep(self, chat: Chat, message: Message) -> dict[str, Any]:
        self.typing.pop(chat.id, None)
        self._messages[chat.id, message.id] = message
        return self._as_json(chat, message)

    def _as_json(self, chat: Chat, message: Message) -> dict[str, Any]:
        return {
            "message_id": message.id,
            "date": int(time.time()),
            "chat": chat.as_json,
            "from": BOT,
            "text": message.text,
        }


@asynccontextmanager
async def telegram_server(**options: Any) -> AsyncIterator[TelegramServer]:
    """A server on a port of its own; see `TelegramServer` for the options."""
    server = TelegramServer(**options)
    app = web.Application(client_max_size=60_000_000)
    app.router.add_route("*", "/bot{token}/{method}", server.handle)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    server.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield server
    finally:
        await server.close()
        await runner.cleanup()


async def _parameters(request: web.Request) -> dict[str, Any]:
    given: dict[str, Any] = {}
    for name, value in (await request.post()).items():
        if isinstance(value, web.FileField):
            given[name] = value.filename
            continue
        text = str(value)
        try:
            # Structures, numbers and booleans come as JSON; what is a text stays one.
            given[name] = json.loads(text) if name not in ("text", "chat_id", "secret_token", "url") else text
        except ValueError:
            given[name] = text
    if "callback_query_id" in given:
        given["callback_query_id"] = str(given["callback_query_id"])
    return given


def _refusal(refusal: Refusal) -> web.Response:
    body: dict[str, Any] = {"ok": False, "error_code": refusal.code, "description": refusal.description}
    if refusal.parameters:
        body["parameters"] = refusal.parameters
    return _answer(refusal.code, body)


def _answer(status: int, body: dict[str, Any]) -> web.Response:
    return web.json_response(body, status=status)
