"""Fixtures around the HTTP harness; a module names this one in its `pytest_plugins`, and runs in the session's loop."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest
import pytest_asyncio

from tests.integration.http_harness import Service, fresh


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def shared_service() -> AsyncIterator[Service]:
    """One service for every test that changes nothing about it."""
    async with fresh() as service:
        yield service


@pytest.fixture
def service(shared_service: Service) -> Iterator[Service]:
    """The shared service, its lever in order."""
    yield shared_service
    shared_service.lever.broken = False
    shared_service.lever.free.set()
