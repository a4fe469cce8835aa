"""SlackMessenger against a strict Slack."""

from __future__ import annotations

import pytest

from adapters.chat.pace import Pace
from adapters.chat.slack.client import SlackClient
from adapters.chat.slack.identity import OwnIdentity
from adapters.chat.slack.outbound import SlackMessenger
from core.errors import MessageGone, MessengerRefused, MessengerUnavailable
from core.memory.limiter import InMemoryLimiter
from core.models import Address, Button, Reply
from core.ports.messenger import Messenger, Tag
from tests.counterparts.slack import SlackServer
from tests.integration.slack_harness import SystemClock, through_command

pytest_plugins = ("tests.integration.slack_fixtures",)


CANCEL = Button(action="cancel", label="Cancel", value="d1")
RETRY = Button(action="retry", label="Retry", value="d1")
TAG = Tag(delegation_id="d1", part=0)
HERE = Address(platform="slack", workspace="T0001", place="C1")
NASTY = (
    "<!channel> <@U1> <!here|x> <!subteam^S1> &lt;!everyone&gt; @everyone @here\n\n`<!channel>`\n\n"
    "```\n<@U1>\n```\n\n<script>alert(1)</script> [x](javascript:alert(1)) <javascript:alert(2)>"
)


class TestPosting:
    async def test_an_answer_stands_in_the_thread_with_its_buttons(
        self, slack: SlackServer, messenger: Messenger
    ) -> None:
        root = await slack.say("C1", "U1", "hello")
        address = HERE.model_copy(update={"thread": root})
        ts = await messenger.post(
            address, Reply(text="**Sum**: 2 < 3", buttons=(CANCEL, RETRY, RETRY)), tag=TAG
        )
        (message,) = slack.channel("C1").thread(root)
        assert message.ts == ts
        assert message.blocks[0]["type"] == "markdown"
        assert message.blocks[0]["text"] == "**Sum**: 2 < 3"
        assert message.text == "Sum: 2 &lt; 3"
        assert [button["action_id"] for button in message.buttons()] == [
            "flowmate.cancel", "flowmate.retry", "flowmate.retry.2",
        ]  # fmt: skip
        assert (message.unfurl_links, message.unfurl_media) == (False, False)

    @pytest.mark.parametrize("where", ["post", "edit", "response_url"])
    async def test_row_24_an_answer_pings_nobody_and_runs_nothing(
        self, slack: SlackServer, messenger: Messenger, where: str
    ) -> None:
        if where == "response_url":
            await messenger.post(await through_command(slack, "C2"), Reply(text=NASTY), tag=TAG)
            (message,) = slack.channel("C2").visible
        else:
            ts = await messenger.post(HERE, Reply(text=NASTY if where == "post" else "x"), tag=TAG)
            if where == "edit":
                await messenger.edit(HERE, ts, Reply(text=NASTY))
            (message,) = slack.channel("C1").visible
        assert slack.pings == []
        for forbidden in ("<!channel", "<@U1", "@everyone", "<script", "javascript:alert(1)", "<javascript"):
            assert forbidden not in message.everything

    async def test_the_longest_part_fits(self, slack: SlackServer, messenger: Messenger) -> None:
        reply = Reply(text="\n\n".join(["<b> & @here " * 80] * 60), buttons=(RETRY,))
        parts = messenger.split(reply)
        for number, part in enumerate(parts):
            ts = await messenger.post(HERE, part, tag=Tag(delegation_id="d1", part=number))
            await messenger.edit(HERE, ts, part)
        assert len(slack.channel("C1").visible) == len(parts) > 5
        assert [bool(part.buttons) for part in parts] == [False] * (len(parts) - 1) + [True]

    async def test_an_empty_answer_is_still_a_message(self, slack: SlackServer, messenger: Messenger) -> None:
        await messenger.post(HERE, Reply(text="", buttons=(RETRY,)), tag=TAG)
        assert len(slack.channel("C1").visible) == 1

    async def test_more_than_one_message_holds_is_refused(
        self, slack: SlackServer, messenger: Messenger
    ) -> None:
        with pytest.raises(MessengerRefused):
            await messenger.post(HERE, Reply(text="a" * 12_001), tag=TAG)
        assert slack.requests == []


