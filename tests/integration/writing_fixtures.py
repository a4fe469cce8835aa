"""The fixture around the writing bench; a module names this in its `pytest_plugins`, and runs in the session's loop."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest_asyncio

from tests.integration.writing_bench import Desk, desk_of


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def desk() -> AsyncIterator[Desk]:
    """One for a module: a process has one place for what its jobs use, so none is left beside another."""
    async with desk_of() as shared:
        yield shared
