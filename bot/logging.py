"""How a process logs: JSON lines on stderr (readable ones where a person looks), with every known secret masked."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Iterable
from contextvars import ContextVar

from pydantic import SecretStr
from pydantic_settings import BaseSettings
from pythonjsonlogger.core import LogData
from pythonjsonlogger.json import JsonFormatter

from core.integrations.masking import KNOWN, MASK

SHORTEST_SECRET = 8
# Their own lines about each request and connection say nothing that ours don't.
QUIET = (
    "httpx",
    "httpx2",
    "httpcore",
    "httpcore2",
    "openai",
    "slack_sdk",
    "slack_bolt",
    "aiohttp.access",
    "uvicorn",
    "rq",
    "rq.worker",
    "rq.queue",
    "rq.scheduler",
    "alembic",
    "trafilatura",
)
correlation: ContextVar[str] = ContextVar("correlation", default="")
"""The id of the request that is being served, for every line that is logged meanwhile."""


def configure_logging(level: str, *settings: BaseSettings) -> None:
    """Send what the standard logging and structlog get to stderr, one line each, with time, level and process.

    The secrets of these settings never get there, whatever is logged.
    """
    # These, too, may come back in what a tool gives.
    KNOWN.add(*known_secrets(settings))
    handler = logging.StreamHandler(sys.stderr)
    plain = logging.Formatter("%(asctime)s %(levelname)-7s %(name)s: %(message)s")
    handler.setFormatter(plain if sys.stderr.isatty() else _json())
    handler.setFormatter(Masked(handler.formatter or plain, secrets=known_secrets(settings)))
    handler.addFilter(_identify)
    logging.basicConfig(level=level, handlers=[handler], force=True)
    logging.captureWarnings(True)
    for name in QUIET:
        logging.getLogger(name).setLevel(max(logging.WARNING, logging.getLevelName(level)))


def known_secrets(settings: Iterable[BaseSettings]) -> Iterable[str]:
    """Every secret value of these settings that is long enough to be told from ordinary text."""
    for one in settings:
        for name in type(one).model_fields:
            value = getattr(one, name)
            if isinstance(value, SecretStr) and len(value.get_secret_value()) >= SHORTEST_SECRET:
                yield value.get_secret_value()


class Masked(logging.Formatter):
    """Another formatter's lines without any of these secrets, and of those that integrations were opened with."""

    def __init__(self, inner: logging.Formatter, *, secrets: Iterable[str]) -> None:
        super().__init__()
        self._inner = inner
        self._secrets = tuple(secrets)

    def format(self, record: logging.LogRecord) -> str:
        line = self._inner.format(record)
        for secret in self._secrets:
            line = line.replace(secret, MASK)
        return KNOWN.mask(line)


class JsonLines(JsonFormatter):
    """One JSON object a line; what is empty is left out."""

    def process_log_record(self, log_data: LogData) -> LogData:
        return {name: value for name, value in super().process_log_record(log_data).items() if value}


def _json() -> logging.Formatter:
    return JsonLines(
        ["level", "name", "message", "process_name", "correlationId", "exc_info"],
        rename_fields={
            "name": "logger",
            "message": "event",
            "process_name": "process",
            "exc_info": "exception",
        },
        timestamp=True,
    )


def _identify(record: logging.LogRecord) -> bool:
    """Which of the Procfile's processes speaks, where `flowmate up` started it, and for which request."""
    record.level = record.levelname.lower()
    record.process_name = os.environ.get("FLOWMATE_PROCESS", "")
    record.correlationId = correlation.get()
    return True
