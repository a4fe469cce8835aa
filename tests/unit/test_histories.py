"""What was said before is read once for all steps of a delegation, and again only where that failed."""

from __future__ import annotations

import asyncio
from datetime import datetime

import pytest

from core.errors import StoreUnavailable
from core.histories import Histories
from core.memory.store import InMemoryStore
from core.models import Address, Delegation, Exchange
from tests.contracts.samples import accepted


class Counted(InMemoryStore):
    reads = 0

    async def conversation(self, address: Address, *, before: datetime, limit: int) -> tuple[Exchange, ...]:
        self.reads += 1
        return await super().conversation(address, before=before, limit=limit)


@pytest.fixture
def store() -> Counted:
    return Counted()


async def delegation(store: Counted, name: str) -> Delegation:
    await accepted(store, name)
    return await store.load(name)


async def test_steps_that_begin_together_read_it_once(store: Counted) -> None:
    one, histories = await delegation(store, "d1"), Histories(store)
    first = asyncio.create_task(histories.of(one))
    others = [asyncio.create_task(histories.of(one)) for _ in range(2)]
    await asyncio.sleep(0)
    # Whoever asked first may be cancelled: the others get theirs all the same.
    first.cancel()
    assert await asyncio.gather(*others) == [(), ()]
    assert store.reads == 1


async def test_a_read_that_failed_is_made_again(store: Counted) -> None:
    one, histories = await delegation(store, "d1"), Histories(store)
    store.available = False
    with pytest.raises(StoreUnavailable):
        await histories.of(one)
    store.available = True
    assert await histories.of(one) == ()


async def test_what_was_read_along_with_the_delegation_is_not_read_again(store: Counted) -> None:
    one, histories = await delegation(store, "d1"), Histories(store)
    said = Exchange(instruction="before", answer="said", at=one.received_at)
    histories.know(one, (said,))
    assert await histories.of(one) == (said,)
    assert store.reads == 0


async def test_only_so_many_are_kept(store: Counted) -> None:
    several = [await delegation(store, f"d{n}") for n in range(3)]
    histories = Histories(store, kept=2)
    for one in (*several, several[0], several[2]):
        await histories.of(one)
    assert store.reads == 4
