"""Running the web process."""

from __future__ import annotations

import asyncio
import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn
import uvloop
from fastapi import FastAPI

from adapters.assembly import assembled
from adapters.settings import Settings, check_production
from bot.http.app import build_app

DRAIN_SECONDS = 3
"""How long requests that are being answered may take when the service ends; those that only wait end at once."""
GOODBYE_SECONDS = 0.2
BACKLOG = 2048
SIGNALS = (signal.SIGTERM, signal.SIGINT)


class Server(uvicorn.Server):
    """uvicorn, which tells the app that it ends before it waits for open requests, not after."""

    def __init__(self, app: FastAPI, *, host: str = "127.0.0.1", port: int = 0) -> None:
        super().__init__(
            uvicorn.Config(
                app,
                host=host,
                port=port,
                log_config=None,
                access_log=False,
                server_header=False,
                # X-Forwarded-For would choose the address that requests are counted under.
                proxy_headers=False,
                backlog=BACKLOG,
                timeout_graceful_shutdown=DRAIN_SECONDS,
                ws_max_size=64 * 1024,
            )
        )
        self._app = app

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """uvicorn's own raises SIGTERM once more at its end, and so kills what still has to be closed."""
        loop = asyncio.get_running_loop()
        for number in SIGNALS:
            loop.add_signal_handler(number, self.handle_exit, number, None)
        try:
            yield
        finally:
            for number in SIGNALS:
                loop.remove_signal_handler(number)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._app.state.closing.set()
        if self.server_state.tasks:
            # Streams say goodbye and hear the other side's; uvicorn itself would hang up on them.
            await asyncio.sleep(GOODBYE_SECONDS)
        await super().shutdown(sockets)


def serve(settings: Settings) -> int:
    """Serve until SIGTERM or SIGINT; returns the exit code. Raises ConfigurationError before it starts."""
    check_production(settings)
    return uvloop.run(_serve(settings))


async def _serve(settings: Settings) -> int:
    async with assembled(settings, runs_agents=False) as assembly:
        server = Server(build_app(assembly), host=settings.flowmate_host, port=settings.flowmate_port)
        await server.serve()
        return 0 if server.started else 1
