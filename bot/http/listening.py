"""The platforms that are not reached over HTTP: listened to as long as the web process lives."""

from __future__ import annotations

import asyncio
import logging
from types import TracebackType
from typing import Self

from adapters.assembly import Assembly
from adapters.chat.platform import Connection, Reception

logger = logging.getLogger(__name__)
RESTART_SECONDS = 5.0


class Listening:
    """Runs every connection's `listen`, again and again where it breaks, until it is left."""

    def __init__(self, assembly: Assembly, reception: Reception) -> None:
        self._assembly = assembly
        self._reception = reception
        self._tasks: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> Self:
        for connection in self._assembly.connections.values():
            self._tasks.append(asyncio.create_task(self._listen(connection)))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _listen(self, connection: Connection) -> None:
        while True:
            try:
                await connection.listen(self._reception)
            except Exception:
                logger.exception("%s broke off; listening again", connection.summary)
                await self._assembly.clock.sleep(RESTART_SECONDS)
            else:
                return
