"""A planner that is built when the first plan is wanted."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from core.models import Plan
from core.ports.planner import Planner, PlanRequest


class PlannerOnDemand:
    """For a process that seldom plans: the planner and the tools it asks are built when the first plan is wanted."""

    def __init__(self, build: Callable[[], Planner]) -> None:
        self._build = build
        self._planner: Planner | None = None

    async def plan(self, request: PlanRequest) -> Plan:
        return await (await self._built()).plan(request)

    async def learn(self, request: PlanRequest) -> None:
        await (await self._built()).learn(request)

    async def _built(self) -> Planner:
        if self._planner is None:
            self._planner = await asyncio.to_thread(self._build)
        return self._planner
