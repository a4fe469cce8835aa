"""What this process writes, told piece by piece to those who listen."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterator

from core.live_words.writing import Writing
from core.ports.broadcast import Broadcast
from core.ports.clock import Clock

PIECE_SECONDS = 0.1
"""How long words are gathered into one piece: nobody reads faster."""
LOOK_SECONDS = 0.5
"""How often it is asked who listens. An answer that is written in less costs nothing at all."""
WHOLE_SECONDS = 1.0
"""How often everything is told again to those who listen: some missed a piece, or have just come."""


class Speaking:
    """One task for all that is being written in this process, and none while nothing is.

    Where nobody listens words are neither masked nor sent; two questions a second ask for all of them together.
    """

    def __init__(self, *, broadcast: Broadcast, clock: Clock) -> None:
        self._broadcast = broadcast
        self._clock = clock
        self._writings: dict[Writing, int] = {}
        """Each with how many listen to it."""
        self._task: asyncio.Task[None] | None = None

    @contextlib.contextmanager
    def writing(self, delegation_id: str, *, step: int, agent: str, claim: int) -> Iterator[Writing]:
        """Where a step's words go; they are void where the block is left by an exception."""
        writing = Writing(delegation_id, step=step, agent=agent, claim=claim, begun=self._begin)
        if claim > 1:
            # Whoever watched the claim before is told that its words are void.
            self._begin(writing)
        try:
            yield writing
        except BaseException:
            writing.begin()
            raise
        finally:
            writing.close()
            if not self._writings.get(writing):
                self._writings.pop(writing, None)

    async def aclose(self) -> None:
        """Stop; what was not told by now is not told any more."""
        self._writings.clear()
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    def _begin(self, writing: Writing) -> None:
        self._writings.setdefault(writing, 0)
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._speak())

    async def _speak(self) -> None:
        looked = told = self._clock.monotonic()
        while self._writings:
            await self._clock.sleep(PIECE_SECONDS if any(self._writings.values()) else LOOK_SECONDS)
            now = self._clock.monotonic()
            if now - looked >= LOOK_SECONDS:
                looked = now
                await self._look()
            whole = now - told >= WHOLE_SECONDS
            told = now if whole else told
            await self._tell(whole=whole)

    async def _look(self) -> None:
        """Learn who listens."""
        asked = list(self._writings)
        if not asked:
            return
        audience = await self._broadcast.audience([writing.topic for writing in asked])
        for writing, count in zip(asked, audience, strict=True):
            # It may have ended meanwhile.
            if writing in self._writings:
                self._writings[writing] = count

    async def _tell(self, *, whole: bool) -> None:
        news = []
        for writing, listeners in list(self._writings.items()):
            piece = writing.piece(whole=whole) if listeners else None
            if piece is not None:
                news.append((writing.topic, piece.model_dump_json()))
            if writing.closed:
                del self._writings[writing]
        if news:
            await self._broadcast.send(news)
