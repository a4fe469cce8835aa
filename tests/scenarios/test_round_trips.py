"""How often the path goes to the database: a number that may only fall."""

from __future__ import annotations

import sys
from collections import Counter

from core.memory.clock import ManualClock
from core.memory.model import ScriptedModel, says
from core.ports.language_model import ModelTurn
from tests.scenarios.world import World

THREE = "@one count; @two sing; @three dance"
PATH = {
    "accept": 1,
    "load_to_plan": 1,
    "save_plan": 1,
    "claim_step": 3,
    "append": 3,
    "end_step": 3,
}
"""Accepted and planned once; each step claimed, its tool's call noted, ended, the last one with the answer, which is
delivered by that."""
SHOWN = {
    "posted": 1,
    "attempt_post": 1,
    "record_post": 1,
    "mark_delivered": 1,
}
"""What a conversation costs beside that: a placeholder, and the answer in its place."""


async def transactions(world: World, *, platform: str) -> Counter[str]:
    """Every method of the store is one transaction."""
    counted: Counter[str] = Counter()
    arrive = world.store._arrive

    async def counting() -> None:
        counted[sys._getframe(1).f_code.co_name] += 1
        await arrive()

    world.store._arrive = counting  # type: ignore[method-assign]
    asked = world.instruction(THREE)
    address = asked.address.model_copy(update={"platform": platform})
    await world.reception.receive(asked.model_copy(update={"address": address}))
    await world.settle()
    return counted


async def test_three_agents_take_these_transactions() -> None:
    assert await transactions(World(clock=ManualClock()), platform="local") == PATH


async def test_a_conversation_takes_these_more() -> None:
    assert await transactions(World(clock=ManualClock()), platform="memory") - Counter(PATH) == SHOWN


async def test_what_a_model_says_last_is_saved_with_the_end_of_the_step() -> None:
    saved: Counter[str] = Counter()
    async with ScriptedModel(*[says("done")] * 3) as model:
        world = World(clock=ManualClock(), model=model)
        save_turn = world.runs.save_turn

        async def counting(step_id: str, index: int, turn: ModelTurn) -> ModelTurn:
            saved[sys._getframe(1).f_code.co_name] += 1
            return await save_turn(step_id, index, turn)

        world.runs.save_turn = counting  # type: ignore[method-assign]
        spent = await transactions(world, platform="local")
    assert saved == {"end_step": 3}
    assert spent == {name: count for name, count in PATH.items() if name != "append"}
