"""Pictures of numbers."""

from __future__ import annotations

from typing import Protocol

from core.models import Artifact
from core.ports.budgets import By, Spending


class Charts(Protocol):
    """Draws charts into files."""

    async def spending(self, spending: Spending, *, by: By, key: str) -> Artifact:
        """Tokens and cost by day, and who took most. The same `key` draws the same file again.

        Raises ToolFailed where it can't be drawn.
        """
        ...
