"""Fixtures around the HTTP harness; a module names this one in its `pytest_plugins`, and runs in the session's loop."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest
import pytest_asyncio

from tests.integration.http_harness import PLANS, Service, fresh


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def shared_service() -> AsyncIterator[Service]:
    """One service for every test that changes nothing about it."""
    async with fresh() as service:
        # The first plan of a process holds the loop up for a second or more, for which no test is to blame.
        await service.post(PLANS, {"instruction": "what is 2+2"})
        yield service


@pytest.fixture
def service(shared_service: Service) -> Iterator[Service]:
    """The shared service, its lever in order."""
    yield shared_service
    shared_service.lever.broken = False
    shared_service.lever.free.set()
