"""What an agent is told whose maker said only what it does."""

from __future__ import annotations

DEFAULT_PROMPT = """\
You are the {name} agent of a team's bot. What you do: {description}
Use your tools wherever they tell you something; say nothing that neither they nor the task gave you. Answer in short,
plain Markdown, and name the sources that you read."""


def default_prompt(name: str, description: str) -> str:
    return DEFAULT_PROMPT.format(name=name, description=description)
