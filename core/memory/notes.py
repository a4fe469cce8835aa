"""Notes in memory."""

from __future__ import annotations

import unicodedata

from core.ports.clock import Clock
from core.ports.notes import Note


class InMemoryNotes:
    """The Notes port in this process."""

    def __init__(self, *, clock: Clock) -> None:
        self._clock = clock
        self._notes: dict[str, dict[str, Note]] = {}
        """Workspace → key → note, oldest first."""

    async def save(self, workspace: str, *, text: str, author: str, key: str) -> Note:
        notes = self._notes.setdefault(workspace, {})
        if key not in notes:
            notes[key] = Note(number=len(notes) + 1, text=text, author=author, at=self._clock.now())
        return notes[key]

    async def find(self, workspace: str, *, words: str, limit: int = 20) -> tuple[Note, ...]:
        wanted = _fold(words).split()
        found = [note for note in self._newest(workspace) if all(w in _fold(note.text) for w in wanted)]
        return tuple(found[:limit])

    async def recent(self, workspace: str, *, limit: int = 20) -> tuple[Note, ...]:
        return tuple(self._newest(workspace)[:limit])

    async def count(self, workspace: str) -> int:
        return len(self._notes.get(workspace, {}))

    def _newest(self, workspace: str) -> list[Note]:
        return list(reversed(self._notes.get(workspace, {}).values()))


def _fold(text: str) -> str:
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return "".join(character for character in decomposed if not unicodedata.combining(character)).casefold()
