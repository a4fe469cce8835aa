"""Slack's own settings, and what they amount to."""

from __future__ import annotations

from dataclasses import dataclass, field

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from core.errors import ConfigurationError

MANIFEST_HINT = "`flowmate slack manifest` describes the app that gives them"


class SlackSettings(BaseSettings):
    """Everything that can be set for Slack; the description of each field is its line in `.env.example`."""

    model_config = SettingsConfigDict(env_file=".env", extra="ignore", frozen=True, env_ignore_empty=True)

    slack_bot_token: SecretStr | None = Field(None, description="bot token (xoxb-...) of the Slack app")
    slack_signing_secret: SecretStr | None = Field(
        None, description="signing secret of the Slack app; needed to receive events over HTTP"
    )
    slack_app_token: SecretStr | None = Field(
        None,
        description="app-level token (xapp-...); with it Slack is received over Socket Mode, without a public URL",
    )
    slack_api_url: str = Field(
        "https://slack.com/api/",
        description="base URL of Slack's Web API; another one for GovSlack and tests",
    )


@dataclass(frozen=True)
class Credentials:
    """A complete set: with `app_token` Slack is received over Socket Mode, else over HTTP."""

    bot_token: str = field(repr=False)
    signing_secret: str = field(repr=False)
    app_token: str = field(repr=False)
    api_url: str

    @property
    def socket_mode(self) -> bool:
        return bool(self.app_token)


def to_credentials(settings: SlackSettings) -> Credentials | None:
    """The credentials, or None where nothing is set. Raises ConfigurationError naming exactly what is wrong."""
    bot, secret, app = (
        value.get_secret_value().strip() if value else ""
        for value in (settings.slack_bot_token, settings.slack_signing_secret, settings.slack_app_token)
    )
    if not (bot or secret or app):
        return None
    problems = []
    if not bot:
        problems.append("SLACK_BOT_TOKEN is missing")
    elif not (secret or app):
        problems.append(
            "SLACK_SIGNING_SECRET (to receive over HTTP) or SLACK_APP_TOKEN (for Socket Mode) is missing"
        )
    if bot.startswith("xapp-"):
        problems.append("SLACK_BOT_TOKEN holds an app-level token, which belongs into SLACK_APP_TOKEN")
    if app.startswith("xoxb-"):
        problems.append("SLACK_APP_TOKEN holds a bot token, which belongs into SLACK_BOT_TOKEN")
    if not settings.slack_api_url.startswith(("http://", "https://")):
        problems.append("SLACK_API_URL must begin with http:// or https://")
    if problems:
        raise ConfigurationError(f"Slack is configured by halves: {'; '.join(problems)} ({MANIFEST_HINT}).")
    return Credentials(
        bot_token=bot, signing_secret=secret, app_token=app, api_url=settings.slack_api_url.rstrip("/") + "/"
    )
