"""The answer stands in the conversation once, whatever the platform does meanwhile."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from core.edit_rate import PER_SECOND
from core.errors import MessengerRefused, MessengerUnavailable, StepFailed
from core.memory.clock import ManualClock
from core.models import Address, DelegationState, EventKind, Press, Reply, Status
from core.progress_edits import EDIT_SECONDS, FIRST_SECONDS
from tests.scenarios.world import ADA, World

LOST = MessengerUnavailable("The answer was lost.")
ONE = "@one count"


async def settle_for(world: World, *, seconds: int) -> None:
    """Let time pass, with a sweep every ten seconds."""
    for _ in range(seconds // 10):
        await world.clock.advance(10)
        await world.reconciler.sweep()
        await world.settle()


async def settled(world: World) -> None:
    """Let the edits that are due be made."""
    for _ in range(30):
        await asyncio.sleep(0)
    await world.delivery.drain()


@pytest.mark.parametrize("applied", [True, False], ids=["posted all the same", "not posted"])
async def test_a_placeholder_whose_post_failed_leaves_one_answer(applied: bool) -> None:
    world = World()
    world.messenger.fail("post", LOST, applied=applied)
    delegation = await world.ask(ONE)
    assert delegation.state is DelegationState.DELIVERED
    assert len(world.messenger.standing()) == 1
    assert "count" in world.messenger.texts()[0]


@pytest.mark.parametrize("lost", [1, 2, 3])
async def test_where_nobody_can_look_lost_posts_leave_working_lines_and_one_answer(lost: int) -> None:
    world = World(find_own=False)
    world.messenger.fail("post", LOST, applied=True, times=lost)
    delegation = await world.ask(ONE)
    await settle_for(world, seconds=60)
    assert (await world.store.load(delegation.id)).state is DelegationState.DELIVERED
    answers = [text for text in world.messenger.texts() if "one_tool did count" in text]
    assert len(answers) == 1
    assert [text for text in world.messenger.texts() if not text.startswith("On it.")] == answers


async def test_where_nobody_can_look_a_lost_part_of_a_long_answer_stands_once() -> None:
    world = World(find_own=False, splits_at=40)
    world.tools["one_tool"].acts = [lambda _: "first " * 6 + "\n\n" + "second " * 5]
    await world.receive(ONE)
    await world.queue.run_next(world.work)
    await world.delivery.drain()
    world.messenger.fail("post", LOST, applied=True)
    await world.settle()
    await settle_for(world, seconds=60)
    assert sum("second" in text for text in world.messenger.texts()) == 1


@pytest.mark.parametrize("applied", [True, False], ids=["edited all the same", "not edited"])
async def test_a_final_edit_that_failed_is_made_again(applied: bool) -> None:
    world = World()
    await world.receive(ONE)
    await world.queue.run_next(world.work)
    await world.delivery.drain()
    world.messenger.fail("edit", LOST, applied=applied)
    await world.settle()
    assert len(world.messenger.standing()) == 1
    assert "one_tool did count" in world.messenger.texts()[0]


async def test_a_platform_that_is_out_gets_the_answer_later() -> None:
    world = World()
    delegation_id = await world.receive(ONE)
    await world.queue.run_next(world.work)
    await world.delivery.drain()
    world.messenger.fail("edit", LOST, times=20)
    await world.settle()
    assert (await world.store.load(delegation_id)).state is DelegationState.ANSWERED
    await settle_for(world, seconds=600)
    assert (await world.store.load(delegation_id)).state is DelegationState.DELIVERED
    assert len(world.messenger.standing()) == 1
    assert "one_tool did count" in world.messenger.texts()[0]


async def test_a_platform_that_asks_for_patience_gets_it() -> None:
    world = World()
    await world.receive(ONE)
    await world.queue.run_next(world.work)
    await world.delivery.drain()
    # The first of the two may meet an edit that only shows progress.
    world.messenger.fail("edit", MessengerUnavailable("Slow down.", retry_after_seconds=17), times=2)
    await world.settle()
    assert 17 in world.clock.slept
    assert "one_tool did count" in world.messenger.texts()[0]


async def test_a_place_that_is_gone_for_good_ends_the_trying() -> None:
    world = World()
    world.messenger.fail("post", MessengerRefused("The channel is archived."), times=5)
    delegation = await world.ask(ONE)
    assert delegation.state is DelegationState.DELIVERED
    failures = [
        event for event in await world.store.events(delegation.id) if event.kind is EventKind.DELIVERY_FAILED
    ]
    assert [event.data["reason"] for event in failures] == ["The channel is archived."]


async def test_a_placeholder_that_somebody_deleted_is_posted_anew() -> None:
    world = World()
    await world.receive(ONE)
    await world.queue.run_next(world.work)
    await world.delivery.drain()
    [placeholder] = world.messenger.standing()
    world.messenger.remove(placeholder.id)
    await world.settle()
    assert len(world.messenger.standing()) == 1
    assert "one_tool did count" in world.messenger.texts()[0]


async def test_a_long_answer_is_split_and_a_shorter_one_later_leaves_no_rest() -> None:
    world = World(splits_at=80)
    world.tool("one").acts = [lambda _: StepFailed("A long reason. " * 20), lambda _: "short"]
    delegation = await world.ask(ONE)
    assert len(world.messenger.standing()) > 1
    press = Press(
        action="retry", value=delegation.id, person=ADA, address=delegation.instruction.address, key="p"
    )
    await world.reception.press(press)
    await world.settle()
    assert len(world.messenger.standing()) == 1
    assert "short" in world.messenger.texts()[0]


async def test_two_workers_that_deliver_at_once_leave_one_answer() -> None:
    world = World()
    delegation_id = await world.receive(ONE)
    world.messenger.fail("post", LOST)
    await world.queue.run_next(world.work)
    job = world.queue.pop()
    await world.coordinator.run_step(job.target)
    await asyncio.gather(*(world.coordinator.advance(delegation_id, here=True) for _ in range(5)))
    await world.settle()
    assert len(world.messenger.standing()) == 1


async def test_progress_never_stands_over_the_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    """A progress edit that lands on top of an answer from another process is followed by the answer again."""
    world = World()
    delegation_id = await world.receive(ONE)
    await world.queue.run_next(world.work)
    await world.delivery.drain()
    before = world.messenger.standing()[0].edits
    gate, edit = asyncio.Event(), world.messenger.edit

    async def slow_progress(address: Address, message_id: str, part: Reply) -> None:
        if part.text.startswith("On it"):
            await gate.wait()
        await edit(address, message_id, part)

    monkeypatch.setattr(world.messenger, "edit", slow_progress)
    world.delivery.touch(delegation_id, platform="memory")
    await asyncio.sleep(0.01)
    reply = Reply(text="the answer")
    now = world.clock.now()
    await world.store.save_answer(delegation_id, round=0, status=Status.SUCCESS, reply=reply, now=now)
    await world.another_delivery().deliver(delegation_id)
    assert world.messenger.texts() == ["the answer"]
    gate.set()
    await world.delivery.drain()
    assert world.messenger.texts() == ["the answer"]
    assert world.messenger.standing()[0].edits == before + 3


async def test_an_edit_that_was_on_its_way_when_its_process_died_lands_below_the_answer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The platform has the edit already; nobody is left to look whether it landed on top of an answer."""
    world = World()
    delegation_id = await world.receive(ONE)
    await world.queue.run_next(world.work)
    await world.delivery.drain()
    edit, sent, arriving = world.messenger.edit, asyncio.Event(), []

    async def arrives_later(address: Address, message_id: str, part: Reply) -> None:
        async def arrive() -> None:
            await edit(address, message_id, part)

        if part.text.startswith("On it"):
            arriving.append(arrive)
            sent.set()
            await asyncio.Event().wait()
        await edit(address, message_id, part)

    monkeypatch.setattr(world.messenger, "edit", arrives_later)
    world.delivery.touch(delegation_id, platform="memory")
    await sent.wait()
    reply = Reply(text="the answer")
    now = world.clock.now()
    await world.store.save_answer(delegation_id, round=0, status=Status.SUCCESS, reply=reply, now=now)
    elsewhere = world.another_delivery()
    delivering = asyncio.create_task(elsewhere.deliver(delegation_id))
    while world.clock.now() < now + timedelta(seconds=1):
        assert world.messenger.texts() != ["the answer"]
        await asyncio.sleep(0)
    await arriving[0]()
    await delivering
    assert world.messenger.texts() == ["the answer"]
    assert world.clock.now() <= now + timedelta(seconds=EDIT_SECONDS + 2)


