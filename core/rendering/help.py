"""What FlowMate can do: the same text for `/flowmate help`, `/help` and "help", in whatever chat it is asked."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from core.rendering.grammar import shortened

SHOWN_AGENTS = 40
SENTENCE_CHARACTERS = 200
"""People make agents as they like, and help has to fit into one message."""
NO_AGENTS = "There are no agents that you may use yet."
INTRODUCTION = (
    "Write what you want in plain words; several things at once are fine, and one answer comes back."
)
AGENTS = "These agents work for you:"
OWN_AGENTS = "`agent new` makes one of your own; `agent list` shows all."
COMMANDS = {
    "flowmate": "ask FlowMate something",
    "agents": "who can do what",
    "schedules": "what comes again",
    "integrations": "what is connected, and how to connect more",
    "cancel": "stop what is running",
    "help": "what FlowMate can do",
}
"""What each command of a chat does, wherever it has that command."""
EXAMPLES = (
    "what is 15% of 320 and what time is it in Tokyo",
    "create backup",
    "every weekday at 9 what time is it in Tokyo",
)


class Described(Protocol):
    """An agent, as far as help goes."""

    @property
    def name(self) -> str: ...

    @property
    def description(self) -> str: ...


def help_text(agents: Sequence[Described]) -> str:
    """How to ask, who can do what, and how to have it again. Markdown."""
    if not agents:
        return NO_AGENTS
    together, single, recurring = EXAMPLES
    lines = [
        f"{INTRODUCTION} {AGENTS}",
        "",
        capabilities(agents, most=SHOWN_AGENTS),
        "",
        f'For example: "{together}", or "{single}".',
        f'For a schedule, say when: "{recurring}". "list schedules" shows those that there are.',
        '"integrations" shows which services are connected, "connect" how to connect more.',
        f"To choose an agent yourself, begin with its name: `@{agents[0].name} …`. {OWN_AGENTS}",
    ]
    return "\n".join(lines)


def capabilities(agents: Sequence[Described], *, most: int | None = None) -> str:
    """What these agents do, one line each, of at most so many."""
    if not agents:
        return NO_AGENTS
    shown = agents[:most]
    lines = [f"- **{agent.name}**: {_in_short(agent.description)}" for agent in shown]
    if len(agents) > len(shown):
        lines.append(f"- and {len(agents) - len(shown)} more")
    return "\n".join(lines)


def _in_short(description: str) -> str:
    """As many whole sentences as there is room for; of a first one that is longer alone, its beginning."""
    first, *others = " ".join(description.split()).split(". ")
    said = first
    for sentence in others:
        if len(said) + len(sentence) + 3 > SENTENCE_CHARACTERS:
            return shortened(f"{said}.", SENTENCE_CHARACTERS)
        said = f"{said}. {sentence}"
    return shortened(said, SENTENCE_CHARACTERS)
