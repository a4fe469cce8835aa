"""Notes as a list for people."""

from __future__ import annotations

from collections.abc import Iterable
from zoneinfo import ZoneInfo

from adapters.text.markdown import line
from core.ports.notes import Note

MAX_LINE = 400


def shown(notes: Iterable[Note], *, zone: str) -> str:
    """One line a note: its number, its text, who wrote it and when."""
    return "\n".join(
        f"- **{note.number}** {line(note.text, limit=MAX_LINE)} ({line(note.author, limit=40)}, "
        f"{note.at.astimezone(ZoneInfo(zone)):%Y-%m-%d %H:%M})"
        for note in notes
    )
