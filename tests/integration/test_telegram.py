"""Telegram over real sockets: the real client against our strict server, in both modes."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from starlette.applications import Starlette

from adapters.chat.platform import Connection
from adapters.chat.telegram import PLATFORM
from adapters.chat.telegram.inbound import to_person
from adapters.chat.telegram.settings import TelegramSettings
from core.errors import MessageGone, MessengerRefused, MessengerUnavailable, RecipientGone, StoreUnavailable
from core.memory.clock import ManualClock
from core.models import Address, Artifact, Button, Reply, Visibility
from core.ports.clock import Clock
from core.ports.messenger import Drafting, Reaching, Tag
from core.rendering import integrations, pairing, refusals
from tests.counterparts.shared import deliver, in_memory
from tests.counterparts.telegram import TOKEN, Chat, Person, TelegramServer, telegram_server
from tests.integration.http_harness import listening
from tests.integration.slack_harness import MemoryReception, SystemClock
from tests.scenarios.world import World

SECRET = "invented-webhook-secret"
BOT = "@flowmate_test_bot"
TAG = Tag(delegation_id="d" * 32, part=0)


@dataclass
class Place:
    """A connection that listens, and whom it talks to."""

    telegram: TelegramServer
    reception: MemoryReception
    connection: Connection
    ada: Person
    private: Chat
    group: Chat
    clock: Clock

    async def heard(self, count: int = 1) -> list[str]:
        """The texts that arrived, once there are so many."""
        await self.telegram.until(lambda: len(self.reception.texts) >= count)
        return self.reception.texts

    async def told(self, chat: Chat, count: int = 1) -> list[str]:
        await self.telegram.until(lambda: len(self.telegram.shown(chat)) >= count)
        return [message.text for message in self.telegram.shown(chat)]

    async def quiet(self) -> None:
        """Wait until everything that was said so far has been taken."""
        marker = f"marker {time.monotonic()}"
        await self.telegram.say(self.ada, self.private, marker)
        await self.telegram.until(lambda: marker in self.reception.texts)
        self.reception.instructions = {
            key: one for key, one in self.reception.instructions.items() if one.text != marker
        }


def connect(
    telegram: TelegramServer,
    *,
    allowed: str = "*",
    secret: str | None = None,
    clock: Clock | None = None,
    live_typing: bool = False,
) -> Connection:
    settings = TelegramSettings.model_validate(
        {
            "telegram_bot_token": TOKEN,
            "telegram_api_url": telegram.url,
            "telegram_allowed_users": allowed,
            "telegram_webhook_secret": secret,
            "telegram_live_typing": live_typing,
        }
    )
    clock = clock or SystemClock()
    connection = PLATFORM.connect(settings, clock, in_memory(clock))
    assert connection is not None
    return connection


@asynccontextmanager
async def polling(*, allowed: str = "*") -> AsyncIterator[Place]:
    async with telegram_server() as telegram:
        reception, clock = MemoryReception(), SystemClock()
        connection = connect(telegram, allowed=allowed, clock=clock)
        ada = telegram.person("ada")
        listen = asyncio.create_task(connection.listen(reception))
        try:
            group = telegram.group(topics=(7,))
            yield Place(telegram, reception, connection, ada, telegram.private(ada), group, clock)
        finally:
            listen.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await listen
            await connection.aclose()
        assert not telegram.refused


WORDS: list[tuple[str, str, dict[str, Any], str | None]] = [
    ("private", "what is 2+2", {}, "what is 2+2"),
    ("private", "/flowmate what is 2+2", {}, "what is 2+2"),
    ("private", "/schedules", {}, "list my schedules"),
    ("private", "/agents", {}, "list my agents"),
    ("private", "a\u202eb\x00 c", {}, "ab c"),
    ("group", "what is 2+2", {}, None),
    ("group", f"{BOT} what is 2+2", {}, "what is 2+2"),
    ("group", f"hey {BOT}, what is 2+2", {}, "hey what is 2+2"),
    ("group", "/flowmate what is 2+2", {}, "what is 2+2"),
    ("group", f"/flowmate{BOT} what is 2+2", {}, "what is 2+2"),
    ("group", "/flowmate@OtherBot what is 2+2", {}, None),
    ("private", "/flowmate@OtherBot what is 2+2", {}, None),
    ("group", "/roll 6", {}, None),
    ("group", "and by 3?", {"reply_to_message": {"message_id": 1, "from": {"id": 123456}}}, "and by 3?"),
    ("group", "no", {"reply_to_message": {"message_id": 1, "from": {"id": 5}}}, None),
    ("group", "in a topic nobody is meant", {"topic": 7}, None),
    ("group", f"{BOT} in a topic", {"topic": 7}, "in a topic"),
    ("group", f"{BOT} anonymous", {"sender_chat": {"id": -1, "type": "group"}}, None),
]


# INPUTS 14, 23
@pytest.mark.parametrize(("where", "text", "more", "expected"), WORDS)
async def test_words_reach_the_reception_where_they_are_meant_for_the_bot(
    where: str, text: str, more: dict[str, Any], expected: str | None
) -> None:
    async with polling() as place:
        chat = place.private if where == "private" else place.group
        await place.telegram.say(place.ada, chat, text, **more)
        await place.quiet()
        assert place.reception.texts == ([expected] if expected is not None else [])


async def test_an_instruction_carries_the_chat_the_topic_and_the_update() -> None:
    async with polling() as place:
        update = await place.telegram.say(place.ada, place.group, f"{BOT} hi", topic=7)
        await place.heard()
        (instruction,) = place.reception.instructions.values()
        assert instruction.key == f"telegram:123456:{update['update_id']}"
        assert instruction.person.id == f"telegram:user:{place.ada.id}"
        address = instruction.address
        assert (address.place, address.thread) == (str(place.group.id), "7")
        assert address.via == str(update["message"]["message_id"])


async def test_a_group_reads_of_its_own_agents_and_each_owner_of_theirs_in_private() -> None:
    async with polling() as place:
        world = World()
        world.messengers["telegram"] = place.connection.messenger
        place.reception.help = world.reception.help  # type: ignore[method-assign]
        place.reception.hear = world.reception.hear  # type: ignore[method-assign]
        ada = to_person(place.ada.user)
        fields = {"description": "Counts the news.", "tools": ["one_tool"]}
        shared = Visibility.WORKSPACE
        await world.shop.create({"name": "diary", **fields}, by=ada, at=at(place.group))
        await world.shop.create({"name": "digest", **fields}, by=ada, at=at(place.group), visibility=shared)
        for asker in (place.telegram.person("bob"), place.ada):
            before = len(place.telegram.shown(place.group))
            await place.telegram.say(asker, place.group, "/help")
            *_, guide = await place.told(place.group, before + 1)
            assert "digest: Counts the news" in guide
            assert "diary" not in guide
        await place.telegram.say(place.ada, place.group, f"/agents{BOT}")
        *_, said = await place.told(place.group, 3)
        assert said == integrations.TOLD_PRIVATELY
        [listed] = await place.told(place.private)
        assert "diary: Counts the news. (yours)" in listed
        await place.telegram.say(place.ada, place.group, f"/flowmate{BOT} agent delete diary")
        await place.telegram.until(lambda: world.queue.waiting)
        await world.settle()
        assert "diary" not in " ".join(await place.told(place.group, 4))


async def test_help_that_is_too_long_for_one_message_comes_in_two() -> None:
    async with polling() as place:

        async def tell(**_: object) -> str:
            return "\n".join(f"- **agent-{number}**: {'word ' * 30}" for number in range(40))

        place.reception.help = tell  # type: ignore[method-assign]
        await place.telegram.say(place.ada, place.private, "/help")
        first, second = await place.told(place.private, 2)
        assert "agent-0:" in first
        assert "agent-39:" in second


# INPUTS 15
async def test_the_same_update_again_is_nothing_new() -> None:
    async with polling() as place:
        update = await place.telegram.say(place.ada, place.private, "once")
        await place.heard()
        await place.telegram.deliver(update)
        await place.quiet()
        assert place.reception.texts == ["once"]


async def test_an_update_comes_again_until_it_is_committed() -> None:
    async with polling() as place:
        place.reception.failures = [StoreUnavailable(), StoreUnavailable()]
        await place.telegram.say(place.ada, place.private, "keep me")
        assert await place.heard() == ["keep me"]


# INPUTS 13
async def test_what_holds_no_words_gets_a_hint_in_private_and_nothing_in_a_group() -> None:
    async with polling() as place:
        for chat in (place.group, place.private):
            await place.telegram.say(place.ada, chat, None, sticker={"file_id": "x"})
        await place.telegram.say(place.ada, place.private, None, pinned_message={"message_id": 1})
        await place.quiet()
        assert await place.told(place.private) == [refusals.WORDS_PLEASE]
        assert place.telegram.shown(place.group) == []
        assert place.reception.texts == []


# INPUTS 14
async def test_edits_and_channel_posts_are_nothing() -> None:
    async with polling() as place:
        message = {"message_id": 1, "date": int(time.time()), "chat": place.private.as_json, "text": "x"}
        await place.telegram.deliver(
            {"update_id": 900, "edited_message": {**message, "from": place.ada.user}}
        )
        await place.telegram.deliver({"update_id": 901, "channel_post": message})
        await place.telegram.deliver({"update_id": 902, "message": message})
        await place.telegram.deliver(
            {"update_id": 903, "message": {**message, "from": place.ada.user, "text": "seen"}}
        )
        assert await place.heard() == ["seen"]


# INPUTS 16
async def test_an_update_a_day_old_is_not_run_and_the_person_is_told() -> None:
    async with polling() as place:
        old = datetime.now(UTC) - timedelta(hours=24, minutes=1)
        await place.telegram.say(place.ada, place.private, "yesterday's news", date=old.timestamp())
        assert await place.told(place.private) == [refusals.CAME_TOO_LATE]
        assert place.reception.texts == []


async def test_a_stranger_gets_one_polite_line_and_nothing_runs_until_a_code_lets_them_in() -> None:
    async with polling(allowed="@bob") as place:
        bob = place.telegram.person("Bob")
        for text in ("hello", "let me in", "/start wrong-code"):
            await place.telegram.say(place.ada, place.private, text)
        told = await place.told(place.private, 2)
        assert told == [pairing.STRANGER.replace("`", ""), pairing.WRONG_CODE]
        await place.telegram.say(bob, place.telegram.private(bob), "I am on the list")
        assert await place.heard() == ["I am on the list"]
        admissions = place.connection._doors._admissions  # type: ignore[attr-defined]
        await admissions.issue("telegram", "ABCD2345", expires_at=datetime.now(UTC) + timedelta(minutes=15))
        await place.telegram.say(place.ada, place.private, "/start abcd2345")
        assert (await place.told(place.private, 3))[-1].startswith(pairing.WELCOME)
        await place.telegram.say(place.ada, place.private, "now it works")
        assert await place.heard(2) == ["I am on the list", "now it works"]
        eve = place.telegram.person("eve")
        await place.telegram.say(eve, place.telegram.private(eve), "/start ABCD2345")
        assert await place.told(place.telegram.private(eve)) == [pairing.WRONG_CODE]


async def test_a_press_is_answered_whether_it_changes_something_or_not() -> None:
    async with polling() as place:
        reply = Reply(text="On it.", buttons=(Button(action="cancel", label="Cancel", value="v" * 32),))
        await place.connection.messenger.post(at(place.private), reply, tag=TAG)
        first = await place.telegram.press(place.ada, place.private, "Cancel")
        await place.telegram.until(lambda: first in place.telegram.answered)
        place.reception.sentence = refusals.NOT_YOURS
        second = await place.telegram.press(place.ada, place.private, "Cancel")
        await place.telegram.until(lambda: second in place.telegram.answered)
        assert [press.action for press in place.reception.presses] == ["cancel", "cancel"]
        assert "text" not in place.telegram.answered[first]
        assert place.telegram.answered[second]["text"] == refusals.NOT_YOURS
        assert place.telegram.answered[second]["show_alert"] is True


async def test_the_commands_are_named_once() -> None:
    async with polling() as place:
        await place.quiet()
        assert [one["command"] for one in place.telegram.commands][:1] == ["flowmate"]
        again = connect(place.telegram)
        await again.check()
        await again.aclose()
        assert [method for method, _ in place.telegram.calls].count("setMyCommands") == 1


def at(chat: Chat, *, topic: str = "", via: str = "") -> Address:
    return Address(platform="telegram", workspace=str(chat.id), place=str(chat.id), thread=topic, via=via)


@asynccontextmanager
async def writing(clock: ManualClock | None = None) -> AsyncIterator[Place]:
    """One message a second, for both sides alike, on a clock that moves when somebody waits."""
    clock = clock or ManualClock(auto_advance=True)
    async with telegram_server(monotonic=clock.monotonic) as telegram:
        connection = connect(telegram, clock=clock)
        ada = telegram.person("ada")
        group = telegram.group(topics=(7,))
        yield Place(telegram, MemoryReception(), connection, ada, telegram.private(ada), group, clock)
        await connection.aclose()


# INPUTS 18
async def test_a_message_is_posted_edited_and_deleted() -> None:
    async with writing() as place:
        messenger, address = place.connection.messenger, at(place.group, topic="7", via="55")
        message_id = await messenger.post(address, Reply(text="**On** it."), tag=TAG)
        (shown,) = place.telegram.shown(place.group)
        assert (shown.text, shown.topic, shown.replied) == ("On it.", 7, 55)
        assert shown.entities == [{"type": "bold", "offset": 0, "length": 2}]
        await messenger.edit(address, message_id, Reply(text="Done."))
        await messenger.edit(address, message_id, Reply(text="Done."))
        assert [message.text for message in place.telegram.shown(place.group)] == ["Done."]
        await messenger.delete(address, message_id)
        await messenger.delete(address, message_id)
        with pytest.raises(MessageGone):
            await messenger.edit(address, message_id, Reply(text="Too late."))
        assert not place.telegram.refused


FAILURES: list[tuple[dict[str, Any], type[Exception]]] = [
    ({"status": 429, "retry_after": 3}, MessengerUnavailable),
    ({"status": 500}, MessengerUnavailable),
    ({"status": 0}, MessengerUnavailable),
    ({"status": 403}, RecipientGone),
    ({"status": 400}, MessengerRefused),
]


@pytest.mark.parametrize(("fault", "error"), FAILURES)
async def test_failures_are_what_delivery_knows(fault: dict[str, Any], error: type[Exception]) -> None:
    async with writing() as place:
        place.telegram.fail("sendMessage", **fault)
        with pytest.raises(error) as raised:
            await place.connection.messenger.post(at(place.private), Reply(text="x"), tag=TAG)
        if isinstance(raised.value, MessengerUnavailable) and fault.get("retry_after"):
            assert raised.value.retry_after_seconds == 3
        assert [method for method, _ in place.telegram.calls].count("sendMessage") == 1
        assert TOKEN not in str(raised.value)


# INPUTS 17
async def test_a_blocked_bot_stops_writing_there() -> None:
    async with writing() as place:
        place.private.blocked = True
        with pytest.raises(RecipientGone):
            await place.connection.messenger.post(at(place.private), Reply(text="x"), tag=TAG)


# INPUTS 19
async def test_a_group_that_became_a_supergroup_is_written_to_where_it_is_now() -> None:
    async with writing() as place:
        other = place.telegram.migrate(place.group)
        message_id = await place.connection.messenger.post(at(place.group), Reply(text="On it."), tag=TAG)
        await place.connection.messenger.edit(at(place.group), message_id, Reply(text="Done."))
        assert [message.text for message in place.telegram.shown(other)] == ["Done."]


async def test_a_chat_can_be_looked_for_before_anything_is_posted_there() -> None:
    async with writing() as place:
        messenger = place.connection.messenger
        assert isinstance(messenger, Reaching)
        for chat in (place.private, place.group):
            await messenger.reach(at(chat))
        other = place.telegram.migrate(place.group)
        with pytest.raises(MessengerRefused, match=f"telegram:{other.id}:{other.id}"):
            await messenger.reach(at(place.group))
        place.private.blocked = True
        with pytest.raises(RecipientGone, match="may no longer write"):
            await messenger.reach(at(place.private))
        unknown = Address(platform="telegram", workspace="-5", place="-5")
        with pytest.raises(RecipientGone, match="can't write into that Telegram chat"):
            await messenger.reach(unknown)
        for workspace, name in (("-5", "-6"), ("@team", "@team"), ("", "")):
            with pytest.raises(MessengerRefused, match="by its number, twice"):
                await messenger.reach(Address(platform="telegram", workspace=workspace, place=name))
        place.telegram.fail("getChat", status=500)
        with pytest.raises(MessengerUnavailable):
            await messenger.reach(at(other))
        assert not place.telegram.shown(other)


async def test_sixty_answers_into_one_group_all_arrive_in_order_without_a_429() -> None:
    async with writing() as place:
        messenger = place.connection.messenger

        async def answer(number: int) -> None:
            await deliver(
                lambda: messenger.post(
                    at(place.group),
                    Reply(text=f"answer {number}"),
                    tag=Tag(delegation_id=f"d{number}", part=0, order=float(number)),
                ),
                clock=place.clock,
            )

        # Whoever asked first is answered first, in whatever order the answers are ready.
        await asyncio.gather(*(answer(number) for number in (0, *reversed(range(1, 60)))))
        texts = [message.text for message in place.telegram.shown(place.group)]
        assert texts == [f"answer {number}" for number in range(60)]
        assert place.telegram.limited == 0


async def test_long_answers_are_cut_and_every_part_is_taken() -> None:
    async with writing() as place:
        texts = (
            "\n\n".join(f"**{n}** " + "word " * 120 for n in range(12)),
            "```py\n" + "\n".join(f"x = {n}  # a line of code" for n in range(400)) + "\n```",
            "🎉" * 3000,
            "# שלום\n\n- א\n  - ב\n\n> quote\n\n| a | b |\n| --- | --- |\n| `c` | **d** |\n\n[l](https://x.org)",
        )
        messenger = place.connection.messenger
        for text in texts:
            for part in messenger.split(Reply(text=text)):
                await messenger.post(at(place.private), part, tag=TAG)
        assert not place.telegram.refused


# INPUTS 24
async def test_an_answer_can_not_call_anybody_or_run_anything() -> None:
    async with writing() as place:
        text = "@everyone <b>x</b> [click](javascript:alert(1)) [me](tg://user?id=1) mail ops@example.org"
        await place.connection.messenger.post(at(place.private), Reply(text=text), tag=TAG)
        (shown,) = place.telegram.shown(place.private)
        assert "@everyone" not in shown.text
        assert "ops@example.org" in shown.text
        assert not [one for one in shown.entities if one["type"] in ("text_link", "text_mention", "mention")]


async def test_a_picture_is_sent_once_as_a_picture_and_another_file_as_a_document(tmp_path: Path) -> None:
    async with writing() as place:
        artifacts = []
        for name, kind in (("chart.png", "image/png"), ("backup.zip", "application/zip")):
            (tmp_path / name).write_bytes(b"content")
            artifacts.append(Artifact(name=name, path=str(tmp_path / name), media_type=kind, size_bytes=7))
        reply = Reply(text="Here.", files=tuple(artifacts))
        message_id = await place.connection.messenger.post(at(place.private), reply, tag=TAG)
        await place.connection.messenger.edit(at(place.private), message_id, reply)
        sent = [method for method, _ in place.telegram.calls if method.startswith("send")]
        assert sorted(sent) == ["sendDocument", "sendMessage", "sendPhoto"]


@asynccontextmanager
async def webhook(clock: ManualClock | None = None) -> AsyncIterator[tuple[Place, str]]:
    async with writing(clock) as place:
        connection = connect(place.telegram, secret=SECRET, clock=place.clock)
        app = Starlette(routes=list(connection.routes(place.reception)))
        app.state.closing = asyncio.Event()
        await connection.listen(place.reception)
        async with listening(app) as (_, port):  # type: ignore[arg-type]
            yield place, f"http://127.0.0.1:{port}/telegram/webhook"
        await connection.aclose()


# INPUTS 12
async def test_a_webhook_answers_200_only_after_the_commit_and_refuses_a_wrong_secret() -> None:
    async with webhook() as (place, url):
        telegram = place.telegram
        assert telegram.webhook is not None
        assert telegram.webhook["secret_token"] == SECRET
        message = {"message_id": 1, "date": int(time.time()), "chat": place.private.as_json, "text": "hi"}
        update = {"update_id": 1, "message": {**message, "from": place.ada.user}}
        assert await telegram.send(url, update, secret="") == 403
        assert await telegram.send(url, update, secret="invented-wrong-secret") == 403
        assert place.reception.texts == []
        place.reception.failures = [StoreUnavailable()]
        assert await telegram.send(url, update, secret=SECRET) == 503
        assert await telegram.send(url, update, secret=SECRET) == 200
        assert await telegram.send(url, update, secret=SECRET) == 200
        assert place.reception.texts == ["hi"]
        for wrong in ([1], {"no": "update"}, {"update_id": "x"}):
            assert await telegram.send(url, wrong, secret=SECRET) == 400  # type: ignore[arg-type]


async def test_a_webhook_is_answered_before_anybody_is_told_anything() -> None:
    """What is told stands in line, a second for each message of a chat; Telegram would send all of it again."""
    async with webhook(ManualClock()) as (place, url):
        place.reception.notice = refusals.STARTS_LATE
        for number in range(4):
            message = {"message_id": number, "date": int(time.time()), "chat": place.private.as_json}
            update = {
                "update_id": number,
                "message": {**message, "text": f"hi {number}", "from": place.ada.user},
            }
            assert await place.telegram.send(url, update, secret=SECRET) == 200
        assert len(await place.told(place.private, count=1)) == 1, "the others wait for a clock that stands"


async def test_words_are_typed_live_in_private_chats_alone() -> None:
    async with telegram_server() as telegram:
        connection = connect(telegram, live_typing=True)
        messenger = connection.messenger
        assert isinstance(messenger, Drafting)
        private, group = telegram.private(telegram.person("ada")), telegram.group()
        here, there = (
            Address(platform="telegram", workspace="w", place=str(chat.id)) for chat in (private, group)
        )
        assert (messenger.drafts(here), messenger.drafts(there)) == (True, False)
        await messenger.draft(here, Reply(text="**On** it."), tag=TAG)
        await messenger.draft(here, Reply(text="Nearly *done*."), tag=TAG)
        assert telegram.typed[private.id] == ["On it.", "Nearly done."]
        assert [given["draft_id"] for method, given in telegram.calls if method == "sendMessageDraft"] == [
            0xDDDDDDD + 1
        ] * 2
        await messenger.post(here, Reply(text="Done."), tag=TAG)
        assert not telegram.typing
        await connection.aclose()
        assert not telegram.refused


async def test_a_server_without_live_typing_is_asked_once() -> None:
    async with telegram_server() as telegram:
        connection = connect(telegram, live_typing=True)
        messenger = connection.messenger
        assert isinstance(messenger, Drafting)
        here = Address(
            platform="telegram", workspace="w", place=str(telegram.private(telegram.person("ada")).id)
        )
        telegram.fail("sendMessageDraft", status=404)
        with pytest.raises(MessengerRefused):
            await messenger.draft(here, Reply(text="On it."), tag=TAG)
        assert not messenger.drafts(here)
        await connection.aclose()
