"""Rows 11 and 21 to 23 of the bad-input table: Slack in front of the real core, not of one that only remembers."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import cast

import pytest

from adapters.chat.platform import Connection
from core.models import Button, Delegation, Press, Reply
from core.ports.messenger import Tag
from core.rendering import refusals
from core.rendering.help import help_text
from core.rendering.schedules import unchanged
from tests.counterparts.slack import Message, SlackServer
from tests.integration.slack_harness import MemoryReception, over_http, whispered
from tests.scenarios.world import World

pytest_plugins = ("tests.integration.slack_fixtures",)

NOTHING_TO_DO = "There is nothing to do in that message; write what you want, please."
TOO_LONG = refusals.too_long(characters=5001, limit=5000)


@dataclass
class Place:
    world: World
    connection: Connection


@pytest.fixture
async def place(slack: SlackServer) -> AsyncIterator[Place]:
    world = World()
    async with over_http(slack, cast(MemoryReception, world.reception)) as connection:
        yield Place(world, connection)


@pytest.mark.parametrize(
    ("text", "told"),
    [("   ", NOTHING_TO_DO), ("\u200b\u2060\u00ad", NOTHING_TO_DO), ("x" * 5001, TOO_LONG)],
    ids=["spaces", "zero-width", "5,001 characters"],
)
@pytest.mark.parametrize("door", ["mention", "direct message", "command"])
async def test_rows_21_and_22_what_is_nothing_or_too_much_is_told_to_the_person_alone(
    slack: SlackServer, place: Place, door: str, text: str, told: str
) -> None:
    if door == "command" and told == NOTHING_TO_DO:
        # An empty command asks for help (row 9).
        told = help_text(tuple(place.world.agents.values()))
    channel = "D1" if door == "direct message" else "C1"
    if door == "command":
        assert (await slack.command("/flowmate", text, user="U1", channel=channel)).status == 200
    else:
        await slack.say(channel, "U1", f"<@U0BOT> {text}" if door == "mention" else text)
        await slack.settle()
    assert (await whispered(slack, to="U1", channel=channel)).startswith(told[:30])
    assert await place.world.store.recent(workspace=slack.team, limit=5) == ()
    assert slack.problems == []


async def test_row_22_as_many_characters_as_there_may_be_are_taken(slack: SlackServer, place: Place) -> None:
    await slack.command("/flowmate", "x" * 5000, user="U1", channel="C1")
    (taken,) = await place.world.store.recent(workspace=slack.team, limit=5)
    assert len(taken.instruction.text) == 5000


class Pressing:
    """One answer with buttons, whose presses go through Slack to the real core."""

    def __init__(self, slack: SlackServer, message: Message) -> None:
        self._slack = slack
        self._message = message
        self._buttons = message.buttons()

    async def press(self, label: str, *, user: str) -> str:
        """What this person is told; the button may be gone by now."""
        before = len(self._slack.channel("C1").shown_to(user))
        button = next(one for one in self._buttons if one["text"]["text"] == label)
        person, channel = self._slack.workspace.person(user, "C1")
        answer = await self._slack.send_press(channel, self._message, button, person=person)
        assert answer.status == 200
        shown = await self._slack.wait_for(lambda: self._slack.channel("C1").shown_to(user)[before:])
        return str(shown[0].text)


async def posted(slack: SlackServer, place: Place, text: str, *buttons: Button) -> tuple[Delegation, Message]:
    """An instruction that came through Slack, worked through, and a message with these buttons below it."""
    await slack.say("C1", "U1", f"<@U0BOT> {text}")
    await slack.settle()
    await place.world.settle()
    (delegation, *_) = await place.world.store.recent(workspace=slack.team, limit=5)
    shown = buttons or (delegation.reply.buttons if delegation.reply else ())
    given = tuple(one.model_copy(update={"value": one.value or delegation.id}) for one in shown)
    reply = Reply(text="2", buttons=given)
    tag = Tag(delegation_id=delegation.id, part=0)
    ts = await place.connection.messenger.post(delegation.instruction.address, reply, tag=tag)
    message = slack.channel("C1").find(ts)
    assert message is not None
    return delegation, message


async def test_row_11_a_second_a_foreign_and_a_late_press_change_nothing(
    slack: SlackServer, place: Place
) -> None:
    """Of a delegation that is answered: cancelling is late, whoever presses how often."""
    delegation, message = await posted(
        slack,
        place,
        "@one look around",
        Button(action="cancel", label="Cancel", value=""),
        Button(action="retry", label="Try again", value=""),
    )
    events = await place.world.store.events(delegation.id)
    pressing = Pressing(slack, message)
    for _ in range(2):
        assert await pressing.press("Cancel", user="U1") == refusals.TOO_LATE_TO_CANCEL
        assert await pressing.press("Try again", user="U1") == refusals.NOTHING_TO_RETRY
        assert await pressing.press("Cancel", user="U2") == refusals.NOT_YOURS
        assert await pressing.press("Try again", user="U2") == refusals.NOT_YOURS
    assert await place.world.store.events(delegation.id) == events
    assert (message.text, message.edits, message.deleted) == ("2", [], False)


async def test_row_11_a_proposal_is_saved_once_by_its_maker_alone(slack: SlackServer, place: Place) -> None:
    delegation, message = await posted(slack, place, "every day at 9 @one look around")
    pressing = Pressing(slack, message)
    assert await pressing.press("Save", user="U2") == refusals.NOT_YOUR_SCHEDULE
    assert await place.world.schedules.listed("slack", slack.team) == ()
    save = next(one for one in delegation.reply.buttons if one.action == "save") if delegation.reply else None
    assert save is not None
    person, address = delegation.instruction.person, delegation.instruction.address
    saved = Press(action="save", value=save.value, person=person, address=address, key="first")
    assert await place.world.reception.press(saved) is None
    (schedule,) = await place.world.schedules.listed("slack", slack.team)
    assert await pressing.press("Save", user="U1") == unchanged(schedule)
    assert await pressing.press("Discard", user="U1") == unchanged(schedule)
    assert await place.world.schedules.listed("slack", slack.team) == (schedule,)
