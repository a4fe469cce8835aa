"""News of the moment: told to whoever listens just now, and kept nowhere."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import Protocol

Hear = Callable[[str], None]


class Broadcast(Protocol):
    """Tells what is new about a topic. Anything may be lost, and nothing raises because of that."""

    async def audience(self, topics: Sequence[str]) -> Sequence[int]:
        """How many listen to each of the topics, in processes; 0 where that can't be learned."""
        ...

    async def send(self, news: Sequence[tuple[str, str]]) -> None:
        """Tell these, each a topic and a text, in their order. Repeating it tells them again."""
        ...

    def tune(self, topic: str, hear: Hear) -> AbstractContextManager[None]:
        """Hear everything that is told about the topic, here or elsewhere, from about now on. `hear` must not raise."""
        ...

    async def aclose(self) -> None:
        """Close connections. Safe to repeat."""
        ...
