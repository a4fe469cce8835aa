"""Whatever breaks once, and wherever, there is one answer in the end."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from core.errors import (
    MessengerUnavailable,
    QueueUnavailable,
    StoreUnavailable,
    TransientError,
)
from core.memory.job_queue import InMemoryJobQueue
from core.memory.messenger import InMemoryMessenger
from core.memory.store import InMemoryStore
from core.models import DelegationState, Status
from core.policies import CHECK_SECONDS
from core.ports.job_queue import Job, JobQueue
from core.ports.messenger import Messenger
from core.ports.store import Store
from tests.scenarios.world import World

ONE = "@one count"
LOST = MessengerUnavailable("The answer was lost.")
PLACES = {
    "store": StoreUnavailable(),
    "queue": QueueUnavailable(),
    "messenger": LOST,
}


PORTS: dict[type, type] = {InMemoryStore: Store, InMemoryJobQueue: JobQueue, InMemoryMessenger: Messenger}


async def settle_for(world: World, *, seconds: int, run: Callable[[Job], Any] | None = None) -> None:
    """Let time pass, with a sweep every ten seconds."""
    for _ in range(seconds // 10):
        await world.clock.advance(10)
        await world.reconciler.sweep()
        await world.queue.run_all(run or world.work)
        await world.delivery.drain()


class Fault:
    """Makes the `at`-th call of a port fail, before or after it did what it was asked to."""

    def __init__(self, port: Any, *, at: int, error: BaseException, applied: bool) -> None:
        self.calls = 0
        for name in dir(PORTS[type(port)]):
            method = getattr(port, name, None)
            if not name.startswith("_") and asyncio.iscoroutinefunction(method):
                setattr(port, name, self._failing(method, at=at, error=error, applied=applied))

    def _failing(self, method: Any, *, at: int, error: BaseException, applied: bool) -> Any:
        async def call(*positional: Any, **named: Any) -> Any:
            self.calls += 1
            if self.calls != at:
                return await method(*positional, **named)
            if applied:
                await method(*positional, **named)
            raise error

        return call


@pytest.mark.parametrize("applied", [True, False], ids=["applied", "not applied"])
@pytest.mark.parametrize("place", PLACES)
async def test_any_single_failure_leaves_one_answer(place: str, applied: bool) -> None:
    """Each call of a port fails in turn; jobs that break are lost, as a worker records them."""
    at = 0
    while True:
        at += 1
        world = World()
        delegation_id = await world.receive("@one count then @two sing")
        port = getattr(world, place)
        fault = Fault(port, at=at, error=PLACES[place], applied=applied)

        async def work(job: Job, world: World = world) -> None:
            try:
                await world.work(job)
            except TransientError:
                world.queue.lose(job.id)

        await world.queue.run_all(work)
        await world.delivery.drain()
        if fault.calls < at:
            break
        for _ in range(16):
            await world.clock.advance(10)
            try:
                await world.reconciler.sweep()
            except TransientError:
                continue
            await world.queue.run_all(work)
            await world.delivery.drain()
        delegation = await world.store.load(delegation_id)
        assert delegation.status is Status.SUCCESS, (place, at)
        assert delegation.state is DelegationState.DELIVERED, (place, at)
        assert delegation.reply is not None
        assert world.messenger.texts() == [delegation.reply.text], (place, at)
    assert at > 2


@pytest.mark.parametrize("place", PLACES)
async def test_a_job_that_is_cut_off_at_any_call_leaves_one_answer(place: str) -> None:
    """A worker that stops or runs into a time limit cancels its jobs, wherever they are."""
    at = 0
    while True:
        at += 1
        world = World()
        delegation_id = await world.receive("@one count then @two sing")
        fault = Fault(getattr(world, place), at=at, error=asyncio.CancelledError(), applied=True)

        async def work(job: Job, world: World = world) -> None:
            try:
                await world.work(job)
            except asyncio.CancelledError:
                world.queue.lose(job.id)

        await world.queue.run_all(work)
        await world.delivery.drain()
        if fault.calls < at:
            break
        await settle_for(world, seconds=160, run=work)
        delegation = await world.store.load(delegation_id)
        assert delegation.status is Status.SUCCESS, (place, at)
        assert delegation.reply is not None
        assert world.messenger.texts() == [delegation.reply.text], (place, at)
    assert at > 2


async def test_a_bug_in_planning_is_one_sentence_and_no_endless_loop(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World()

    async def broken(request: object) -> object:
        raise RuntimeError("secret internals")

    monkeypatch.setattr(world.coordinator._parts.planner, "plan", broken)
    delegation = await world.ask(ONE)
    assert delegation.state is DelegationState.DELIVERED
    assert delegation.status is Status.FAILED
    [text] = world.messenger.texts()
    assert (
        text
        == f"Something went wrong while that was planned; ask again, please (reference {delegation.id[:8]})."
    )


async def test_planning_that_never_ends_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World()

    async def hanging(request: object) -> object:
        return await asyncio.Event().wait()

    monkeypatch.setattr("core.planning_stage.PLANNING_SECONDS", 0.05)
    monkeypatch.setattr(world.coordinator._parts.planner, "plan", hanging)
    delegation = await asyncio.wait_for(world.ask(ONE), timeout=10)
    assert delegation.status is Status.FAILED
    assert "while that was planned" in world.messenger.texts()[0]


async def test_a_row_that_can_not_be_read_does_not_stop_the_sweep(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World()
    poison = await world.receive(ONE)
    await world.clock.advance(1)
    healthy = await world.receive(ONE)
    world.queue.lose_all()
    load = world.store.load

    async def picky(delegation_id: str) -> Any:
        if delegation_id == poison:
            raise ValueError("no such state")
        return await load(delegation_id)

    monkeypatch.setattr(world.store, "load", picky)
    await settle_for(world, seconds=60)
    assert (await load(healthy)).state is DelegationState.DELIVERED
    # The broken one waits its turn instead of standing at the head of every sweep.
    assert await world.store.to_check(now=world.clock.now(), limit=10) == ()


async def test_renewing_goes_on_after_an_error_that_nobody_foresaw(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World(clock=type(World().clock)())
    renewed = asyncio.Event()
    failures = [RuntimeError("once")]

    async def renew() -> None:
        if failures:
            raise failures.pop()
        renewed.set()

    monkeypatch.setattr(world.leases, "renew", renew)
    task = asyncio.create_task(world.leases.run())
    for _ in range(3):
        await asyncio.sleep(0)
        await world.clock.advance(10)
    await asyncio.wait_for(renewed.wait(), timeout=5)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_a_clock_that_was_an_hour_ahead_leaves_nothing_waiting_for_an_hour() -> None:
    world = World()
    delegation_id = await world.receive("@one count")
    await world.queue.run_next(world.work)
    # What was written while the clock was wrong; then the queue lost its jobs.
    (step,) = (await world.store.load(delegation_id)).steps
    ahead = world.clock.now() + timedelta(hours=1)
    await world.store.claim_step(step.id, now=ahead, lease_until=ahead + timedelta(seconds=30))
    world.queue.lose_all()
    assert await world.reconciler.sweep() == 0, "a living worker has time to renew its lease first"
    await world.clock.advance(CHECK_SECONDS + 1)
    assert await world.reconciler.sweep() == 1
    await world.settle()
    assert "one_tool did count" in world.messenger.texts()[0]
