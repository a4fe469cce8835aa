"""Fixtures around the HTTP harness; a module names this one in its `pytest_plugins`, and runs in the session's loop."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest_asyncio
from sqlalchemy import Connection, delete, select

from adapters.operator import PLATFORM
from adapters.sql.agent_tables import made_agents
from adapters.sql.schedule_tables import schedules, slots
from tests.integration.http_harness import PLANS, Service, fresh


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def shared_service() -> AsyncIterator[Service]:
    """One service for every test that changes nothing about it."""
    async with fresh() as service:
        # The first plan of a process holds the loop up for a second or more, for which no test is to blame.
        await service.post(PLANS, {"instruction": "what is 2+2"})
        yield service


@pytest_asyncio.fixture(loop_scope="session")
async def service(shared_service: Service) -> AsyncIterator[Service]:
    """The shared service. Its lever is in order afterwards, and nobody's schedule or agent is left for other tests."""
    yield shared_service
    shared_service.lever.broken = False
    shared_service.lever.free.set()
    for name in await shared_service.assembly.database.write(_forget):
        await shared_service.call("DELETE", f"/api/v1/agents/{name}")


def _forget(c: Connection) -> list[str]:
    """Schedules at once; returns the agents that are left, whose end more than the database hears of."""
    c.execute(delete(slots))
    c.execute(delete(schedules))
    left = select(made_agents.c.name).where(
        made_agents.c.platform == PLATFORM, made_agents.c.deleted_at.is_(None)
    )
    return list(c.execute(left).scalars())
