"""Platforms that refuse, break or want patience: the person still reads an answer, or a sentence in its place."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from core.errors import MessageGone, MessengerRefused, MessengerUnavailable
from core.models import DelegationState, EventKind, Reply
from tests.scenarios.world import World

ONE = "@one count"


async def settle_for(world: World, *, seconds: int) -> None:
    """Let time pass, with a sweep every ten seconds."""
    for _ in range(seconds // 10):
        await world.clock.advance(10)
        await world.reconciler.sweep()
        await world.settle()


@pytest.mark.parametrize(
    "error",
    [MessengerRefused("The message does not fit."), ValueError("secret internals")],
    ids=["refused", "a bug"],
)
async def test_an_answer_that_the_platform_does_not_take_is_replaced_by_a_sentence(error: Exception) -> None:
    world = World()
    delegation_id = await world.receive(ONE)
    await world.queue.run_next(world.work)
    await world.delivery.drain()
    edit = world.messenger.edit

    async def picky(address: Any, message_id: str, part: Reply) -> None:
        if "one_tool did" in part.text:
            raise error
        await edit(address, message_id, part)

    world.messenger.edit = picky  # type: ignore[method-assign]
    await world.settle()
    delegation = await world.store.load(delegation_id)
    assert delegation.state is DelegationState.DELIVERED
    assert world.messenger.texts() == [
        f"The answer is ready, but it can't be shown here (reference {delegation_id[:8]})."
    ]
    events = await world.store.events(delegation_id)
    [failure] = [event for event in events if event.kind is EventKind.DELIVERY_FAILED]
    assert "secret" not in failure.data["reason"]


async def test_a_platform_side_that_is_broken_keeps_the_answer_for_later() -> None:
    world = World()
    delegation_id = await world.receive(ONE)
    await world.queue.run_next(world.work)
    await world.delivery.drain()
    edit = world.messenger.edit

    async def broken(address: Any, message_id: str, part: Reply) -> None:
        raise AttributeError("secret internals")

    world.messenger.edit = broken  # type: ignore[method-assign]
    await world.settle()
    assert (await world.store.load(delegation_id)).state is DelegationState.ANSWERED
    world.messenger.edit = edit  # type: ignore[method-assign]
    await settle_for(world, seconds=60)
    assert (await world.store.load(delegation_id)).state is DelegationState.DELIVERED
    assert "one_tool did count" in world.messenger.texts()[0]


async def test_a_message_closed_for_edits_is_replaced_by_a_new_one() -> None:
    world = World()
    await world.receive(ONE)
    await world.queue.run_next(world.work)
    await world.delivery.drain()
    [closed] = world.messenger.standing()
    edit = world.messenger.edit

    async def picky(address: Any, message_id: str, part: Reply) -> None:
        if message_id == closed.id:
            raise MessageGone
        await edit(address, message_id, part)

    world.messenger.edit = picky  # type: ignore[method-assign]
    await world.settle()
    [answer] = world.messenger.standing()
    assert answer.id != closed.id
    assert "one_tool did count" in answer.part.text


async def test_a_platform_that_asks_for_much_patience_is_left_alone_that_long() -> None:
    world = World()
    delegation_id = await world.receive(ONE)
    await world.queue.run_next(world.work)
    await world.delivery.drain()
    until = world.clock.now() + timedelta(seconds=200)
    edit, refused = world.messenger.edit, []

    async def patient(address: Any, message_id: str, part: Reply) -> None:
        left = (until - world.clock.now()).total_seconds()
        if "one_tool did" in part.text and left > 0:
            refused.append(left)
            raise MessengerUnavailable("Slow down.", retry_after_seconds=left)
        await edit(address, message_id, part)

    world.messenger.edit = patient  # type: ignore[method-assign]
    await world.settle()
    await settle_for(world, seconds=190)
    assert (await world.store.load(delegation_id)).state is DelegationState.ANSWERED
    # One may be a progress edit that found the answer.
    assert len(refused) <= 2
    await settle_for(world, seconds=60)
    assert "one_tool did count" in world.messenger.texts()[0]


async def test_a_leftover_that_can_not_be_deleted_does_not_cost_the_answer() -> None:
    world = World(splits_at=80)
    world.tool("one").acts = [lambda _: "a long answer " * 20, lambda _: "short"]
    delegation_id = await world.receive(ONE)
    await world.settle()
    delegation = await world.store.load(delegation_id)
    assert len(world.messenger.standing()) > 1
    world.messenger.fail("delete", MessengerRefused("Too old."), times=9)
    short = delegation.model_copy(update={"reply": Reply(text="short")})
    assert await world.delivery._put(world.messenger, short, Reply(text="short")) is None
    assert world.messenger.texts()[0] == "short"


async def test_a_placeholder_that_was_refused_is_not_waited_for() -> None:
    world = World()
    world.messenger.fail("post", MessengerRefused("No."), times=1)
    await world.ask(ONE)
    assert "one_tool did count" in world.messenger.texts()[0]
    assert 0.05 not in world.clock.slept


async def test_an_output_that_no_platform_could_be_sent_is_mended() -> None:
    """Half of a surrogate pair, as models and JSON interfaces give it, can't be encoded."""
    world = World()
    world.tool("one").acts = [lambda _: "half \ud83d, whole \ud83d\ude00"]
    await world.ask(ONE)
    [text] = world.messenger.texts()
    assert "half \ufffd, whole \U0001f600" in text
    text.encode()


async def test_a_closed_message_that_is_found_again_does_not_hold_up_the_answer() -> None:
    """Its id was forgotten, and a crash came before a new message was posted; nor can it be deleted."""
    world = World()
    delegation_id = await world.receive(ONE)
    await world.queue.run_next(world.work)
    await world.delivery.drain()
    [closed] = world.messenger.standing()
    await world.store.forget_post(delegation_id, part=0, message_id=closed.id)
    edit = world.messenger.edit

    async def picky(address: Any, message_id: str, part: Reply) -> None:
        if message_id == closed.id:
            raise MessageGone
        await edit(address, message_id, part)

    world.messenger.edit = picky  # type: ignore[method-assign]
    world.messenger.fail("delete", MessengerRefused("Too old."), times=99)
    await world.settle()
    assert (await world.store.load(delegation_id)).state is DelegationState.DELIVERED
    assert "one_tool did count" in world.messenger.texts()[-1]
