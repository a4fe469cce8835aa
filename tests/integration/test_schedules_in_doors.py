"""Schedules through every door with buttons: a list that can be worked with, and an answer that is to come again."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any, Protocol

import pytest
import pytest_asyncio

from core.models import DelegationState, ScheduleState
from core.rendering import questions
from core.rendering import schedules as words
from core.rendering.buttons import LABELS
from tests.counterparts.parlour import ME, ParlourServer, parlour_server
from tests.counterparts.parlour import TOKEN as PARLOUR_TOKEN
from tests.counterparts.slack import Message, SlackServer
from tests.counterparts.telegram import TOKEN, Chat, Person, TelegramServer, telegram_server
from tests.integration.http_harness import Service, fresh
from tests.integration.test_page import JSON, Browser, known, of, place, said
from tests.integration.test_third_platform import registered
from tests.platforms.parlour import PLATFORM
from tests.services.waiting import eventually

pytestmark = [pytest.mark.slow, pytest.mark.asyncio(loop_scope="session")]

REPORT = "usage report for the last 30 days"
SHOWN = ("Pause", "Run now", "Delete")


class Door(Protocol):
    """One person in one conversation."""

    list_schedules: str

    async def say(self, text: str) -> None: ...

    async def press(self, label: str) -> None:
        """Press the newest button with this label."""
        ...

    async def told(self) -> str:
        """The last sentence that this person alone was told."""
        ...

    async def standing(self) -> list[tuple[str, list[str]]]:
        """The texts that stand in the conversation, with the labels of their buttons, oldest first."""
        ...


async def standing(door: Door, text: str, *labels: str) -> str:
    """The newest text, once it holds this and has these buttons."""

    async def found() -> str | None:
        stand = await door.standing()
        newest, buttons = stand[-1] if stand else ("", [])
        return newest if text in newest and tuple(buttons) == labels else None

    try:
        shown: str = await eventually(found)
    except TimeoutError:
        raise AssertionError(f"no {text!r} with {labels} in {await door.standing()}") from None
    return shown


async def told(door: Door, text: str) -> None:
    async def found() -> bool:
        return await door.told() == text

    await eventually(found)


@dataclass
class World:
    service: Service
    slack: SlackServer
    telegram: TelegramServer
    parlour: ParlourServer


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def world() -> AsyncIterator[World]:
    async with SlackServer(burst=50) as slack, telegram_server() as telegram, parlour_server() as parlour:
        slack.add_user("U1", name="ada", tz="Europe/Berlin", tz_offset=3600)
        for channel in ("C1", "C2"):
            slack.add_channel(channel, members=["U1", "U0BOT"])
        environment = {
            "SLACK_BOT_TOKEN": slack.bot_token,
            "SLACK_API_URL": slack.base_url,
            "SLACK_SIGNING_SECRET": slack.signing_secret,
            "TELEGRAM_BOT_TOKEN": TOKEN,
            "TELEGRAM_API_URL": telegram.url,
            "TELEGRAM_ALLOWED_USERS": "*",
            "PARLOUR_TOKEN": PARLOUR_TOKEN,
            "PARLOUR_URL": parlour.url,
        }
        with registered(PLATFORM):
            async with fresh(**environment) as service:
                slack.connect_http(f"{service.url}/slack/events")
                await parlour.until(lambda: parlour.gateway.session)
                yield World(service, slack, telegram, parlour)
        assert not slack.pings
        assert not slack.problems
        assert not telegram.refused
        assert parlour.gateway.problems == []


@dataclass
class SlackThread:
    slack: SlackServer
    channel: str = "C1"
    thread: str = ""
    list_schedules: str = "schedules"

    async def say(self, text: str) -> None:
        if self.thread:
            await self.slack.say(self.channel, "U1", text, thread_ts=self.thread)
        else:
            self.thread = await self.slack.say(self.channel, "U1", f"<@{self.slack.bot_user}> {text}")

    def own(self) -> list[Message]:
        stand = self.slack.channel(self.channel).thread(self.thread)
        return [one for one in stand if one.user == self.slack.bot_user and not one.files]

    async def press(self, label: str) -> None:
        message, button = next(
            (message, button)
            for message in reversed(self.own())
            for button in message.buttons()
            if button["text"]["text"] == label
        )
        answer = await self.slack.press(
            action_id=button["action_id"],
            message_ts=message.ts,
            user="U1",
            channel=self.channel,
            value=button["value"],
        )
        assert answer.status == 200

    async def told(self) -> str:
        shown = self.slack.channel(self.channel).shown_to("U1")
        return shown[-1].text if shown else ""

    async def standing(self) -> list[tuple[str, list[str]]]:
        return [(one.everything, [b["text"]["text"] for b in one.buttons()]) for one in self.own()]


@dataclass
class SlackCommand(SlackThread):
    """The same person, who uses `/flowmate` in a channel."""

    channel: str = "C2"

    async def say(self, text: str) -> None:
        answer = await self.slack.command("/flowmate", text, user="U1", channel=self.channel)
        assert (answer.status, answer.body) == (200, "")

    def own(self) -> list[Message]:
        stand = self.slack.channel(self.channel).roots
        return [one for one in stand if one.user == self.slack.bot_user and not one.files]


@dataclass
class Telegram:
    telegram: TelegramServer
    person: Person
    chat: Chat
    query: str = ""
    list_schedules: str = "/schedules"

    async def say(self, text: str) -> None:
        await self.telegram.say(self.person, self.chat, text)

    async def press(self, label: str) -> None:
        self.query = await self.telegram.press(self.person, self.chat, label)
        await self.telegram.until(lambda: self.query in self.telegram.answered)

    async def told(self) -> str:
        return str(self.telegram.answered.get(self.query, {}).get("text", ""))

    async def standing(self) -> list[tuple[str, list[str]]]:
        shown = [one for one in self.telegram.shown(self.chat) if not one.file]
        return [(one.text, [button["text"] for button in one.buttons]) for one in shown]


@dataclass
class Page:
    browser: Browser
    where: str = field(default_factory=place)
    notice: str = ""
    list_schedules: str = "list schedules"

    async def say(self, text: str) -> None:
        assert (await said(self.browser, text, self.where)).status == 202

    async def press(self, label: str) -> None:
        turns = reversed(await of(self.browser.service, self.where))
        button = next(b for t in turns if t.reply for b in t.reply.buttons if b.label == label)
        page = await self.browser.get(f"/conversations/{self.where}")
        assert f'name="value" value="{button.value}"' in page.text
        assert label in page.text
        form = {"action": button.action, "value": button.value}
        reply = await self.browser.post(f"/conversations/{self.where}/press", form, accept=JSON)
        assert reply.status == 200
        self.notice = reply.body["notice"] or ""

    async def told(self) -> str:
        return self.notice

    async def standing(self) -> list[tuple[str, list[str]]]:
        turns = [turn.reply for turn in await of(self.browser.service, self.where) if turn.reply]
        return [(turn.text, [button.label for button in turn.buttons]) for turn in turns]


@dataclass
class Parlour:
    parlour: ParlourServer
    person: Any
    thread: str = ""
    interaction: Any = None
    list_schedules: str = "list schedules"

    async def say(self, text: str) -> None:
        spoken = text if self.thread else f"<@{ME}> {text}"
        message = await self.parlour.say(self.person, "C1", spoken, thread=self.thread)
        self.thread = self.thread or message.id

    async def press(self, label: str) -> None:
        message = next(
            one
            for one in reversed(self.parlour.shown("C1", thread=self.thread))
            if any(button["label"] == label for row in one.buttons for button in row)
        )
        self.interaction = await self.parlour.press(self.person, message, label)
        await eventually(lambda: self.interaction.answer)

    async def told(self) -> str:
        return str((self.interaction.answer or {}).get("text", ""))

    async def standing(self) -> list[tuple[str, list[str]]]:
        shown = self.parlour.shown("C1", thread=self.thread)
        return [(one.text, [button["label"] for row in one.buttons for button in row]) for one in shown]


async def door_of(kind: str, world: World) -> Door:
    match kind:
        case "slack":
            return SlackThread(world.slack)
        case "slack command":
            return SlackCommand(world.slack)
        case "telegram":
            person = world.telegram.person("ada")
            return Telegram(world.telegram, person, world.telegram.private(person))
        case "page":
            return Page(await known(world.service))
        case _:
            return Parlour(world.parlour, world.parlour.person("ada"))


DOORS = ("slack", "slack command", "telegram", "page", "parlour")


@pytest.mark.parametrize("kind", DOORS)
async def test_the_list_of_schedules_can_be_worked_with(world: World, kind: str) -> None:
    door = await door_of(kind, world)
    await door.say(f"every weekday at 9 {REPORT}")
    await standing(door, "Shall I save it?", LABELS["save"], LABELS["discard"])
    await door.press(LABELS["save"])
    await standing(door, "Saved.", *SHOWN)
    await door.say(door.list_schedules)
    await standing(door, "Next run:", *SHOWN)
    await door.press("Pause")
    await standing(door, words.PAUSED, "Resume", "Run now", "Delete")
    await door.press("Resume")
    await standing(door, "Next run:", *SHOWN)
    before = await world.service.assembly.store.recent(workspace=await _workspace(kind, world, door), limit=9)
    await door.press("Run now")
    await told(door, words.RUNS_NOW)

    async def ran() -> bool:
        workspace = await _workspace(kind, world, door)
        found = await world.service.assembly.store.recent(workspace=workspace, limit=9)
        new = [one for one in found if one.id not in {old.id for old in before}]
        return any(one.instruction.origin == "schedule" and one.answered_at for one in new)

    await eventually(ran)
    await door.press("Delete")

    async def gone() -> bool:
        return any(words.NONE_YET[:30] in text for text, _ in await door.standing())

    await eventually(gone)


async def _workspace(kind: str, world: World, door: Door) -> str:
    match door:
        case Telegram():
            return str(door.chat.id)
        case Page():
            return "local"
        case _:
            return "H1" if kind == "parlour" else world.slack.team


@pytest.mark.parametrize("kind", DOORS)
async def test_make_this_a_schedule_asks_when_and_the_answer_makes_a_proposal(
    world: World, kind: str
) -> None:
    door = await door_of(kind, world)
    await door.say(REPORT)
    await standing(door, "", LABELS["schedule"])
    await door.press(LABELS["schedule"])
    await told(door, questions.SAY_WHEN)
    await door.say("every weekday at 9")
    shown = await standing(door, "Shall I save it?", LABELS["save"], LABELS["discard"])
    assert "every weekday at 09:00" in shown
    assert REPORT in shown
    await door.press(LABELS["discard"])
    await standing(door, words.DISCARDED)


async def test_a_usage_report_by_command_comes_with_its_chart(world: World) -> None:
    door = SlackCommand(world.slack)
    await door.say(REPORT)
    await standing(door, "", LABELS["schedule"])
    await world.slack.wait_for(
        lambda: [one for one in world.slack.channel("C2").visible if one.files], timeout=20
    )


async def test_row_17_whoever_blocked_the_bot_gets_nothing_more_and_their_schedules_rest(
    world: World,
) -> None:
    person = world.telegram.person("eve")
    door = Telegram(world.telegram, person, world.telegram.private(person))
    await door.say(f"every weekday at 9 {REPORT}")
    await standing(door, "Shall I save it?", LABELS["save"], LABELS["discard"])
    await door.press(LABELS["save"])
    await standing(door, "Saved.", *SHOWN)
    assembly, workspace = world.service.assembly, str(door.chat.id)
    (schedule,) = await assembly.schedules.listed("telegram", workspace)
    door.chat.blocked = True
    world.telegram.calls.clear()
    await assembly.desk.apply("run", schedule, key="by hand")

    async def rests() -> bool:
        (found,) = await assembly.schedules.listed("telegram", workspace)
        return found.state is ScheduleState.PAUSED and "no longer write" in found.reason

    async def given_up() -> bool:
        (slot, *_) = await assembly.schedules.slots(schedule.id)
        run = await assembly.store.load(slot.delegation_id or "")
        return run.state is DelegationState.DELIVERED

    await eventually(rests)
    await eventually(given_up)
    tried = [given["text"][:5] for method, given in world.telegram.calls if method == "sendMessage"]
    # What says "on it", at most, and the answer: each once.
    assert len(tried) == len(set(tried)) <= 2


async def test_row_19_the_service_itself_moves_a_groups_schedules_along(world: World) -> None:
    person, group = world.telegram.person("zoe"), world.telegram.group()
    door = Telegram(world.telegram, person, group)
    await door.say(f"/flowmate every weekday at 9 {REPORT}")
    await standing(door, "Shall I save it?", LABELS["save"], LABELS["discard"])
    await door.press(LABELS["save"])
    await standing(door, "Saved.", *SHOWN)
    other = world.telegram.migrate(group)
    await world.telegram.say(person, group, None, migrate_to_chat_id=other.id)
    schedules = world.service.assembly.schedules
    (moved,) = await eventually(lambda: schedules.listed("telegram", str(other.id)))
    assert moved.address.place == str(other.id)
