"""What the page shows, before it is HTML."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from core.models import Agent

SHOWN_TURNS = 30
SHOWN_CONVERSATIONS = 40


@dataclass(frozen=True)
class Turn:
    """One instruction with its answer, as it is shown."""

    id: str
    version: str
    """Changes with what is shown."""
    html: str
    answered: bool
    asks: bool
    """Whether something waits for a yes."""
    spoken: str
    """What a screen reader says when this comes in."""


@dataclass(frozen=True)
class Conversation:
    """What one page shows beside the list of conversations."""

    place: str
    turns: Sequence[Turn]
    earlier: str | None = None
    """From where the turns before these are read on."""
    agents: Sequence[Agent] = ()
    """Who can be asked; shown where nothing was said yet."""
