"""Where others read along nothing is said of agents that are one person's alone; that person is told all the same."""

from __future__ import annotations

import pytest

from core.integrations.commands import Told
from core.models import Delegation, Person, Receipt, Status, Visibility
from core.rendering import making as words
from tests.scenarios.world import ADA, World

BOB = Person(id="memory:w:bob", name="bob")
SECRET = "whispers about the weather"


@pytest.fixture
async def world() -> World:
    """Ada has `diary`, which was shared once, and everybody `digest`; others read along."""
    world = World()
    at = world.instruction("x").address
    await world.shop.create(
        {"name": "digest", "description": "counts the news", "tools": ["one_tool"]},
        by=ADA,
        at=at,
        visibility=Visibility.WORKSPACE,
    )
    fields = {"name": "diary", "description": "tells the weather", "tools": ["two_tool"]}
    made = await world.shop.create(fields, by=ADA, at=at, visibility=Visibility.WORKSPACE)
    await world.shop.change(made, {**fields, "description": SECRET}, by=ADA, at=at, visibility=Visibility.ME)
    world.messenger.shared.add("p")
    return world


async def hear(world: World, text: str, *, person: Person = ADA) -> Told | Receipt:
    return await world.reception.hear(world.instruction(text, person=person))


async def aloud(world: World, text: str, *, person: Person = ADA) -> tuple[str, Delegation]:
    """What everybody reads, however the words got in."""
    asked = await world.ask(text, person=person)
    assert asked.reply is not None
    assert world.messenger.texts()[-1] == asked.reply.text
    return asked.reply.text, asked


@pytest.mark.parametrize("text", ["agent list", "list my agents", "agents"])
async def test_a_list_is_told_to_its_owner_alone_and_names_to_others_what_they_may_use(
    world: World, text: str
) -> None:
    told = await hear(world, text)
    assert isinstance(told, Told)
    assert told.alone
    assert f"**diary**: {SECRET}" in told.text
    assert "**digest**" in told.text
    assert isinstance(await hear(world, text, person=BOB), Receipt), "he has none of his own"
    said, _ = await aloud(world, text, person=BOB)
    assert "diary" not in said
    assert words.HELD_BACK not in said
    said, _ = await aloud(world, text)
    assert "**digest**" in said
    assert "diary" not in said
    assert words.HELD_BACK in said


async def test_what_is_one_persons_alone_is_shown_to_them_alone(world: World) -> None:
    told = await hear(world, "agent show diary")
    assert isinstance(told, Told)
    assert SECRET in told.text
    said, _ = await aloud(world, "agent show diary")
    assert said == words.NOT_SHOWN_HERE
    assert isinstance(await hear(world, "agent show digest"), Receipt)
    assert "counts the news" in (await aloud(world, "agent show digest"))[0]
    said, refused = await aloud(world, "agent show diary", person=BOB)
    assert refused.status is Status.FAILED
    assert "no agent called diary here" in said


async def test_of_an_agents_versions_those_are_told_aloud_that_everybody_may_read(world: World) -> None:
    told = await hear(world, "agent versions diary")
    assert isinstance(told, Told)
    assert (SECRET in told.text, "tells the weather" in told.text) == (True, True)
    said, _ = await aloud(world, "agent versions diary")
    assert (SECRET in said, "tells the weather" in said) == (False, True)


async def test_what_changes_it_says_no_more_than_that_it_is_done(world: World) -> None:
    for text, expected in (
        (f"agent new letters: {SECRET}; tools: two_tool", words.MADE),
        ("agent edit diary tools: one_tool", words.CHANGED),
        ("agent delete diary", words.DELETED),
    ):
        said, asked = await aloud(world, text)
        assert (said, asked.status) == (expected, Status.SUCCESS)
    said, _ = await aloud(world, "agent edit letters")
    assert "`agent edit NAME description" in said
    crew = await world.roster.of("memory", "w")
    assert crew.private_to(ADA.id) == {"letters"}
    assert crew.gone.keys() == {"diary"}
    said, _ = await aloud(world, "agent share letters")
    assert "Everyone here can use **letters** now" in said


@pytest.mark.parametrize("text", ["help", "list agents", "hello", "@letters go"])
async def test_no_list_of_agents_that_others_read_names_it(world: World, text: str) -> None:
    said, _ = await aloud(world, text)
    assert "digest" in said
    assert "diary" not in said
    world.messenger.shared.clear()
    said, _ = await aloud(world, text)
    assert "diary" in said, "where nobody reads along it is named"


async def test_help_for_everybody_names_what_everybody_may_use(world: World) -> None:
    at = world.instruction("x").address
    assert "diary" in await world.reception.help(person=ADA, address=at)
    assert "diary" not in await world.reception.help(person=ADA, address=at, aloud=True)


async def test_it_works_there_all_the_same(world: World) -> None:
    said, asked = await aloud(world, "@diary rain")
    assert asked.status is Status.SUCCESS
    assert "two_tool did rain" in said


async def test_in_private_all_is_said_in_the_conversation(world: World) -> None:
    world.messenger.shared.clear()
    assert isinstance(await hear(world, "agent list"), Receipt)
    said, _ = await aloud(world, "agent show diary")
    assert SECRET in said
