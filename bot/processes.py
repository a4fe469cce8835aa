"""The Procfile's own processes, started without the command line around them.

Each of them runs for weeks: what parses options and draws tables (14 MB of it) has no place in their memory.
"""

from __future__ import annotations

import gc
from collections.abc import Callable
from importlib import import_module

from adapters.chat import PLATFORMS
from adapters.settings import Settings
from bot.cli.configuration import load_connected_settings
from bot.logging import configure_logging

ENTRIES = {
    "web": "bot.http.server:serve",
    "worker": "workers.process:run_worker",
    "scheduler": "workers.scheduler:run_scheduler",
}
OBJECTS_BETWEEN_COLLECTIONS = (20_000, 20, 50)
"""Python's own (700, 10, 10) looks through a thousand waiting steps again and again: a tenth of a worker's time, and
0.2 s in one go, to free next to nothing, as almost all of it is freed by counting references."""


def run(name: str) -> int:
    """Run one of them until it is told to stop; returns the exit code. Raises ConfigurationError before it starts."""
    settings = load_connected_settings()
    configure_logging(settings.flowmate_log_level, settings, *(platform.settings() for platform in PLATFORMS))
    module, _, function = ENTRIES[name].partition(":")
    entry: Callable[[Settings], int] = getattr(import_module(module), function)
    # What is loaded by now stays; only what comes after it is worth looking through.
    gc.freeze()
    gc.set_threshold(*OBJECTS_BETWEEN_COLLECTIONS)
    return entry(settings)
