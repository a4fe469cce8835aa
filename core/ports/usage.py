"""What a workspace used, for reports."""

from __future__ import annotations

from datetime import date, datetime
from typing import Protocol

from core.models import Frozen


class Day(Frozen):
    """One day of a workspace, in the asker's zone."""

    day: date
    delegations: int = 0
    succeeded: int = 0
    partial: int = 0
    failed: int = 0
    cancelled: int = 0
    total_ms: int = 0
    """From received to answered, over all that were answered."""
    input_tokens: int = 0
    output_tokens: int = 0
    cost_usd: float = 0.0
    unpriced: int = 0
    """How many delegations used a model whose price is not known."""


class AgentUse(Frozen):
    """What one agent did."""

    agent: str
    steps: int = 0
    succeeded: int = 0
    total_ms: int = 0


class Use(Frozen):
    """A workspace's use: every day of the period, oldest first; agents by number of steps, most first."""

    days: tuple[Day, ...]
    agents: tuple[AgentUse, ...]


class UsageLog(Protocol):
    """Counts from the delegations themselves. Raises StoreUnavailable."""

    async def use(self, workspace: str, *, since: datetime, until: datetime, zone: str) -> Use:
        """What `platform:workspace` used in [since, until), by the days of this zone. Safe to repeat."""
        ...
