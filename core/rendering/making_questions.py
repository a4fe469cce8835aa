"""What is asked for when somebody makes an agent: in a form, or question by question."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from core.rendering.grammar import listed, shortened

NAME = "Name"
NAME_HINT = "Small letters, digits and dashes. It is asked with @name."
DOES = "What it does"
DOES_HINT = "One sentence. It says which instructions are for this agent."
TOLD = "What it is told"
TOLD_HINT = "How to go about it, what the answer looks like. Without it, what it does has to do."
TOOLS = "Tools"
SERVICES = "Connected services"
WHO = "Who may use it"
WHO_MAY = {"me": "Only me", "workspace": "Everyone here"}
FORM_TITLE = "New agent"
FORM_SUBMIT = "Make it"
CANCELLED = "Stopped; no agent was made."
TO_STOP = 'Write "cancel" to stop.'
HINT_CHARACTERS = 300

Services = Mapping[str, Sequence[str]]
"""By tool, the connected services that it may use."""


def services_hint(services: Services) -> str:
    return shortened(f"Needed by some tools: {_uses(services)}.", HINT_CHARACTERS)


def no_such_service(name: str, services: Services) -> str:
    return f"No connected service called {name[:40]} is of use to these tools: {_uses(services)}."


def question(
    field: str, *, name: str, tools: Sequence[str], services: Services | None = None, problem: str = ""
) -> str:
    """What is asked next, below what was wrong with the last reply."""
    asked = {
        "name": "What shall the agent be called? Small letters, digits and dashes: weekly-news, for example.",
        "description": f"What does {name} do? One sentence; it says which instructions are for this agent.",
        "system_prompt": (
            f"What shall {name} be told: how to go about it, what the answer looks like? "
            '"skip" leaves it at what it does.'
        ),
        "tools": f'Which tools may {name} use? There are {listed(tools)}. "skip" for none.',
        "integrations": f'Which connected services may {name} use? {_uses(services or {})}. "skip" for none.',
    }
    return "\n\n".join(part for part in (problem, f"{asked[field]} {TO_STOP}") if part)


def _uses(services: Services) -> str:
    """ "send_email can use office or private"."""
    return "; ".join(f"{tool} can use {' or '.join(names)}" for tool, names in services.items())
