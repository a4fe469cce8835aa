"""Two processes at the same delegation, at the worst moments."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest

from core.delivery import Delivery
from core.errors import MessengerUnavailable, StepFailed
from core.models import Delegation, DelegationState, Press, Reply, Status
from core.policies import status_of
from tests.scenarios.world import ADA, World

LOST = MessengerUnavailable("The answer was lost.")
ONE = "@one count"


def another_process(world: World) -> Delivery:
    return Delivery(
        store=world.store,
        messengers={"memory": world.messenger},
        limiter=world.limiter,
        events=world.events,
        clock=world.clock,
    )


async def answered(world: World, text: str = "the answer") -> Delegation:
    """A delegation whose answer is saved and stands nowhere yet."""
    delegation_id = await world.receive(ONE)
    await world.store.save_answer(
        delegation_id, round=0, status=Status.SUCCESS, reply=Reply(text=text), now=world.clock.now()
    )
    return await world.store.load(delegation_id)


def hold_first(
    world: World, monkeypatch: pytest.MonkeyPatch, action: str, *, where: Callable[[Reply], bool]
) -> tuple[asyncio.Event, asyncio.Event]:
    """Let the first such call wait: the events say that it has arrived, and let it go on."""
    arrived, gate = asyncio.Event(), asyncio.Event()
    call: Callable[..., Awaitable[object]] = getattr(world.messenger, action)

    async def held(*positional: object, **named: object) -> object:
        part = positional[-1]
        assert isinstance(part, Reply)
        if where(part) and not arrived.is_set():
            arrived.set()
            await gate.wait()
        return await call(*positional, **named)

    monkeypatch.setattr(world.messenger, action, held)
    return arrived, gate


def is_progress(part: Reply) -> bool:
    return part.text.startswith("On it")


async def test_a_placeholder_that_comes_after_the_answer_leaves_the_answer_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    world = World()
    delegation_id = await world.receive(ONE)
    arrived, gate = hold_first(world, monkeypatch, "post", where=is_progress)
    late = asyncio.create_task(world.delivery.placeholder(await world.store.load(delegation_id)))
    await arrived.wait()
    reply = Reply(text="the answer")
    now = world.clock.now()
    await world.store.save_answer(delegation_id, round=0, status=Status.SUCCESS, reply=reply, now=now)
    await another_process(world).deliver(delegation_id)
    gate.set()
    await late
    assert world.messenger.texts() == ["the answer"]


async def test_a_placeholder_that_is_begun_while_the_answer_goes_out_leaves_it_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    world = World()
    delegation = await answered(world)
    attempt = world.store.attempt_post

    async def once_the_answer_is_delivered(delegation_id: str, *, part: int) -> object:
        monkeypatch.undo()
        await another_process(world).deliver(delegation_id)
        return await attempt(delegation_id, part=part)

    monkeypatch.setattr(world.store, "attempt_post", once_the_answer_is_delivered)
    await world.delivery.placeholder(delegation)
    assert world.messenger.texts() == ["the answer"]


async def test_no_placeholder_is_posted_beside_one_that_is_just_being_posted() -> None:
    world = World()
    delegation = await world.store.load(await world.receive(ONE))
    await world.store.attempt_post(delegation.id, part=0)
    await world.delivery.placeholder(delegation)
    assert world.messenger.standing() == []


async def test_a_progress_edit_whose_answer_was_lost_does_not_stand_over_the_answer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    world = World()
    delegation_id = await world.receive(ONE)
    await world.queue.run_next(world.work)
    await world.delivery.drain()
    arrived, gate = hold_first(world, monkeypatch, "edit", where=is_progress)
    world.delivery.touch(delegation_id, platform="memory")
    await arrived.wait()
    reply = Reply(text="the answer")
    now = world.clock.now()
    await world.store.save_answer(delegation_id, round=0, status=Status.SUCCESS, reply=reply, now=now)
    await another_process(world).deliver(delegation_id)
    world.messenger.fail("edit", LOST, applied=True, times=2)
    gate.set()
    await world.delivery.drain()
    assert world.messenger.texts() == ["the answer"]


async def test_an_answer_of_an_earlier_round_never_stands_over_a_later_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    world = World()
    world.tool("one").acts = [lambda _: StepFailed("Not today.")]
    delegation_id = await world.receive(ONE)
    await world.queue.run_next(world.work)
    await world.delivery.drain()
    arrived, gate = hold_first(world, monkeypatch, "edit", where=lambda part: "Not today" in part.text)
    slow = asyncio.create_task(world.queue.run_next(world.work))
    await arrived.wait()
    world.delivery = another_process(world)
    await world.store.retry(delegation_id, by=ADA.id, now=world.clock.now())
    delegation = await world.store.load(delegation_id)
    step = delegation.steps[0]
    now = world.clock.now()
    claimed = await world.store.claim_step(step.id, now=now, lease_until=now + timedelta(seconds=30))
    assert claimed is not None
    reply = Reply(text="the second answer")
    await world.store.save_answer(delegation_id, round=1, status=Status.SUCCESS, reply=reply, now=now)
    await world.delivery.deliver(delegation_id)
    assert world.messenger.texts() == ["the second answer"]
    gate.set()
    await slow
    assert world.messenger.texts() == ["the second answer"]


async def test_a_cancellation_that_was_accepted_is_what_the_answer_says() -> None:
    """Cancelled between the last step's end and the saving of the answer."""
    world = World()
    delegation_id = await world.receive(ONE)
    await world.queue.run_next(world.work)
    delegation = await world.store.load(delegation_id)
    seen = status_of(delegation.steps)
    assert await world.store.cancel(delegation_id, by=ADA.id, now=world.clock.now())
    reply = Reply(text="not cancelled")
    saved = await world.store.save_answer(
        delegation_id, round=0, status=seen, reply=reply, now=world.clock.now()
    )
    assert not saved
    await world.coordinator.advance(delegation_id)
    await world.settle()
    assert (await world.store.load(delegation_id)).status is Status.CANCELLED
    assert world.messenger.texts() == ["Cancelled."]


