"""python-telegram-bot's client, with its failures sorted into what is worth repeating and what isn't."""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from typing import Any, TypeVar

from telegram import Bot
from telegram.error import (
    BadRequest,
    ChatMigrated,
    Conflict,
    Forbidden,
    InvalidToken,
    NetworkError,
    RetryAfter,
    TelegramError,
    TimedOut,
)
from telegram.request import HTTPXRequest

from adapters.chat.telegram.settings import Credentials
from core.errors import MessageGone, MessengerRefused, MessengerUnavailable, RecipientGone

T = TypeVar("T")
# The library is about to give waiting times as timedeltas, and warns those who have not asked for that.
os.environ.setdefault("PTB_TIMEDELTA", "true")
CONNECTIONS = 64
ANSWER_SECONDS = 20.0
CONNECT_SECONDS = 5.0
POLL_SECONDS = 25
"""How long Telegram holds a question for updates open."""
GONE = ("message to edit not found", "message can't be edited", "message_id_invalid")
BLOCKED = ("blocked by the user", "user is deactivated", "was kicked", "chat not found", "is not a member")


class TelegramClient:
    """One bot's calls. A call is never repeated in here: one that timed out may have been carried out."""

    def __init__(self, credentials: Credentials) -> None:
        def request(connections: int, seconds: float) -> HTTPXRequest:
            return HTTPXRequest(
                connection_pool_size=connections,
                read_timeout=seconds,
                write_timeout=ANSWER_SECONDS,
                connect_timeout=CONNECT_SECONDS,
                # Better to wait for a connection than to fail a message that was never sent.
                pool_timeout=ANSWER_SECONDS,
            )

        self.bot = Bot(
            credentials.token,
            base_url=f"{credentials.api_url}/bot",
            base_file_url=f"{credentials.api_url}/file/bot",
            request=request(CONNECTIONS, ANSWER_SECONDS),
        )
        self._requests = self.bot._request

    async def call(self, ask: Callable[[Bot], Awaitable[T]]) -> T:
        """Telegram's answer. Raises MessengerUnavailable, MessengerRefused, MessageGone, RecipientGone, Migrated."""
        try:
            return await ask(self.bot)
        except TelegramError as error:
            raise to_failure(error) from error

    async def updates(self, offset: int | None, *, wanted: Sequence[str]) -> list[dict[str, Any]]:
        """What has come since, as Telegram sends it; waits for some. Asking confirms all that is below the offset.

        The library's own objects refuse what they don't know: one such update would stand in front of all others.
        """
        asked = {"timeout": POLL_SECONDS, "allowed_updates": list(wanted)}
        if offset is not None:
            asked["offset"] = offset
        # Spelt so, since the library would rather have its own method called; the server takes any case.
        found: list[dict[str, Any]] = await self.call(
            lambda bot: bot.do_api_request(
                "getupdates", api_kwargs=asked, read_timeout=POLL_SECONDS + ANSWER_SECONDS
            )
        )
        return found

    async def aclose(self) -> None:
        for one in self._requests:
            await one.shutdown()


class Migrated(MessengerRefused):
    """The group became a supergroup with another id."""

    def __init__(self, place: str) -> None:
        super().__init__(f"That Telegram group became a supergroup: telegram:{place}:{place}.")
        self.place = place


class NotAChat(MessengerRefused):
    """A Telegram chat is named by its number, twice: telegram:-1001234567890:-1001234567890."""


def to_failure(error: TelegramError) -> MessengerUnavailable | MessengerRefused:
    """The failure behind python-telegram-bot's error; its text may hold the token and is not passed on."""
    said = str(error.message).lower()
    match error:
        case RetryAfter():
            wait = error.retry_after
            seconds = wait.total_seconds() if isinstance(wait, timedelta) else float(wait)
            return MessengerUnavailable("Telegram asks to slow down.", retry_after_seconds=seconds)
        case ChatMigrated():
            return Migrated(str(error.new_chat_id))
        case InvalidToken():
            return MessengerRefused("Telegram does not accept FlowMate's token; set TELEGRAM_BOT_TOKEN anew.")
        case Forbidden():
            return RecipientGone("FlowMate may no longer write into that Telegram chat.")
        case Conflict():
            return MessengerUnavailable("Another process receives for this Telegram bot.")
        case BadRequest() if any(one in said for one in GONE):
            return MessageGone("That Telegram message can't be changed any more.")
        case BadRequest() if any(one in said for one in BLOCKED):
            return RecipientGone("FlowMate can't write into that Telegram chat.")
        case BadRequest():
            return MessengerRefused("Telegram does not take this message.")
        case TimedOut() | NetworkError():
            return MessengerUnavailable("Telegram did not answer.")
        case _:
            return MessengerUnavailable("Telegram did not answer as it should.")
