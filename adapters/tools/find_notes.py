"""Finds notes of the workspace by their words."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from adapters.text.markdown import line
from adapters.text.notes import key_words, listing, note_to_save, words_to_find
from adapters.text.notes_shown import shown
from adapters.text.recalls import searched, whole_question
from adapters.text.words import asks_twice, chosen_by_hand, readable
from adapters.tools import ToolParts
from core.models import Task
from core.ports.notes import Notes
from core.ports.tool import Effect, ToolOutput
from core.rendering.grammar import counted


class WantedNotes(BaseModel):
    """Which notes."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    words: str = Field(min_length=1, max_length=200, description="words that the notes must all hold")
    limit: int = Field(20, ge=1, le=50, description="how many at most")


class FindNotes:
    """Finds notes; their text may hold what others wrote, so it is untrusted."""

    name: str = "find_notes"
    description: str = "Finds this workspace's notes that hold all the given words."
    arguments: type[WantedNotes] = WantedNotes
    effect: Effect = Effect.READ
    untrusted: bool = True
    integration: str | None = None

    def __init__(self, notes: Notes) -> None:
        self._notes = notes

    def parse(self, task: Task) -> WantedNotes | None:
        text = whole_question(task)
        words = words_to_find(text)
        if words is None and chosen_by_hand(task, "note") and listing(text) is None:
            words = _asked_of_the_agent(text)
        return WantedNotes(words=words[:200]) if words else None

    def named_by(self, arguments: WantedNotes) -> tuple[str, ...]:
        return ()

    async def run(self, arguments: WantedNotes, *, task: Task, idempotency_key: str) -> ToolOutput:
        found = await self._notes.find(task.workspace, words=arguments.words, limit=arguments.limit)
        words = line(arguments.words, limit=80)
        if not found:
            return ToolOutput(text=f'No note holds "{words}".')
        holding = counted(len(found), "{count} note holds", "{count} notes hold")
        return ToolOutput(text=f'{holding} "{words}":\n{shown(found, zone=task.zone)}')


def _asked_of_the_agent(text: str) -> str | None:
    """The words of a search or of any question, said to an agent by its name."""
    if note_to_save(text) is not None:
        return None
    wanted = searched(text)
    if wanted is None or asks_twice("x" + wanted):
        wanted = readable(text) if readable(text).endswith("?") else None
    return None if wanted is None else key_words(wanted)


def build(parts: ToolParts) -> FindNotes:
    return FindNotes(parts.notes)