async def test_pressing_cancel_twice_at_once_is_one_cancellation() -> None:
    world = World()
    delegation_id = await world.receive("@one count; @two sing")
    await world.queue.run_next(world.work)
    address = world.instruction("x").address
    presses = [
        Press(action="cancel", value=delegation_id, person=ADA, address=address, key=f"press-{n}")
        for n in range(3)
    ]
    assert await asyncio.gather(*(world.reception.press(press) for press in presses)) == [None] * 3
    await world.settle()
    kinds = [event.kind.value for event in await world.store.events(delegation_id)]
    assert kinds.count("delegation.cancelled") == 1
    assert world.messenger.texts() == ["Cancelled."]


@pytest.mark.parametrize("seed", range(60))
async def test_any_order_of_two_processes_gives_one_answer(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Jobs run side by side in two processes, each twice, with progress and sweeps between them."""
    world = World()
    order = seed

    async def shuffled() -> None:
        nonlocal order
        order = (order * 1103515245 + 12345) % 2**31
        for _ in range(order // 65536 % 7):
            await asyncio.sleep(0)

    monkeypatch.setattr(world.store, "_arrive", shuffled)
    processes = [world.delivery, another_process(world)]
    delegation_id = await world.receive("@one count; @two sing then @three dance")
    running: set[asyncio.Task[object]] = set()
    for turn in range(40):
        while world.queue.waiting:
            job = world.queue.pop()
            for _ in range(2):
                running.add(asyncio.create_task(world.work(job)))
            world.queue.done(job.id)
        processes[turn % 2].touch(delegation_id, platform="memory")
        await shuffled()
        if turn % 10 == 9:
            await world.reconciler.sweep()
    await asyncio.gather(*running)
    for _ in range(4):
        await world.clock.advance(31)
        await world.reconciler.sweep()
        await world.settle()
    for process in processes:
        await process.drain()
    delegation = await world.store.load(delegation_id)
    assert delegation.state is DelegationState.DELIVERED
    assert delegation.reply is not None
    assert world.messenger.texts() == [delegation.reply.text]
