"""Fixtures around the HTTP harness; a module names this one in its `pytest_plugins`, and runs in the session's loop."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest_asyncio
from sqlalchemy import Connection, delete, select

from adapters.operator import PLATFORM
from adapters.sql.agent_tables import made_agents
from adapters.sql.schedule_tables import schedules, slots
from adapters.sql.tables import delegations
from core.models import DelegationState
from tests.integration.http_harness import PLANS, Service, fresh
from tests.services.waiting import eventually


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def shared_service() -> AsyncIterator[Service]:
    """One service for every test that changes nothing about it."""
    async with fresh() as service:
        # The first plan of a process takes up to a second, for which no test is to blame.
        await service.post(PLANS, {"instruction": "what is 2+2"})
        yield service


@pytest_asyncio.fixture(loop_scope="session")
async def service(shared_service: Service) -> AsyncIterator[Service]:
    """The shared service. No schedule, no agent and nothing that still pulls the lever is left for other tests."""
    yield shared_service
    shared_service.lever.broken = False
    shared_service.lever.free.set()
    database = shared_service.assembly.database
    await eventually(lambda: database.read(_lever_is_left_alone))
    for name in await database.write(_forget):
        await shared_service.call("DELETE", f"/api/v1/agents/{name}")


def _lever_is_left_alone(c: Connection) -> bool:
    open_ = (DelegationState.RECEIVED.value, DelegationState.PLANNED.value)
    pulling = select(delegations.c.id).where(
        delegations.c.state.in_(open_), delegations.c.text.contains("lever")
    )
    return c.execute(pulling.limit(1)).first() is None


def _forget(c: Connection) -> list[str]:
    """Schedules at once; returns the agents that are left, whose end more than the database hears of."""
    c.execute(delete(slots))
    c.execute(delete(schedules))
    left = select(made_agents.c.name).where(
        made_agents.c.platform == PLATFORM, made_agents.c.deleted_at.is_(None)
    )
    return list(c.execute(left).scalars())
