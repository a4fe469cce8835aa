"""An answer for a platform that this process can't reach waits; it is never taken for delivered."""

from __future__ import annotations

from datetime import timedelta

from adapters.chat import PLATFORMS
from adapters.chat.unconnected import UnconnectedMessenger
from core.delivery import Delivery
from core.models import DelegationState
from tests.scenarios.world import World


async def test_an_answer_waits_for_a_process_that_is_connected() -> None:
    world = World()
    delegation_id = await world.receive("@one count")
    unconnected = Delivery(
        store=world.store,
        messengers={"memory": UnconnectedMessenger("memory", setup=PLATFORMS[0].setup)},
        limiter=world.limiter,
        events=world.events,
        clock=world.clock,
    )
    await world.queue.run_next(world.work)
    await world.delivery.drain()
    job = world.queue.pop()
    world.delivery.deliver = unconnected.deliver  # type: ignore[method-assign]
    await world.coordinator.run_step(job.target)
    waiting = await world.store.load(delegation_id)
    assert waiting.state is DelegationState.ANSWERED
    assert waiting.check_at is not None
    assert waiting.check_at - world.clock.now() <= timedelta(minutes=5)
