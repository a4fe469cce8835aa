"""Settings from the environment and `.env`: one class; each chat platform keeps its own beside its code."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Literal, Self
from zoneinfo import ZoneInfo

from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_settings import SettingsConfigDict

from adapters.mcp.settings import McpSettings
from adapters.spending_settings import PLANNER_MODEL, SpendingSettings
from core.approvals.policy import read_rules
from core.errors import ConfigurationError
from core.integrations.masking import KNOWN

MIN_SECRET_BYTES = 32
MIN_DIFFERENT_CHARACTERS = 8
DEFAULT_MODEL = "gpt-5-mini"


class Settings(SpendingSettings, McpSettings):
    """Everything that can be set; the description of each field is its line in `.env.example`."""

    model_config = SettingsConfigDict(env_file=".env", extra="ignore", frozen=True, env_ignore_empty=True)

    flowmate_env: Literal["development", "production"] = Field(
        "development", description="production refuses to start with missing or default secrets"
    )
    flowmate_data_dir: Path = Field(
        Path("./data"), description="embedded database, queue and keys live here, mode 0700"
    )
    flowmate_host: str = Field("127.0.0.1", description="address the web process listens on")
    flowmate_port: int = Field(8080, ge=1, le=65535, description="port the web process listens on")
    flowmate_base_url: str | None = Field(
        None, description="how others reach it; default: derived from host and port"
    )
    flowmate_admins: str = Field(
        "",
        description="ids of the people who may connect, test and revoke services from a chat, separated by commas, "
        "such as slack:T0123:U0456; FlowMate tells an id to whoever asks; default: the operator alone",
    )
    flowmate_agents_dir: Path | None = Field(
        None, description="a folder with a team's own agents; default: agents/ in the data folder"
    )
    flowmate_zone: str = Field("UTC", description="IANA time zone for people whose own is not known")
    flowmate_schedule_minimum_seconds: int = Field(60, ge=60, description="shortest interval of a schedule")
    flowmate_log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        "INFO", description="how much is logged"
    )

    database_url: str | None = Field(
        None, description="postgresql+psycopg://user:password@host/name; default: SQLite in the data folder"
    )
    redis_url: str | None = Field(
        None, description="Redis >= 6.2 or Valkey; default: an embedded Valkey in the data folder"
    )

    openai_api_key: SecretStr | None = Field(
        None, description="key of the model's server; without it the rules plan"
    )
    openai_base_url: str | None = Field(
        None, description="any OpenAI-compatible server (Ollama, vLLM, llama.cpp); default: OpenAI's own"
    )
    flowmate_model: str = Field(DEFAULT_MODEL, description="model that agents use by default")

    flowmate_fetch_allow: str = Field(
        "", description="private hosts or networks that fetching tools may reach, separated by commas"
    )
    flowmate_workers: int | None = Field(
        None, ge=1, le=64, description="worker processes in `up`; default: one per core"
    )
    flowmate_worker_concurrency: int = Field(500, ge=1, le=5000, description="steps in flight in each worker")
    flowmate_steps_per_person: int = Field(20, ge=1, description="of one person, steps and plans at once")

    jwt_secret: SecretStr | None = Field(
        None, description="signs access tokens; required in production, >= 32 bytes"
    )
    refresh_secret: SecretStr | None = Field(
        None, description="signs refresh tokens; required in production, >= 32 bytes"
    )
    integration_enc_key: SecretStr | None = Field(
        None,
        description="master key of the integrations, then older ones that may still open them, separated by commas; "
        "required in production, each >= 32 bytes; default: made in the data folder, integration.key",
    )
    allowed_origins: str = Field(
        "", description="origins that may use the API from a browser, separated by commas"
    )

    rate_limit_window_ms: int = Field(900_000, ge=1000, description="window of the request limits, in ms")
    rate_limit_max_requests: int = Field(
        100, ge=1, description="requests per person, and per IP, in that window"
    )
    agent_timeout_ms: int = Field(
        30_000, ge=100, le=600_000, description="time limit of one attempt of a step, in ms"
    )
    agent_max_retries: int = Field(3, ge=0, le=4, description="retries of a step after transient errors")

    flowmate_operator_token: SecretStr | None = Field(
        None,
        description="bearer token of the local operator; default: made in the data folder, operator.token",
    )
    flowmate_approval: str = Field(
        "tainted",
        description="when tools that change the world need a person's yes: never, tainted (after text from outside) or "
        "always; exceptions: tainted, send_email=always, @email=never, slack:T0123/send_email=never",
    )
    flowmate_approval_seconds: int = Field(
        300, ge=10, le=86_400, description="how long a request for a yes can be answered, in seconds"
    )
    flowmate_approvers: str = Field(
        "", description="ids of people who may say yes for others (slack:T0123:U0456), separated by commas"
    )
    smtp_url: SecretStr | None = Field(
        None,
        description="smtp://user:password@host:587 (smtps:// for TLS from the start); the e-mail tool needs it",
    )
    smtp_from: str | None = Field(None, description="sender of e-mails")

    @field_validator("flowmate_zone")
    @classmethod
    def _zone_exists(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (KeyError, ValueError, OSError) as error:
            raise ValueError(f"{value!r} is no IANA time zone, such as Europe/Berlin") from error
        return value

    @field_validator("flowmate_approval")
    @classmethod
    def _rules_that_can_be_read(cls, value: str) -> str:
        read_rules(value)
        return value

    @model_validator(mode="after")
    def _one_loopback_or_url(self) -> Self:
        if self.flowmate_base_url and not self.flowmate_base_url.startswith(("http://", "https://")):
            raise ValueError("FLOWMATE_BASE_URL must begin with http:// or https://")
        return self

    @property
    def production(self) -> bool:
        return self.flowmate_env == "production"

    @property
    def base_url(self) -> str:
        host = "127.0.0.1" if self.flowmate_host in ("0.0.0.0", "::") else self.flowmate_host
        host = f"[{host}]" if ":" in host else host
        return (self.flowmate_base_url or f"http://{host}:{self.flowmate_port}").rstrip("/")

    @property
    def data_dir(self) -> Path:
        return self.flowmate_data_dir.expanduser().resolve()

    @property
    def agents_dir(self) -> Path:
        return (self.flowmate_agents_dir or self.data_dir / "agents").expanduser().resolve()

    @field_validator("database_url")
    @classmethod
    def _a_known_database(cls, value: str | None) -> str | None:
        if value is None or value.startswith("sqlite:///"):
            return value
        # What many hosters hand out, in the form that names the driver.
        scheme, separator, rest = value.partition("://")
        if not separator or scheme not in ("postgres", "postgresql", "postgresql+psycopg"):
            raise ValueError("must look like postgresql+psycopg://user:password@host/name")
        return f"postgresql+psycopg://{rest}"

    @field_validator("redis_url")
    @classmethod
    def _a_redis(cls, value: str | None) -> str | None:
        if value is not None and not value.startswith(("redis://", "rediss://", "unix://")):
            raise ValueError("must look like redis://host:6379/0, rediss://… or unix:///path")
        return value

    @property
    def approvers(self) -> frozenset[str]:
        return frozenset(part.strip() for part in self.flowmate_approvers.split(",") if part.strip())

    @property
    def database(self) -> str:
        return self.database_url or f"sqlite:///{self.data_dir / 'flowmate.sqlite3'}"

    @property
    def worker_processes(self) -> int:
        return self.flowmate_workers or os.cpu_count() or 1

    @property
    def model_configured(self) -> bool:
        """A key, or a server of one's own (most of those want no key), makes a model."""
        return self.openai_api_key is not None or self.openai_base_url is not None

    @property
    def integration_enc_keys(self) -> tuple[str, ...]:
        """The current master key, and the older ones."""
        value = self.integration_enc_key.get_secret_value() if self.integration_enc_key else ""
        return tuple(part.strip() for part in value.split(",") if part.strip())

    @property
    def admins(self) -> frozenset[str]:
        return frozenset(part.strip() for part in self.flowmate_admins.split(",") if part.strip())

    @property
    def planner_model(self) -> str | None:
        """None: the default model. A server of one's own knows only its own models, so that none is guessed there."""
        if self.flowmate_planner_model is not None or self.openai_base_url is not None:
            return self.flowmate_planner_model
        return PLANNER_MODEL

    @property
    def fetch_allow(self) -> tuple[str, ...]:
        return tuple(part.strip() for part in self.flowmate_fetch_allow.split(",") if part.strip())


