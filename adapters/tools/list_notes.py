"""Lists the workspace's newest notes."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from adapters.text.notes import listing, words_to_find
from adapters.text.notes_shown import shown
from adapters.text.words import own_words
from adapters.tools import ToolParts
from core.models import Task
from core.ports.notes import Notes
from core.ports.tool import Effect, ToolOutput

USUAL = 20


class NewestNotes(BaseModel):
    """How many notes."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    limit: int = Field(USUAL, ge=1, le=50, description="how many of the newest notes")


class ListNotes:
    """Lists notes; their text may hold what others wrote, so it is untrusted."""

    name: str = "list_notes"
    description: str = "Lists this workspace's newest notes."
    arguments: type[NewestNotes] = NewestNotes
    effect: Effect = Effect.READ
    untrusted: bool = True
    integration: str | None = None

    def __init__(self, notes: Notes) -> None:
        self._notes = notes

    def parse(self, task: Task) -> NewestNotes | None:
        text = own_words(task)
        count = listing(text)
        if count is None or words_to_find(text) is not None:
            return None
        return NewestNotes(limit=min(max(count, 1), 50) if count else USUAL)

    def named_by(self, arguments: NewestNotes) -> tuple[str, ...]:
        return ()

    async def run(self, arguments: NewestNotes, *, task: Task, idempotency_key: str) -> ToolOutput:
        found = await self._notes.recent(task.workspace, limit=arguments.limit)
        if not found:
            return ToolOutput(text='There are no notes yet. Say "note: …" to save one.')
        total = await self._notes.count(task.workspace)
        head = f"{total:,} {'note' if total == 1 else 'notes'}" + (
            f", the newest {len(found)}:" if total > len(found) else ":"
        )
        return ToolOutput(text=f"{head}\n{shown(found, zone=task.zone)}")


def build(parts: ToolParts) -> ListNotes:
    return ListNotes(parts.notes)
