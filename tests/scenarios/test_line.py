"""Past what the workers hold: whoever asks is told how long the line is, and everything is answered."""

from __future__ import annotations

import pytest

from core.line import FEW, LOOK_SECONDS, TOLD, WORTH_TELLING_SECONDS
from core.models import Person, Status
from core.rendering import refusals
from tests.scenarios.world import ADA, World

BOB = Person(id="memory:w:bob", name="bob")


async def told(world: World, *, person: Person = ADA) -> str | None:
    return (await world.reception.receive(world.instruction("@one count", person=person))).notice


@pytest.mark.parametrize(
    ("waited", "said"),
    [
        (0.0, None),
        (WORTH_TELLING_SECONDS - 0.1, None),
        (WORTH_TELLING_SECONDS, "waited 10 s"),
        (150, "waited 3 minutes"),
    ],
)
async def test_only_a_line_worth_telling_is_told(waited: float, said: str | None) -> None:
    world = World()
    world.queue.waited_seconds = waited
    notice = await told(world)
    assert notice is None if said is None else said in (notice or "")


async def test_who_asks_often_is_told_now_and_then_and_gets_every_answer() -> None:
    world = World()
    world.queue.waited_seconds = 40
    in_line = refusals.in_line(40)
    said = [await told(world), await told(world), await told(world, person=BOB)]
    assert said == [in_line, None, in_line]
    await world.clock.advance(TOLD.window_seconds)
    assert await told(world) == in_line
    await world.settle()
    delegations = [await world.store.load(delegation_id) for delegation_id in world.store._delegations]
    assert [delegation.status for delegation in delegations] == [Status.SUCCESS] * 4


async def test_the_line_is_looked_at_once_in_a_while() -> None:
    world = World()
    world.queue.waited_seconds = 40
    assert await told(world) is not None
    world.queue.waited_seconds = 0
    assert await told(world, person=BOB) is not None
    await world.clock.advance(LOOK_SECONDS)
    assert await told(world, person=Person(id="memory:w:eve")) is None


async def test_who_asks_for_much_is_told_of_their_own_line_and_nobody_else_is() -> None:
    world = World()
    world.queue.held_back = {ADA.id: 40, BOB.id: 40}
    said = [await told(world) for _ in range(FEW + 2)]
    assert said == [*[None] * FEW, refusals.in_own_line(40), None]
    assert "40 s" in (said[FEW] or "")
    assert await told(world, person=BOB) is None


@pytest.mark.parametrize(
    ("everybody", "own", "said"),
    [
        (60, 40, refusals.in_line(60)),
        (40, 60, refusals.in_own_line(60)),
        (60, 60, refusals.in_line(60)),
        (0, 9, None),
    ],
)
async def test_the_longer_of_two_lines_is_told(everybody: float, own: float, said: str | None) -> None:
    world = World()
    assert [await told(world) for _ in range(FEW)] == [None] * FEW
    world.queue.waited_seconds = everybody
    world.queue.held_back[ADA.id] = own
    await world.clock.advance(LOOK_SECONDS)
    assert await told(world) == said


async def test_a_queue_that_is_out_is_told_as_such() -> None:
    world = World()
    world.queue.available = False
    assert await told(world) == refusals.STARTS_LATE
