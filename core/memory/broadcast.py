"""`InMemoryBroadcast`: news for listeners of one process."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence

from core.ports.broadcast import Hear


class InMemoryBroadcast:
    """The Broadcast port; what is told is heard before `send` returns, and nothing is lost."""

    def __init__(self) -> None:
        self._tuned: dict[str, list[Hear]] = {}
        self.asked = 0
        """How often somebody asked who listens."""
        self.sent: list[tuple[str, str]] = []
        """Everything that was told, in order."""

    async def audience(self, topics: Sequence[str]) -> Sequence[int]:
        self.asked += 1
        return [len(self._tuned.get(topic, ())) for topic in topics]

    async def send(self, news: Sequence[tuple[str, str]]) -> None:
        for topic, text in news:
            self.sent.append((topic, text))
            for hear in tuple(self._tuned.get(topic, ())):
                hear(text)

    @contextlib.contextmanager
    def tune(self, topic: str, hear: Hear) -> Iterator[None]:
        self._tuned.setdefault(topic, []).append(hear)
        try:
            yield
        finally:
            self._tuned[topic].remove(hear)

    async def aclose(self) -> None:
        return None
