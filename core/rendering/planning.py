"""What is said where a plan has no steps: a greeting, or one question; and who planned where it has some."""

from __future__ import annotations

from collections.abc import Sequence

from core.rendering.grammar import listed, shortened
from core.rendering.help import NO_AGENTS, Described, capabilities

NAMED_AGENTS = 12
"""How many agents a sentence lists before it says that there are more."""
MORE_WITH_A_MODEL = 'With a language model I could do more: see "Connect a model" in the README.'
THANKED = "You're welcome."
NOTHING_TO_DO = "There is nothing to do in that message. What can I do for you?"
NOTHING_WOULD_RUN = "Nothing would run."
PLANNED_BY = {
    "explicit": "planned as you named it",
    "rules": "planned by rules",
    "model": "planned by the model",
}


def greeting(agents: Sequence[Described]) -> str:
    return f"Hello. Write what you want in plain words. I can help with:\n{capabilities(agents, most=NAMED_AGENTS)}"


def nothing_fits(agents: Sequence[Described], *, with_model: bool = True) -> str:
    """What can be done instead, and what would make it more."""
    said = f"I can't do that. I can help with:\n{capabilities(agents, most=NAMED_AGENTS)}"
    return said if with_model else f"{said}\n\n{MORE_WITH_A_MODEL}"


def rules_alone(reason: str, *, found: str) -> str:
    """What the rules say where the model should have planned, and why it did not."""
    return f"{reason} Only the rules looked at this, and they say:\n\n{found}"


def not_understood(part: str) -> str:
    return (
        f'I can\'t do this part: "{_said(part)}". Nothing has run. '
        "Can you put it in other words, or send the rest without it?"
    )


def too_many(limit: int) -> str:
    return f"That is more than {limit} tasks. Can you split it into several messages?"


def unknown_agent(name: str, *, agents: Sequence[str], meant: str = "") -> str:
    """Which agents there are instead, and which of them was probably meant."""
    sentences = [f"There is no agent called {_said(name, 40)}."]
    if meant:
        sentences.append(f"Do you mean {meant}?")
    if not agents:
        sentences.append(NO_AGENTS)
    elif len(agents) > NAMED_AGENTS:
        sentences.append(f"The agents are {', '.join(agents[:NAMED_AGENTS])} and more.")
    else:
        sentences.append(f"The agents are {listed(agents)}.")
    return " ".join(sentences)


def _said(text: str, most: int = 80) -> str:
    return shortened(text.replace("`", "'"), most)