def check_production(settings: Settings) -> None:
    """Raise ConfigurationError naming every missing, short, default or repeated secret at once."""
    if not settings.production:
        return
    problems = _secret_problems(settings)
    for name, value in {
        "DATABASE_URL": settings.database_url,
        "REDIS_URL": settings.redis_url,
        "ALLOWED_ORIGINS": settings.allowed_origins,
    }.items():
        if not value:
            problems.append(f"{name} is missing")
    if problems:
        raise ConfigurationError("Production needs other settings: " + "; ".join(problems) + ".")


def _secret_problems(settings: Settings) -> list[str]:
    problems: list[str] = []
    seen: dict[str, str] = {}
    for name, value in _secrets(settings):
        if not value:
            problems.append(f"{name.upper()} is missing")
        elif len(value.encode()) < MIN_SECRET_BYTES:
            problems.append(f"{name.upper()} is shorter than {MIN_SECRET_BYTES} bytes")
        elif len(set(value)) < MIN_DIFFERENT_CHARACTERS:
            problems.append(f"{name.upper()} is no random value")
        elif value in seen:
            problems.append(f"{name.upper()} is the same as {seen[value]}")
        seen.setdefault(value, name.upper())
    return problems


def _secrets(settings: Settings) -> Iterator[tuple[str, str]]:
    for name in ("jwt_secret", "refresh_secret", "flowmate_operator_token"):
        secret: SecretStr | None = getattr(settings, name)
        yield name, secret.get_secret_value() if secret else ""
    for value in settings.integration_enc_keys or ("",):
        yield "integration_enc_key", value


def prepare_data_dir(settings: Settings) -> Path:
    """The data folder, made with mode 0700 where it was missing. Raises ConfigurationError where it can't be used."""
    folder = settings.data_dir
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        folder.chmod(0o700)
        probe = folder / ".writable"
        probe.touch(mode=0o600)
        probe.unlink()
    except OSError as error:
        raise ConfigurationError(
            f"The data folder {folder} can't be written ({error.strerror}); "
            "give it to this user or set FLOWMATE_DATA_DIR to another folder."
        ) from error
    return folder


def operator_token(settings: Settings) -> str:
    """The operator's bearer token: the configured one, else the one in the data folder, made once (mode 0600).

    It is masked from then on.
    """
    token = _operator_token(settings)
    KNOWN.keep(token)
    return token


def _operator_token(settings: Settings) -> str:
    if settings.flowmate_operator_token is not None:
        return settings.flowmate_operator_token.get_secret_value()
    path = prepare_data_dir(settings) / "operator.token"
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_text().strip()
    with os.fdopen(descriptor, "w") as file:
        token = secrets.token_urlsafe(32)
        file.write(token + "\n")
    return token
