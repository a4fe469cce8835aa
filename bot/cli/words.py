"""An answer's words while they are written, below the agents' lines."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from rich.console import Console, Group, RenderableType
from rich.text import Text

from bot.readout import printable

FEWEST_LINES = 3
MOST_LINES = 12
"""What is on its way is only looked at; the answer is read."""


@dataclass
class _Step:
    agent: str
    text: str = ""


class Words:
    """What was heard so far, by step."""

    def __init__(self) -> None:
        self._steps: dict[int, _Step] = {}

    def hear(self, data: dict[str, Any]) -> None:
        """Take one piece in: it goes on where the one before it ended, or begins anew."""
        index, start, text = data.get("step"), data.get("from"), data.get("text")
        if not (isinstance(index, int) and isinstance(start, int) and isinstance(text, str)):
            return
        step = self._steps.setdefault(index, _Step(str(data.get("agent", "?"))))
        step.text = step.text[:start] + text

    def shown(self, console: Console, *, beside: int) -> RenderableType | None:
        """The last lines of each, as plain text; `beside` are the other lines on the screen. None without words."""
        steps = [step for step in self._steps.values() if step.text.strip()]
        if not steps:
            return None
        room = min(MOST_LINES, (console.height - beside - 2) // len(steps) - 1)
        parts: list[RenderableType] = []
        for step in steps:
            if len(self._steps) > 1:
                parts.append(Text(printable(step.agent), style="bold"))
            parts += _last_lines(step.text, console, count=max(FEWEST_LINES, room))
        return Group(Text(""), *parts)


def _last_lines(text: str, console: Console, *, count: int) -> list[Text]:
    # More than can be shown is not wrapped: it would be again and again, ten times a second.
    recent = printable(text[-count * console.width :].strip())
    return list(Text(recent, style="dim").wrap(console, console.width))[-count:]
