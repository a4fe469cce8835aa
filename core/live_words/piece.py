"""What is told of an answer that is being written."""

from __future__ import annotations

from core.models import Frozen

WORDS = "step.words"
"""What a message with a piece is called among those with events."""


class Piece(Frozen):
    """Some of the words that one step is writing: plain text, without known secrets."""

    step: int
    """The step's place in the plan."""
    agent: str
    claim: int
    """The fencing token of whoever writes: after a crash somebody else does, under a higher one."""
    take: int
    """How often this claim has begun anew."""
    start: int
    """After how many characters of the take these come; at 0 everything that was told before is void."""
    text: str

    @property
    def version(self) -> tuple[int, int]:
        """Of two pieces of one step the one with the higher version counts."""
        return self.claim, self.take