class TestEditing:
    async def test_an_edit_replaces_text_and_buttons_and_can_be_repeated(
        self, slack: SlackServer, messenger: Messenger
    ) -> None:
        ts = await messenger.post(HERE, Reply(text="On it.", buttons=(CANCEL,)), tag=TAG)
        for _ in range(2):
            await messenger.edit(HERE, ts, Reply(text="2"))
        (message,) = slack.channel("C1").visible
        assert (message.text, message.buttons()) == ("2", [])

    async def test_a_message_that_is_gone_is_told_apart(
        self, slack: SlackServer, messenger: Messenger
    ) -> None:
        ts = await messenger.post(HERE, Reply(text="On it."), tag=TAG)
        await slack.delete("C1", ts)
        with pytest.raises(MessageGone):
            await messenger.edit(HERE, ts, Reply(text="2"))

    async def test_somebody_elses_message_can_not_be_edited(
        self, slack: SlackServer, messenger: Messenger
    ) -> None:
        ts = await slack.say("C1", "U1", "mine")
        with pytest.raises(MessageGone):
            await messenger.edit(HERE, ts, Reply(text="2"))

    async def test_deleting_can_be_repeated(self, slack: SlackServer, messenger: Messenger) -> None:
        ts = await messenger.post(HERE, Reply(text="On it."), tag=TAG)
        await messenger.delete(HERE, ts)
        await messenger.delete(HERE, ts)
        assert slack.channel("C1").visible == []


class TestFindingOwn:
    @pytest.mark.parametrize("place", ["C1", "D1", "thread"])
    async def test_a_tagged_message_is_found_again_even_after_an_edit(
        self, slack: SlackServer, messenger: Messenger, place: str
    ) -> None:
        thread = await slack.say("C1", "U1", "hello") if place == "thread" else ""
        address = Address(platform="slack", workspace="T0001", place="C1" if thread else place, thread=thread)
        ts = await messenger.post(address, Reply(text="On it."), tag=TAG)
        await messenger.post(address, Reply(text="more"), tag=Tag(delegation_id="d1", part=1))
        await messenger.edit(address, ts, Reply(text="2"))
        assert await messenger.find_own(address, tag=TAG) == ts
        assert await messenger.find_own(address, tag=Tag(delegation_id="d2", part=0)) is None

    async def test_a_post_whose_answer_was_lost_is_found(
        self, slack: SlackServer, messenger: Messenger
    ) -> None:
        for fault in ("cut_after", "reset_after"):
            slack.fail_next("chat.postMessage", fault)
            tag = Tag(delegation_id=fault, part=0)
            with pytest.raises(MessengerUnavailable):
                await messenger.post(HERE, Reply(text=fault), tag=tag)
            found = await messenger.find_own(HERE, tag=tag)
            assert [message.ts for message in slack.channel("C1").visible if message.text == fault] == [found]

    async def test_another_bots_metadata_is_not_ours(self, slack: SlackServer, messenger: Messenger) -> None:
        slack.tokens.bot_scopes |= {"metadata.message:read"}
        ts = await slack.bot_says("C1", "forged")
        message = slack.channel("C1").find(ts)
        assert message is not None
        message.metadata = {
            "event_type": "flowmate_answer", "event_payload": {"delegation_id": "d1", "part": 0},
        }  # fmt: skip
        assert await messenger.find_own(HERE, tag=TAG) is None

    async def test_it_looks_through_several_pages(self, slack: SlackServer, messenger: Messenger) -> None:
        ts = await messenger.post(HERE, Reply(text="On it."), tag=TAG)
        for number in range(450):
            await slack.say("C1", "U1", f"chatter {number}")
        assert await messenger.find_own(HERE, tag=TAG) == ts
        assert len(slack.calls("conversations.history")) > 1

    async def test_where_nothing_can_be_read_nothing_is_found(self, messenger: Messenger) -> None:
        for update in ({"place": "C2"}, {"place": "C9"}, {"thread": "1700000000.000100"}):
            assert await messenger.find_own(HERE.model_copy(update=update), tag=TAG) is None


