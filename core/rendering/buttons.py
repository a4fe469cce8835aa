"""What stands on the buttons."""

from __future__ import annotations

from core.models import Action

LABELS: dict[Action, str] = {
    "cancel": "Cancel",
    "retry": "Try again",
    "schedule": "Make this a schedule",
    "approve": "Approve",
    "always": "Always for this run",
    "deny": "Deny",
    "save": "Save",
    "discard": "Discard",
    "pause": "Pause",
    "resume": "Resume",
    "run": "Run now",
    "delete": "Delete",
}


def numbered(action: Action, number: int) -> str:
    """The label where one of several is meant."""
    return f"{LABELS[action]} {number}"
