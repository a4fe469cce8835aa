"""Telegram's own settings, and what they amount to."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from core.errors import ConfigurationError

_TOKEN = re.compile(r"(\d{3,20}):[A-Za-z0-9_-]{20,100}\Z")
# Bot API, setWebhook: 1 to 256 characters of this set.
_SECRET = re.compile(r"[A-Za-z0-9_-]{16,256}\Z")


class TelegramSettings(BaseSettings):
    """Everything that can be set for Telegram; the description of each field is its line in `.env.example`."""

    model_config = SettingsConfigDict(env_file=".env", extra="ignore", frozen=True, env_ignore_empty=True)

    telegram_bot_token: SecretStr | None = Field(
        None, description="token of the Telegram bot, from @BotFather"
    )
    telegram_webhook_secret: SecretStr | None = Field(
        None,
        description="with it Telegram sends to FLOWMATE_BASE_URL/telegram/webhook; without it FlowMate asks (polling)",
    )
    telegram_api_url: str = Field(
        "https://api.telegram.org",
        description="base URL of the Bot API; another one for a local Bot API server and tests",
    )
    telegram_allowed_users: str = Field(
        "",
        description="who may talk to the bot: ids or @names, * for everyone; others pair with a code",
    )
    telegram_live_typing: bool = Field(
        False,
        description="private chats: show progress as live typing, and no message before the answer (or before 20 s)",
    )


@dataclass(frozen=True)
class Credentials:
    """What is needed to talk to Telegram; `webhook_secret` empty: long polling."""

    token: str = field(repr=False)
    webhook_secret: str = field(repr=False)
    api_url: str
    allowed: frozenset[str]
    """Ids and lower-case @names; `*` for everyone."""
    live_typing: bool = False

    @property
    def bot_id(self) -> int:
        return int(self.token.partition(":")[0])

    @property
    def webhook(self) -> bool:
        return bool(self.webhook_secret)


def to_credentials(settings: TelegramSettings) -> Credentials | None:
    """The credentials, or None where nothing is set. Raises ConfigurationError naming exactly what is wrong."""
    token, secret = (
        value.get_secret_value().strip() if value else ""
        for value in (settings.telegram_bot_token, settings.telegram_webhook_secret)
    )
    if not token and not secret:
        return None
    problems = []
    if not token:
        problems.append("TELEGRAM_BOT_TOKEN is missing")
    elif not _TOKEN.match(token):
        problems.append("TELEGRAM_BOT_TOKEN is not of the form that @BotFather gives (123456:ABC…)")
    if secret and not _SECRET.match(secret):
        problems.append("TELEGRAM_WEBHOOK_SECRET takes 16 to 256 letters, digits, _ and -")
    if not settings.telegram_api_url.startswith(("http://", "https://")):
        problems.append("TELEGRAM_API_URL must begin with http:// or https://")
    if problems:
        raise ConfigurationError(f"Telegram is configured by halves: {'; '.join(problems)}.")
    names = (name.strip().lower() for name in settings.telegram_allowed_users.split(","))
    return Credentials(
        token=token,
        webhook_secret=secret,
        api_url=settings.telegram_api_url.rstrip("/"),
        allowed=frozenset(name for name in names if name),
        live_typing=settings.telegram_live_typing,
    )
