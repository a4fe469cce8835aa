"""A process of its own that writes into a database: `python -m tests.contracts.database_writer URL NAME COUNT`."""

from __future__ import annotations

import asyncio
import sys

from adapters.sql.database import Database
from adapters.sql.store import SqlStore
from core.models import Event, EventKind
from tests.contracts.samples import NOW, instruction

SHARED = "shared"


async def write(url: str, name: str, count: int) -> None:
    """Make delegations of its own and append to one that all processes share, many at a time."""
    store = SqlStore(Database(url))
    many = asyncio.Semaphore(10)

    async def one(number: int) -> None:
        async with many:
            asked = instruction(key=f"{name}-{number}")
            await store.accept(asked, delegation_id=f"{name}-{number}", now=NOW)
            data = {"writer": name, "number": number}
            await store.append(Event(delegation_id=SHARED, kind=EventKind.STEP_TOOL, at=NOW, data=data))
            await store.load(SHARED)

    try:
        await asyncio.gather(*(one(number) for number in range(count)))
    finally:
        await store.aclose()


if __name__ == "__main__":
    asyncio.run(write(sys.argv[1], sys.argv[2], int(sys.argv[3])))
