"""Parlour's own settings, and what they amount to."""

from __future__ import annotations

from dataclasses import dataclass, field

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from core.errors import ConfigurationError


class ParlourSettings(BaseSettings):
    """Everything that can be set for Parlour."""

    model_config = SettingsConfigDict(env_file=".env", extra="ignore", frozen=True, env_ignore_empty=True)

    parlour_token: SecretStr | None = Field(None, description="token of the Parlour bot")
    parlour_url: str = Field("", description="where Parlour is")


@dataclass(frozen=True)
class Credentials:
    token: str = field(repr=False)
    url: str


def to_credentials(settings: ParlourSettings) -> Credentials | None:
    """The credentials, or None where nothing is set. Raises ConfigurationError naming exactly what is wrong."""
    token = settings.parlour_token.get_secret_value() if settings.parlour_token else ""
    if not token and not settings.parlour_url:
        return None
    if not token or not settings.parlour_url.startswith(("http://", "https://")):
        raise ConfigurationError("Parlour is configured by halves: it takes PARLOUR_TOKEN and PARLOUR_URL.")
    return Credentials(token=token, url=settings.parlour_url.rstrip("/"))
