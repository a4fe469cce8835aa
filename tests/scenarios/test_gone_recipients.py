"""A chat that FlowMate may no longer write to: it stops writing there, and what comes again is paused."""

from __future__ import annotations

from core.errors import RecipientGone
from core.models import DelegationState, ScheduleState
from core.schedules.firing import pausing
from tests.scenarios.world import ADA, World


# INPUTS 17
async def test_a_schedule_of_a_chat_that_is_gone_is_paused_with_the_reason() -> None:
    world = World()
    world.delivery._gone = pausing(world.schedules, clock=world.clock)
    await world.ask("every 2 hours @one look around")
    await world.ask("save schedule 1")
    (schedule,) = await world.schedules.listed("memory", "w")
    assert schedule.next_slot is not None
    world.messenger.fail("post", RecipientGone("They blocked the bot."), times=9)
    await world.pass_until(schedule.next_slot)
    await world.alarm.ring()
    await world.settle()
    (paused,) = await world.schedules.listed("memory", "w")
    assert (paused.state, paused.reason) == (ScheduleState.PAUSED, "They blocked the bot.")
    slots = await world.schedules.slots(schedule.id)
    run = await world.store.load(slots[0].delegation_id or "")
    assert run.state is DelegationState.DELIVERED


async def test_the_latest_instruction_of_a_conversation_can_be_cancelled_by_its_author_alone() -> None:
    world = World()
    delegation_id = await world.receive("@one look around")
    address = (await world.store.load(delegation_id)).instruction.address
    bob = ADA.model_copy(update={"id": "memory:w:bob"})
    assert await world.reception.cancel_latest(address, bob) == "Nothing of yours is running here."
    assert await world.reception.cancel_latest(address, ADA) is None
    await world.settle()
    assert (await world.store.load(delegation_id)).cancelled_by == ADA.id
    assert await world.reception.cancel_latest(address, ADA) == "Nothing of yours is running here."
