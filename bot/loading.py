"""Loading, once, all that the Procfile's own processes load one by one when each is started by itself."""

from __future__ import annotations

import asyncio
import gc
import logging
from importlib import import_module

from adapters.assembly import assembled
from bot.cli.configuration import load_connected_settings
from bot.http.app import build_app
from bot.http.server import Server
from bot.processes import ENTRIES
from core.errors import ConfigurationError, FlowMateError


def load() -> None:
    """Leave nothing behind but what is loaded, so that it can be shared with what is forked afterwards.

    Processes load much only while they put their parts together, according to their settings. So the parts are put
    together once and let go again; nothing connects before it is used. Raises ConfigurationError where that can't be
    done, as the processes would: said here, it is said once.
    """
    for entry in ENTRIES.values():
        import_module(entry.partition(":")[0])
    # What else there is to say about the settings and the agents, each process says itself.
    logging.disable()
    try:
        asyncio.run(_rehearse())
    except ConfigurationError:
        raise
    except FlowMateError:
        pass
    finally:
        logging.disable(logging.NOTSET)
    gc.collect()
    # A collection writes to all it looks through, and what is written to is shared no longer.
    gc.freeze()


async def _rehearse() -> None:
    """Raises ConfigurationError where the processes will, too."""
    async with assembled(load_connected_settings()) as assembly:
        Server(build_app(assembly)).config.load()
