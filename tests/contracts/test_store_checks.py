"""The Store port on what is looked at again: lists, checks and dispatch generations, over every implementation."""

from __future__ import annotations

from core.policies import CHECK_SECONDS
from core.ports.store import Store
from tests.contracts.samples import HERE, accepted, answered, at, claimed, planned


async def test_recent_lists_a_workspace_newest_first_without_steps(store: Store) -> None:
    await planned(store, "d1")
    await accepted(store, "d2", now=at(10))
    await accepted(store, "d3", now=at(20))
    await accepted(store, "else", now=at(30), address=HERE.model_copy(update={"workspace": "W2"}))
    assert [d.id for d in await store.recent(workspace="W1")] == ["d3", "d2", "d1"]
    assert [d.id for d in await store.recent(workspace="W1", limit=1)] == ["d3"]
    (oldest,) = await store.recent(workspace="W1", before=at(10))
    assert (oldest.id, oldest.steps) == ("d1", ())


async def test_redispatch_raises_the_generations_that_it_names(store: Store) -> None:
    first, second = await planned(store)
    await store.redispatch("d1", step_ids=[second.id], stage=False, now=at(5))
    read = await store.load("d1")
    assert [read.generation, *(step.generation for step in read.steps)] == [0, 0, 1]
    assert read.check_at == at(5 + CHECK_SECONDS)
    await store.redispatch("d1", step_ids=[], stage=True, now=at(6))
    read = await store.load("d1")
    assert [read.generation, *(step.generation for step in read.steps)] == [1, 0, 1]
    assert first.generation == 0


async def test_what_waits_longest_is_checked_first(store: Store) -> None:
    for name, due in (("d1", 30), ("d2", 10), ("d3", 20), ("later", 99)):
        await accepted(store, name)
        await store.check_later(name, at=at(due))
    assert await store.to_check(now=at(30), limit=10) == ("d2", "d3", "d1")
    assert await store.to_check(now=at(30), limit=2) == ("d2", "d3")
    assert await store.to_check(now=at(9.9), limit=10) == ()


async def test_what_is_delivered_is_never_checked(store: Store) -> None:
    await answered(store)
    await store.mark_delivered("d1", round=0, now=at(1))
    await store.check_later("d1", at=at(2))
    await store.redispatch("d1", step_ids=[], stage=True, now=at(2))
    assert await store.to_check(now=at(1000), limit=10) == ()


async def test_a_released_step_is_checked_at_once(store: Store) -> None:
    first, _ = await planned(store)
    step = await claimed(store, first.id)
    assert await store.to_check(now=at(30), limit=10) == ()
    await store.release_step(first.id, token=step.token, now=at(5))
    assert await store.to_check(now=at(5), limit=10) == ("d1",)


async def test_the_store_answers(store: Store) -> None:
    await store.ping()
