"""A usage log in memory."""

from __future__ import annotations

from datetime import datetime

from core.ports.usage import Use


class InMemoryUsageLog:
    """The UsageLog port: gives whatever it was told to give."""

    def __init__(self, use: Use | None = None) -> None:
        self._use = use or Use(days=(), agents=())

    async def use(self, workspace: str, *, since: datetime, until: datetime, zone: str) -> Use:
        return self._use