async def test_progress_is_shown_at_most_so_often() -> None:
    world = World()
    delegation_id = await world.receive("@one count; @two sing; @three dance")
    await world.queue.run_next(world.work)
    before = world.clock.now()
    for _ in range(30):
        world.delivery.touch(delegation_id, platform="memory")
        await asyncio.sleep(0)
    await world.delivery.drain()
    edits = [call for call in world.messenger.calls if call.action == "edit"]
    assert len(edits) <= 2 + (world.clock.now() - before).total_seconds() / 0.5


async def test_an_answer_within_a_moment_is_the_placeholders_only_edit() -> None:
    world = World(clock=ManualClock())
    await world.receive("@one count; @two sing")
    await world.settle()
    assert [call.action for call in world.messenger.calls] == ["post", "edit"]
    assert "one_tool did count" in world.messenger.texts()[0]
    assert world.clock.sleeping == 0


async def test_work_that_takes_longer_is_shown_as_soon_as_the_placeholder_can_have_been_read() -> None:
    world = World(clock=ManualClock())
    await world.receive("@one count; @two sing")
    await world.queue.run_next(world.work)
    await world.clock.advance(FIRST_SECONDS - 0.01)
    await asyncio.sleep(0.01)
    assert [call.action for call in world.messenger.calls] == ["post"]
    await world.clock.advance(0.01)
    await settled(world)
    assert [call.action for call in world.messenger.calls] == ["post", "edit"]
    assert "**one**: about to start" in world.messenger.texts()[0]


