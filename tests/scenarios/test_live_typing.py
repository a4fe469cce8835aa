"""Where progress is typed live there is one message: the answer."""

from __future__ import annotations

import asyncio

import pytest

from core.errors import MessengerRefused, MessengerUnavailable
from core.live_typing import ENOUGH_SECONDS
from core.memory.messenger import TypingMessenger
from core.models import DelegationState
from tests.scenarios.world import World

BOTH = "@one count; @two sing"
LOST = MessengerUnavailable("The answer was lost.")


def typing(world: World) -> TypingMessenger:
    assert isinstance(world.messenger, TypingMessenger)
    return world.messenger


async def test_progress_is_typed_and_the_answer_is_the_only_message() -> None:
    world = World(live_typing=True, find_own=False)
    delegation = await world.ask(BOTH)
    assert delegation.state is DelegationState.DELIVERED
    [answer] = world.messenger.standing()
    assert "count" in answer.part.text
    assert typing(world).typed[0].startswith("On it.")
    assert "/cancel" in typing(world).typed[0]


async def test_what_takes_longer_gets_a_message_with_its_button_which_becomes_the_answer() -> None:
    world = World(live_typing=True, find_own=False)

    async def slowly(_: object) -> str:
        await world.clock.sleep(ENOUGH_SECONDS + 5)
        for _ in range(200):
            # Whoever woke up five seconds ago has its turns first.
            await asyncio.sleep(0)
        [placeholder] = world.messenger.standing()
        assert [button.action for button in placeholder.part.buttons] == ["cancel"]
        return f"in {placeholder.id}"

    world.tools["one_tool"].acts = [lambda task: slowly(task)]
    await world.ask("@one count")
    [answer] = world.messenger.standing()
    assert f"in {answer.id}" in answer.part.text


@pytest.mark.parametrize(
    "error", [MessengerRefused("There is no such method."), LOST], ids=["not known", "no answer"]
)
async def test_where_it_can_not_be_typed_there_is_a_placeholder(error: Exception) -> None:
    world = World(live_typing=True, find_own=False)
    typing(world).fail("draft", error, times=100)
    await world.receive(BOTH)
    await world.queue.run_next(world.work)
    [placeholder] = world.messenger.standing()
    assert "On it" in placeholder.part.text
    await world.settle()
    [answer] = world.messenger.standing()
    assert answer.id == placeholder.id


@pytest.mark.parametrize("lost", [1, 2])
async def test_an_answer_whose_post_was_lost_stands_once(lost: int) -> None:
    world = World(live_typing=True, find_own=False)
    world.messenger.fail("post", LOST, applied=True, times=lost)
    await world.ask("@one count")
    for _ in range(6):
        await world.clock.advance(10)
        await world.reconciler.sweep()
        await world.settle()
    answers = [text for text in world.messenger.texts() if "one_tool did count" in text]
    assert len(answers) == 1
    assert [text for text in world.messenger.texts() if not text.startswith("On it.")] == answers
