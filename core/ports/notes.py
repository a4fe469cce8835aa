"""A workspace's notes."""

from __future__ import annotations

from typing import Protocol

from pydantic import AwareDatetime

from core.models import Frozen


class Note(Frozen):
    """Something the workspace wanted to remember; `number` counts from 1 within the workspace."""

    number: int
    text: str
    author: str
    at: AwareDatetime


class Notes(Protocol):
    """Notes never cross from one workspace to another. Every method raises StoreUnavailable."""

    async def save(self, workspace: str, *, text: str, author: str, key: str) -> Note:
        """Save a note; the same `key` again returns the first one. Safe to repeat."""
        ...

    async def find(self, workspace: str, *, words: str, limit: int = 20) -> tuple[Note, ...]:
        """Notes that hold all the words (case and accents aside), newest first."""
        ...

    async def recent(self, workspace: str, *, limit: int = 20) -> tuple[Note, ...]:
        """The newest notes, newest first."""
        ...

    async def count(self, workspace: str) -> int: ...
