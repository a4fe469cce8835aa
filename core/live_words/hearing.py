"""What is written anywhere, put together for those of this process who listen."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Collection, Iterator
from functools import partial

from pydantic import ValidationError

from core.live_words.piece import Piece
from core.ports.broadcast import Broadcast


class _Topic:
    """What was heard about one delegation, by step: one piece each that holds everything so far."""

    def __init__(self) -> None:
        self.heard: dict[int, Piece] = {}
        self.ears: set[Ears] = set()
        self.tuned = contextlib.ExitStack()

    def hear(self, piece: Piece) -> bool:
        """Take a piece in; False for one that comes too late, or after one that was lost."""
        known = self.heard.get(piece.step)
        if known is not None and piece.version < known.version:
            return False
        text = known.text if known is not None and piece.version == known.version else ""
        if piece.start > len(text):
            return False
        said = text[: piece.start] + piece.text
        self.heard[piece.step] = piece.model_copy(update={"start": 0, "text": said})
        return True


class Hearing:
    """One subscription for each delegation that somebody in this process listens to."""

    def __init__(self, *, broadcast: Broadcast) -> None:
        self._broadcast = broadcast
        self._topics: dict[str, _Topic] = {}

    @contextlib.contextmanager
    def listen(self) -> Iterator[Ears]:
        """One listener, who hears nothing before it has turned to something."""
        ears = Ears(self)
        try:
            yield ears
        finally:
            ears.turn_to(())

    def open(self, delegation_id: str, ears: Ears) -> _Topic:
        topic = self._topics.get(delegation_id)
        if topic is None:
            topic = self._topics[delegation_id] = _Topic()
            hear = partial(self._hear, topic)
            topic.tuned.enter_context(self._broadcast.tune(delegation_id, hear))
        topic.ears.add(ears)
        return topic

    def shut(self, delegation_id: str, ears: Ears) -> None:
        topic = self._topics[delegation_id]
        topic.ears.discard(ears)
        if not topic.ears:
            del self._topics[delegation_id]
            topic.tuned.close()

    def _hear(self, topic: _Topic, text: str) -> None:
        try:
            piece = Piece.model_validate_json(text)
        except ValidationError:
            # A process of another version: its words are seen once the answer is there.
            return
        if topic.hear(piece):
            for ears in topic.ears:
                ears.bell.set()


class Ears:
    """One listener. One that is slow hears more at once, and never more than there is."""

    def __init__(self, hearing: Hearing) -> None:
        self.bell = asyncio.Event()
        self._hearing = hearing
        self._topics: dict[str, _Topic] = {}
        self._told: dict[tuple[str, int], tuple[tuple[int, int], int]] = {}
        """How much of which version was heard, by delegation and step."""

    def turn_to(self, delegation_ids: Collection[str]) -> None:
        """Listen to these, and to no others any more."""
        for gone in set(self._topics) - set(delegation_ids):
            del self._topics[gone]
            self._hearing.shut(gone, self)
            self._told = {key: told for key, told in self._told.items() if key[0] != gone}
        for new in set(delegation_ids) - set(self._topics):
            self._topics[new] = self._hearing.open(new, self)
            self.bell.set()

    async def heard(self) -> list[tuple[str, Piece]]:
        """What is new, each piece with its delegation, waiting for something. Nothing is lost by a cancellation.

        A piece follows the one before it of the same step without a gap, or begins anew (`start` is 0).
        """
        while True:
            await self.bell.wait()
            self.bell.clear()
            if news := [
                (delegation_id, new)
                for delegation_id, topic in self._topics.items()
                for known in topic.heard.values()
                if (new := self._new(delegation_id, known)) is not None
            ]:
                return news

    def _new(self, delegation_id: str, known: Piece) -> Piece | None:
        key = delegation_id, known.step
        version, length = self._told.get(key, (None, 0))
        if version == known.version and length == len(known.text):
            return None
        start = length if version == known.version else 0
        self._told[key] = known.version, len(known.text)
        return known.model_copy(update={"start": start, "text": known.text[start:]})
