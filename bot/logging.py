"""How a process logs: JSON lines on stderr (readable ones where a person looks), with every known secret masked."""

from __future__ import annotations

import logging
import os
import sys
import threading
from contextvars import ContextVar

from pydantic_settings import BaseSettings
from pythonjsonlogger.core import LogData
from pythonjsonlogger.json import JsonFormatter

from bot.secrets import known_secrets
from core.integrations.masking import KNOWN, KnownSecrets

logger = logging.getLogger(__name__)
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
    "mcp",
)
STRANGERS = ("mcp.client", "mcp.shared")
"""What these log is what other people's servers said, and where it matters we say it in our words."""
correlation: ContextVar[str] = ContextVar("correlation", default="")
"""The id of the request that is being served, for every line that is logged meanwhile."""


def configure_logging(level: str, *settings: BaseSettings) -> None:
    """Send what the standard logging and structlog get to stderr, one line each, with time, level and process.

    The secrets of these settings never get there, whatever is logged, nor does what nobody caught go past the log.
    """
    # These, too, may come back in what a tool gives.
    KNOWN.keep(*known_secrets(settings))
    handler = logging.StreamHandler(sys.stderr)
    plain = logging.Formatter("%(asctime)s %(levelname)-7s %(name)s: %(message)s")
    handler.setFormatter(Masked(plain if sys.stderr.isatty() else _json()))
    handler.addFilter(_identify)
    logging.basicConfig(level=level, handlers=[handler], force=True)
    logging.captureWarnings(True)
    _log_what_nobody_caught()
    for name in STRANGERS:
        logging.getLogger(name).setLevel(logging.CRITICAL)
    for name in QUIET:
        logging.getLogger(name).setLevel(max(logging.WARNING, logging.getLevelName(level)))


class Masked(logging.Formatter):
    """Another formatter's lines without any secret that this process knows."""

    def __init__(self, inner: logging.Formatter, *, known: KnownSecrets = KNOWN) -> None:
        super().__init__()
        self._inner = inner
        self._known = known

    def format(self, record: logging.LogRecord) -> str:
        return self._known.mask(self._inner.format(record))


class JsonLines(JsonFormatter):
    """One JSON object a line; what is empty is left out.

    Texts are masked before they become JSON: a secret that was quoted once already would be quoted twice in the line.
    """

    def process_log_record(self, log_data: LogData) -> LogData:
        return {
            name: KNOWN.mask(value) if isinstance(value, str) else value
            for name, value in super().process_log_record(log_data).items()
            if value
        }


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


def _log_what_nobody_caught() -> None:
    """Python itself would write such tracebacks to stderr, secrets and all."""
    sys.excepthook = lambda kind, error, traceback: logger.critical(
        "this process broke", exc_info=(kind, error, traceback)
    )
    threading.excepthook = lambda args: logger.critical(
        "a thread broke",
        exc_info=(args.exc_type, args.exc_value, args.exc_traceback) if args.exc_value else None,
    )
    sys.unraisablehook = lambda args: logger.error(
        "%s: %r",
        args.err_msg or "ignored",
        args.object,
        exc_info=(args.exc_type, args.exc_value, args.exc_traceback) if args.exc_value else None,
    )
