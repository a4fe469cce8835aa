"""Who may come in: what strangers are told, and those who bring a code."""

from __future__ import annotations

STRANGER = (
    "This FlowMate works for a team. Ask whoever runs it for a pairing code (`flowmate pair`), and send it here as "
    "`/start CODE`."
)
WELCOME = "You are in."
WRONG_CODE = "That code is wrong, was used already or is too old; ask for a new one."


def welcome(help_text: str) -> str:
    """For somebody who has just been let in."""
    return f"{WELCOME}\n\n{help_text}"
