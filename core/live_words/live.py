"""`LiveWords`: both sides of it, as a process has them."""

from __future__ import annotations

from contextlib import AbstractContextManager

from core.live_words.hearing import Ears, Hearing
from core.live_words.speaking import Speaking
from core.live_words.writing import Writing
from core.ports.broadcast import Broadcast
from core.ports.clock import Clock


class LiveWords:
    """The words of answers while they are written. Best effort: whatever is lost here, the answer is not."""

    def __init__(self, *, broadcast: Broadcast, clock: Clock) -> None:
        self._broadcast = broadcast
        self._speaking = Speaking(broadcast=broadcast, clock=clock)
        self._hearing = Hearing(broadcast=broadcast)

    def writing(
        self, delegation_id: str, *, step: int, agent: str, claim: int
    ) -> AbstractContextManager[Writing]:
        """Where a step's words go while it runs; they are void where the block is left by an exception."""
        return self._speaking.writing(delegation_id, step=step, agent=agent, claim=claim)

    def listen(self) -> AbstractContextManager[Ears]:
        """One listener; whoever lets it turn to a delegation has to know that it may be seen."""
        return self._hearing.listen()

    async def aclose(self) -> None:
        await self._speaking.aclose()
        await self._broadcast.aclose()
