"""The turn that ends a run is saved with the end of its step, over every implementation of the store."""

from __future__ import annotations

from adapters.sql.runs import SqlRuns
from adapters.sql.store import SqlStore
from core.memory.runs import InMemoryRuns
from core.memory.store import InMemoryStore
from core.models import StepState
from core.ports.language_model import ModelTurn
from core.ports.runs import LastTurn, Runs, SavedTurn
from core.ports.store import Store
from tests.contracts.samples import GOOD, LEASE, at, claimed, planned

TURN = ModelTurn(text="found")


def runs_beside(store: Store) -> Runs:
    if isinstance(store, InMemoryStore):
        store.runs = InMemoryRuns()
        return store.runs
    assert isinstance(store, SqlStore)
    return SqlRuns(store.database)


async def test_it_is_there_once_the_step_has_ended(store: Store) -> None:
    runs = runs_beside(store)
    first, _ = await planned(store)
    step = await claimed(store, first.id)
    last = LastTurn("run", 2, TURN)
    ended = await store.end_step(step.id, token=step.token, result=GOOD, now=at(1), last=last)
    assert ended is not None
    assert ended.steps[0].state is StepState.SUCCEEDED
    assert await runs.turns("run") == (SavedTurn(index=2, turn=TURN),)


async def test_it_was_paid_for_also_where_the_result_is_dropped(store: Store) -> None:
    runs = runs_beside(store)
    first, _ = await planned(store)
    stale = await claimed(store, first.id)
    late = at(LEASE.total_seconds() + 1)
    assert await store.claim_step(stale.id, now=late, lease_until=late + LEASE) is not None
    last = LastTurn("run", 0, TURN)
    assert await store.end_step(stale.id, token=stale.token, result=GOOD, now=late, last=last) is None
    assert (await store.load("d1")).steps[0].state is StepState.RUNNING
    assert await runs.turns("run") == (SavedTurn(index=0, turn=TURN),)


async def test_the_first_turn_of_an_index_stays(store: Store) -> None:
    runs = runs_beside(store)
    earlier = await runs.save_turn("run", 0, ModelTurn(text="earlier"))
    first, _ = await planned(store)
    step = await claimed(store, first.id)
    last = LastTurn("run", 0, TURN)
    assert await store.end_step(step.id, token=step.token, result=GOOD, now=at(1), last=last) is not None
    assert await runs.turns("run") == (SavedTurn(index=0, turn=earlier),)
