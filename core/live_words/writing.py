"""What one step is writing, as far as it may be shown."""

from __future__ import annotations

from collections.abc import Callable

from core.integrations.masking import KNOWN, KnownSecrets
from core.live_words.piece import Piece

MOST_CHARACTERS = 20_000
"""An answer that grows longer is seen once it is whole."""


class Writing:
    """Takes a model's words as they come, and gives them out in pieces from which known secrets are masked.

    The end of what was written is held back while it may be the beginning of a secret. Until somebody asks for a
    piece, words are only kept.
    """

    def __init__(
        self,
        topic: str,
        *,
        step: int,
        agent: str,
        claim: int,
        begun: Callable[[Writing], None],
        known: KnownSecrets = KNOWN,
    ) -> None:
        """`begun` is called with the first words there are."""
        self.topic = topic
        self.closed = False
        self._step, self._agent, self._claim = step, agent, claim
        self._begun: Callable[[Writing], None] | None = begun
        self._known = known
        self._take = 1
        self._length = 0
        self._held: list[str] = []
        self._shown = ""
        self._told = 0
        """How many of the shown characters were told."""
        self._told_take = 0 if claim == 1 else -1
        """Of which take; 0: nothing was told yet, -1: perhaps by an earlier claim."""

    def begin(self, text: str = "") -> None:
        """Begin anew, with these words: what was written before is not the answer."""
        self._take += 1
        self._length = self._told = 0
        self._held, self._shown = [], ""
        self._keep(text)

    async def add(self, text: str) -> None:
        """Take the next words. (The LanguageModel port's OnText.)"""
        if self._begun is not None:
            begun, self._begun = self._begun, None
            begun(self)
        self._keep(text)

    def close(self) -> None:
        """Nothing more comes: nothing is held back any more."""
        self.closed = True

    def piece(self, *, whole: bool) -> Piece | None:
        """What is new since the last piece, or with `whole` everything; None where there is nothing to tell."""
        self._release()
        anew = self._told_take != self._take
        if anew and not self._shown and not self._told_take:
            return None
        start = 0 if whole or anew else self._told
        text = self._shown[start:]
        if not text and not anew:
            return None
        self._told, self._told_take = len(self._shown), self._take
        return Piece(
            step=self._step, agent=self._agent, claim=self._claim, take=self._take, start=start, text=text
        )

    def _keep(self, text: str) -> None:
        text = text[: MOST_CHARACTERS - self._length]
        if text:
            self._length += len(text)
            self._held.append(text)

    def _release(self) -> None:
        if self._held:
            text, rest = self._known.released("".join(self._held), more=not self.closed)
            self._held = [rest] if rest else []
            # A pair of surrogates that a server has cut in two can't be sent anywhere.
            self._shown += text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
