"""Saves a note for the workspace."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from adapters.text.content import earlier, without_footer
from adapters.text.markdown import line, plain
from adapters.text.notes import listing, note_to_save, words_to_find
from adapters.text.politeness import without_politeness
from adapters.text.recalls import searched, whole_question
from adapters.text.words import chosen_by_hand, lines
from adapters.tools import ToolParts
from core.errors import ToolFailed
from core.models import Task
from core.ports.notes import Notes
from core.ports.tool import Effect, ToolOutput

MAX_CHARACTERS = 10_000
_ASKS = (
    "what",
    "where",
    "when",
    "which",
    "who",
    "how",
    "do",
    "does",
    "did",
    "is",
    "are",
    "find",
    "list",
    "show",
    "search",
)


class NewNote(BaseModel):
    """What to remember."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    text: str = Field(
        "",
        max_length=MAX_CHARACTERS,
        description="the note; empty: what the steps before gave, or the last answer",
    )


class SaveNote:
    """Saves a note; the same step again saves nothing new."""

    name: str = "save_note"
    description: str = "Saves a note for this workspace."
    arguments: type[NewNote] = NewNote
    effect: Effect = Effect.READ
    untrusted: bool = False
    integration: str | None = None

    def __init__(self, notes: Notes) -> None:
        self._notes = notes

    def parse(self, task: Task) -> NewNote | None:
        text = whole_question(task)
        found = note_to_save(text)
        if found is None and chosen_by_hand(task, "note"):
            found = _said_to_the_agent(text)
        return None if found is None else NewNote(text=found[:MAX_CHARACTERS])

    def named_by(self, arguments: NewNote) -> tuple[str, ...]:
        return ()

    def as_asked(self, arguments: NewNote, *, task: Task) -> bool:
        said = _flat(arguments.text)
        whole = (earlier(task), *(step.output for step in task.upstream))
        return said in _flat(task.instruction) or said in map(_flat, whole)

    async def run(self, arguments: NewNote, *, task: Task, idempotency_key: str) -> ToolOutput:
        text = without_footer(arguments.text)
        own = bool(text) and text in lines(task.instruction)
        if not own:
            text = plain(text or earlier(task))
        if not text:
            raise ToolFailed("What should I note?")
        note = await self._notes.save(
            task.workspace,
            text=text[:MAX_CHARACTERS],
            author=task.person.name or task.person.id,
            key=idempotency_key,
        )
        return ToolOutput(
            text=f"Saved as note **{note.number}**."
            if len(text) > 200
            else f"Saved as note **{note.number}**: {text if own else line(text)}"
        )


def build(parts: ToolParts) -> SaveNote:
    return SaveNote(parts.notes)


def _flat(text: str) -> str:
    return " ".join(without_footer(text).split()).casefold()


def _said_to_the_agent(text: str) -> str | None:
    """Anything that is said to an agent by its name and asks nothing is what to note."""
    if any(found is not None for found in (listing(text), words_to_find(text), searched(text))):
        return None
    said = without_politeness(lines(text))
    asks = said.endswith("?") or said.lower().split(" ", 1)[0] in _ASKS
    return said if said and not asks else None