async def test_many_changes_at_once_are_not_all_shown_at_once() -> None:
    world = World(clock=ManualClock())
    for _ in range(3 * PER_SECOND):
        await world.receive(ONE)
    for _ in range(3 * PER_SECOND):
        await world.queue.run_next(world.work)
    for second in range(1, 5):
        await world.clock.advance(FIRST_SECONDS if second == 1 else 1.0)
        await asyncio.sleep(0.05)
        edits = [call for call in world.messenger.calls if call.action == "edit"]
        assert len(edits) == min(second, 3) * PER_SECOND
    assert world.clock.sleeping == 0


async def test_an_edit_that_is_due_is_dropped_with_the_answer() -> None:
    world = World(clock=ManualClock())
    delegation_id = await world.receive(ONE)
    await world.queue.run_next(world.work)
    for _ in range(2):
        world.delivery.touch(delegation_id, platform="memory")
        await asyncio.sleep(0.01)
    assert world.clock.sleeping == 1
    reply = Reply(text="the answer")
    now = world.clock.now()
    await world.store.save_answer(delegation_id, round=0, status=Status.SUCCESS, reply=reply, now=now)
    await world.delivery.deliver(delegation_id)
    await asyncio.sleep(0)
    assert (world.clock.sleeping, world.messenger.texts()) == (0, ["the answer"])


async def test_the_step_that_ends_with_the_answer_is_no_change_of_its_own(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    world = World()
    await world.receive(ONE)
    await world.queue.run_next(world.work)
    await world.delivery.drain()
    touched, touch = list[bool](), world.delivery.touch

    def counted(delegation_id: str, *, changed: bool = True, **given: Any) -> None:
        touched.append(changed)
        touch(delegation_id, changed=changed, **given)

    monkeypatch.setattr(world.delivery, "touch", counted)
    await world.settle()
    # It was claimed; its tool was called, of which progress says nothing.
    assert touched == [True, False]
    assert "one_tool did count" in world.messenger.texts()[0]


async def test_a_call_of_a_tool_edits_nothing_once_the_claim_is_shown() -> None:
    world = World()
    delegation_id = await world.receive(ONE)
    await world.queue.run_next(world.work)
    await world.delivery.drain()
    before = world.messenger.standing()[0].edits
    for shown, changed in ((1, True), (1, False), (2, True)):
        await world.clock.sleep(2)
        world.delivery.touch(delegation_id, platform="memory", changed=changed)
        await settled(world)
        assert world.messenger.standing()[0].edits == before + shown


async def test_a_call_of_a_tool_shows_what_could_not_be_shown_before() -> None:
    world = World()
    delegation_id = await world.receive(ONE)
    await world.queue.run_next(world.work)
    await world.delivery.drain()
    before = world.messenger.standing()[0].edits
    world.messenger.fail("edit", LOST)
    for shown, changed in ((0, True), (1, False), (1, False)):
        await world.clock.sleep(2)
        world.delivery.touch(delegation_id, platform="memory", changed=changed)
        await settled(world)
        assert world.messenger.standing()[0].edits == before + shown


async def test_an_edit_that_could_not_begin_keeps_no_later_one_from_beginning(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    world = World()
    delegation_id = await world.receive(ONE)
    await world.queue.run_next(world.work)
    await world.delivery.drain()
    before = world.messenger.standing()[0].edits

    async def begin(*_: object, **__: object) -> float:
        raise RuntimeError("invented")

    with monkeypatch.context() as patched:
        patched.setattr(world.limiter, "begin", begin)
        await world.clock.sleep(2)
        world.delivery.touch(delegation_id, platform="memory")
        for _ in range(30):
            await asyncio.sleep(0)
    world.delivery.touch(delegation_id, platform="memory")
    await settled(world)
    assert world.messenger.standing()[0].edits == before + 1


async def test_a_change_during_another_process_edit_is_shown_after_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    world = World()
    delegation_id = await world.receive("@one count; @two sing")
    await world.queue.run_next(world.work)
    await world.delivery.drain()
    gate, edit = asyncio.Event(), world.messenger.edit

    async def slow(address: Address, message_id: str, part: Reply) -> None:
        await gate.wait()
        await edit(address, message_id, part)

    monkeypatch.setattr(world.messenger, "edit", slow)
    await world.clock.sleep(2)
    world.another_delivery().touch(delegation_id, platform="memory")
    await asyncio.sleep(0.01)
    # Only now somebody begins; whoever edits meanwhile has read that nobody did.
    job = world.queue.pop()
    now = world.clock.now()
    await world.store.claim_step(job.target, now=now, lease_until=now + timedelta(seconds=30))
    world.delivery.touch(delegation_id, platform="memory")
    await asyncio.sleep(0.01)
    gate.set()
    async with asyncio.timeout(5):
        while "working" not in world.messenger.texts()[0]:  # noqa: ASYNC110 - a messenger sets no event
            await asyncio.sleep(0)
