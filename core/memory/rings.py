"""`RingsHeard`: what is rung for, gathered for each listener of this process."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterator


class RingsHeard:
    """The Rings port for one listener; many rings for one delegation are heard as one."""

    def __init__(self) -> None:
        self._ids: set[str] = set()
        self._bell = asyncio.Event()

    def ring(self, delegation_id: str) -> None:
        self._ids.add(delegation_id)
        self._bell.set()

    async def heard(self, *, within_seconds: float) -> frozenset[str]:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(within_seconds):
                await self._bell.wait()
        self._bell.clear()
        ids, self._ids = frozenset(self._ids), set()
        return ids


class Listeners:
    """Everybody in this process who listens."""

    def __init__(self) -> None:
        self._listening: set[RingsHeard] = set()

    @contextlib.contextmanager
    def listen(self) -> Iterator[RingsHeard]:
        rings = RingsHeard()
        self._listening.add(rings)
        try:
            yield rings
        finally:
            self._listening.discard(rings)

    def ring(self, delegation_id: str) -> None:
        for rings in self._listening:
            rings.ring(delegation_id)
