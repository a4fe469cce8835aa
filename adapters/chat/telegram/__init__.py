"""Telegram: private chats, groups, topics, commands and inline buttons, by long polling or a webhook."""

from __future__ import annotations

from adapters.chat.platform import Connection, Platform, Shared
from adapters.chat.telegram.settings import TelegramSettings, to_credentials
from core.ports.clock import Clock


def connect(settings: TelegramSettings, clock: Clock, shared: Shared) -> Connection | None:
    """A connection, or None where Telegram isn't configured. Raises ConfigurationError where it is by halves."""
    credentials = to_credentials(settings)
    if credentials is None:
        return None
    # python-telegram-bot and httpx cost 20 MB; without Telegram nobody should pay them.
    from adapters.chat.telegram.connection import TelegramConnection

    return TelegramConnection(credentials, clock=clock, shared=shared)


PLATFORM = Platform(
    name="telegram",
    title="Telegram",
    settings=TelegramSettings,
    setup="set TELEGRAM_BOT_TOKEN",
    connect=connect,
    place="telegram:-1001234567890:-1001234567890",
    pairing="send this to the bot in a private chat: /start {code}",
)
