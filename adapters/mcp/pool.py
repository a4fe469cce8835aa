"""One connection for each integration in a process, opened when it is first needed."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from adapters.mcp.connection import IDLE_SECONDS, Connection, Target

Key = tuple[str, str]
"""Workspace, and name of the integration."""


@dataclass
class _Open:
    target: Target
    opening: asyncio.Task[Connection]


class Pool:
    """Whoever asks while a connection is being opened waits for that one."""

    def __init__(self, *, idle_seconds: float = IDLE_SECONDS) -> None:
        self._idle_seconds = idle_seconds
        self._open: dict[Key, _Open] = {}
        self._leaving: set[asyncio.Task[None]] = set()

    async def connection(self, key: Key, target: Target) -> Connection:
        """One that can be used. Raises what Connection.open raises; the next who asks tries again."""
        found = self._open.get(key)
        if found is not None and (found.target != target or _spent(found.opening)):
            self.drop(key)
            found = None
        if found is None:
            opening = asyncio.create_task(Connection.open(target, idle_seconds=self._idle_seconds))
            found = self._open[key] = _Open(target, opening)
        return await asyncio.shield(found.opening)

    def drop(self, key: Key) -> None:
        """Make no more calls on this integration's connection; those that are under way go on. Safe to repeat."""
        found = self._open.pop(key, None)
        if found is not None:
            leaving = asyncio.create_task(_retire(found.opening))
            self._leaving.add(leaving)
            leaving.add_done_callback(self._leaving.discard)

    async def aclose(self) -> None:
        """Close all of them. Safe to repeat."""
        open_, self._open = list(self._open.values()), {}
        await asyncio.gather(*(_close(one.opening) for one in open_), *self._leaving, return_exceptions=True)


def _spent(opening: asyncio.Task[Connection]) -> bool:
    if not opening.done():
        return False
    return opening.cancelled() or opening.exception() is not None or not opening.result().usable


async def _retire(opening: asyncio.Task[Connection]) -> None:
    await asyncio.wait({opening})
    if not opening.cancelled() and opening.exception() is None:
        opening.result().retire()


async def _close(opening: asyncio.Task[Connection]) -> None:
    opening.cancel() if not opening.done() else None
    await asyncio.wait({opening})
    if not opening.cancelled() and opening.exception() is None:
        await opening.result().aclose()