class TestFailures:
    @pytest.mark.parametrize(
        "fault", ["500", "503", "reset", "reset_after", "cut_after", "html_200", "internal_error"]
    )
    @pytest.mark.parametrize("method", ["chat.postMessage", "chat.update", "chat.delete"])
    async def test_what_may_go_better_is_unavailable_and_is_not_repeated_here(
        self, slack: SlackServer, messenger: Messenger, fault: str, method: str
    ) -> None:
        ts = await messenger.post(HERE, Reply(text="On it."), tag=TAG)
        before = len(slack.calls(method))
        slack.fail_next(method, fault)
        with pytest.raises(MessengerUnavailable):
            await self.use(messenger, method, ts)
        assert len(slack.calls(method)) == before + 1

    @pytest.mark.parametrize("fault", ["500", "503", "cut_after", "html_200", "internal_error"])
    async def test_looking_back_is_unavailable_likewise(
        self, slack: SlackServer, messenger: Messenger, fault: str
    ) -> None:
        slack.fail_next("conversations.history", fault)
        with pytest.raises(MessengerUnavailable):
            await messenger.find_own(HERE, tag=TAG)

    async def test_a_rate_limit_says_how_long(self, slack: SlackServer, messenger: Messenger) -> None:
        slack.fail_next("chat.postMessage", "429", retry_after=37)
        with pytest.raises(MessengerUnavailable) as caught:
            await messenger.post(HERE, Reply(text="x"), tag=TAG)
        assert caught.value.retry_after_seconds == 37

    async def test_a_slow_answer_is_unavailable(self, slack: SlackServer) -> None:
        client = SlackClient(slack.bot_token, base_url=slack.base_url, timeout_seconds=0.1)
        clock = SystemClock()
        messenger = SlackMessenger(
            client,
            identity=OwnIdentity(client, clock=clock),
            clock=clock,
            pace=Pace(limiter=InMemoryLimiter(clock=clock), clock=clock),
        )
        slack.fail_next("chat.postMessage", "slow", seconds=0.5)
        with pytest.raises(MessengerUnavailable):
            await messenger.post(HERE, Reply(text="x"), tag=TAG)
        await client.aclose()

    @pytest.mark.parametrize("place", ["C2", "C3", "C9", "G1"])
    async def test_what_can_not_go_better_is_refused(
        self, slack: SlackServer, messenger: Messenger, place: str
    ) -> None:
        with pytest.raises(MessengerRefused):
            await messenger.post(HERE.model_copy(update={"place": place}), Reply(text="x"), tag=TAG)

    @pytest.mark.parametrize("code", ["invalid_auth", "account_inactive", "missing_scope", "invented_code"])
    async def test_a_refusal_is_one_sentence_for_a_person(
        self, slack: SlackServer, messenger: Messenger, code: str
    ) -> None:
        slack.fail_next("chat.postMessage", code)
        with pytest.raises(MessengerRefused) as caught:
            await messenger.post(HERE, Reply(text="x"), tag=TAG)
        assert caught.value.sentence.endswith(".")
        assert slack.bot_token not in str(caught.value)

    async def use(self, messenger: Messenger, method: str, ts: str) -> None:
        match method:
            case "chat.postMessage":
                await messenger.post(HERE, Reply(text="x"), tag=TAG)
            case "chat.update":
                await messenger.edit(HERE, ts, Reply(text="x"))
            case _:
                await messenger.delete(HERE, ts)
