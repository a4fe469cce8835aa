"""Commands, buttons and sentences for one person; rows are those of the bad-input table."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest

from core.errors import Conflict, InvalidInstruction, RateLimited, StoreUnavailable
from core.models import Button, Reply, Verdict
from core.ports.messenger import Tag
from tests.counterparts.slack import Message, SlackServer
from tests.counterparts.slack.signing import FORM_TYPE, form_body
from tests.integration.slack_harness import (
    MENTION,
    MemoryReception,
    envelope,
    over_http,
    whispered,
)

pytest_plugins = ("tests.integration.slack_fixtures",)


def refusal() -> RateLimited:
    verdict = Verdict(
        allowed=False, limit=100, remaining=0, window_seconds=900, reset_at=datetime(2027, 1, 1, tzinfo=UTC)
    )
    return RateLimited("100 requests in 15 minutes are the limit; try again in 3 minutes.", verdict=verdict)


async def test_row_21_an_empty_mention_is_told_so_once(
    slack: SlackServer, reception: MemoryReception
) -> None:
    reception.down = InvalidInstruction()
    async with over_http(slack, reception):
        await slack.say("C1", "U1", "<@U0BOT> \u200b")
        await slack.settle()
    assert [delivery.delivered for delivery in slack.deliveries] == [True, True]
    (told,) = slack.channel("C1").shown_to("U1")
    assert (told.text, told.thread_ts) == (
        "There is nothing to do in that message; write what you want, please.",
        None,
    ), "in a thread that nobody has answered in, Slack would show it to nobody"
    assert reception.instructions == {}


@pytest.mark.usefixtures("slack_http")
class TestWhatOnePersonIsTold:
    async def test_a_limit_is_told_in_a_direct_message(
        self, slack: SlackServer, reception: MemoryReception
    ) -> None:
        reception.down = refusal()
        await slack.say("D1", "U1", "one too many")
        assert (await whispered(slack, to="U1", channel="D1")).startswith("100 requests in 15 minutes")

    async def test_a_late_start_is_announced_and_the_instruction_is_taken(
        self, slack: SlackServer, reception: MemoryReception
    ) -> None:
        reception.notice = "The queue is out; this starts late."
        await slack.say("D1", "U1", "add 1 and 1")
        assert await whispered(slack, to="U1", channel="D1") == "The queue is out; this starts late."
        assert reception.texts == ["add 1 and 1"]

    async def test_a_sentence_that_can_not_be_shown_does_not_cost_the_acknowledgement(
        self, slack: SlackServer, reception: MemoryReception
    ) -> None:
        slack.fail_next("chat.postEphemeral", "500")
        reception.down = InvalidInstruction()
        (delivery,) = await slack.deliver_event(MENTION)
        assert [attempt.answer.status for attempt in delivery.attempts] == [200]
        await slack.wait_for(lambda: slack.calls("chat.postEphemeral"))


@pytest.mark.usefixtures("slack_http")
class TestCommands:
    @pytest.mark.parametrize("text", ["", "   ", "help", "Help", "\u200b"])
    async def test_row_9_an_empty_command_and_help_get_ephemeral_help(
        self, slack: SlackServer, reception: MemoryReception, text: str
    ) -> None:
        answer = await slack.command("/flowmate", text, user="U1", channel="C1")
        assert answer.status == 200
        assert "takes a task in plain words" in await whispered(slack, to="U1")
        assert slack.channel("C1").visible == []
        assert reception.received == []
        assert slack.problems == []

    async def test_a_command_is_taken_in_silence(
        self, slack: SlackServer, reception: MemoryReception
    ) -> None:
        answer = await slack.command("/flowmate", "add 1 and 1", user="U1", channel="C1")
        (instruction,) = reception.instructions.values()
        assert (answer.status, answer.body) == (200, "")
        assert instruction.text == "add 1 and 1"
        assert instruction.person.name == "ada"
        assert instruction.address.conversation == ("slack", "T0001", "C1", "")
        assert "/actions/" in instruction.address.via

    async def test_the_word_payload_is_a_word_like_any_other(
        self, slack: SlackServer, reception: MemoryReception
    ) -> None:
        answer = await slack.command(
            "/flowmate", "explain the payload={1} of a truck", user="U1", channel="C1"
        )
        assert answer.status == 200
        assert reception.texts == ["explain the payload={1} of a truck"]

    async def test_a_command_that_comes_twice_is_one_delegation(
        self, slack: SlackServer, reception: MemoryReception
    ) -> None:
        await slack.command("/flowmate", "add 1 and 1", user="U1", channel="C1")
        body = form_body(slack.deliveries[0].payload)
        assert (await slack.deliver_raw(body, content_type=FORM_TYPE)).status == 200
        assert len(reception.instructions) == 1

    async def test_a_refusal_is_shown_to_the_person_alone(
        self, slack: SlackServer, reception: MemoryReception
    ) -> None:
        reception.down = InvalidInstruction("At most 5,000 characters are taken; those were <5,001>.")
        await slack.command("/flowmate", "long", user="U1", channel="C1")
        assert (
            await whispered(slack, to="U1") == "At most 5,000 characters are taken; those were &lt;5,001&gt;."
        )
        assert slack.channel("C1").visible == []

    async def test_row_10_a_command_gets_503_while_the_database_is_down(
        self, slack: SlackServer, reception: MemoryReception
    ) -> None:
        reception.down = StoreUnavailable()
        assert (await slack.command("/flowmate", "add 1 and 1", user="U1", channel="C1")).status == 503
        assert reception.instructions == {}

    async def test_a_command_of_an_unknown_team_is_nothing(
        self, slack: SlackServer, reception: MemoryReception
    ) -> None:
        body = form_body(
            {"command": "/flowmate", "text": "x", "team_id": "T9", "user_id": "U1", "channel_id": "C1"}
        )
        answer = await slack.deliver_raw(body, content_type=FORM_TYPE)
        assert (answer.status, answer.body) == (200, "")
        assert reception.received == []

    async def test_row_23_invisible_characters_are_stripped(
        self, slack: SlackServer, reception: MemoryReception
    ) -> None:
        fields = {
            "command": "/flowmate",
            "text": "a\u202edd\x00 1\ufeff",
            "team_id": "T0001",
            "user_id": "U1",
        }
        fields |= {"user_name": "ad\u2066a", "channel_id": "C1", "trigger_id": "1.2.3"}
        assert (await slack.deliver_raw(form_body(fields), content_type=FORM_TYPE)).status == 200
        (instruction,) = reception.instructions.values()
        assert (instruction.text, instruction.person.name) == ("add 1", "ada")

    async def test_row_23_a_lone_surrogate_is_stripped(
        self, slack: SlackServer, reception: MemoryReception
    ) -> None:
        assert (await slack.deliver_raw(envelope(text="<@U0BOT> \ud800add 1"))).status == 200
        assert reception.texts == ["add 1"]


@pytest.fixture
async def posted(slack: SlackServer, reception: MemoryReception) -> AsyncIterator[Message]:
    """An answer with both buttons, in the thread of a mention."""
    async with over_http(slack, reception) as connection:
        await slack.say("C1", "U1", "<@U0BOT> add 1 and 1")
        await slack.settle()
        (instruction,) = reception.instructions.values()
        buttons = (
            Button(action="cancel", label="Cancel", value="d1"),
            Button(action="retry", label="Retry", value="d1"),
        )
        tag = Tag(delegation_id="d1", part=0)
        ts = await connection.messenger.post(instruction.address, Reply(text="2", buttons=buttons), tag=tag)
        message = slack.channel("C1").find(ts)
        assert message is not None
        yield message


class TestButtons:
    async def test_a_press_reaches_the_reception_with_its_value_and_thread(
        self, slack: SlackServer, reception: MemoryReception, posted: Message
    ) -> None:
        answer = await slack.press(action_id="flowmate.retry", message_ts=posted.ts, user="U2", channel="C1")
        (press,) = reception.presses
        assert (answer.status, answer.body) == (200, "")
        assert (press.action, press.value, press.person.id) == ("retry", "d1", "slack:T0001:U2")
        assert press.address.conversation == ("slack", "T0001", "C1", posted.thread_ts)
        assert slack.channel("C1").shown_to("U2") == []

    @pytest.mark.parametrize("by", ["sentence", "exception"])
    async def test_row_11_a_second_foreign_or_late_press_gets_a_sentence_and_changes_nothing(
        self, slack: SlackServer, reception: MemoryReception, posted: Message, by: str
    ) -> None:
        if by == "sentence":
            reception.sentence = "Only the person who asked can cancel this."
        else:
            reception.failures = [Conflict("Only the person who asked can cancel this.")]
        await slack.press(action_id="flowmate.cancel", message_ts=posted.ts, user="U2", channel="C1")
        assert await whispered(slack, to="U2") == "Only the person who asked can cancel this."
        assert (posted.text, posted.edits, posted.deleted) == ("2", [], False)

    async def test_row_10_a_press_gets_503_while_the_database_is_down(
        self, slack: SlackServer, reception: MemoryReception
    ) -> None:
        async with over_http(slack, reception):
            payload = {
                "type": "block_actions", "team": {"id": "T0001"}, "user": {"id": "U1"}, "trigger_id": "1.2.3",
                "actions": [{"type": "button", "action_id": "flowmate.cancel", "block_id": "b", "value": "d1"}],
            }  # fmt: skip
            body = form_body({"payload": json.dumps(payload)})
            reception.down = StoreUnavailable()
            assert (await slack.deliver_raw(body, content_type=FORM_TYPE)).status == 503
            reception.down = None
            assert (await slack.deliver_raw(body, content_type=FORM_TYPE)).status == 200
            assert [press.value for press in reception.presses] == ["d1"]

    async def test_buttons_of_others_are_accepted_and_nothing(
        self, slack: SlackServer, reception: MemoryReception
    ) -> None:
        async with over_http(slack, reception):
            payload = {"type": "block_actions", "team": {"id": "T0001"}, "user": {"id": "U1"},
                       "actions": [{"type": "button", "action_id": "other", "block_id": "b"}]}  # fmt: skip
            body = form_body({"payload": json.dumps(payload)})
            assert (await slack.deliver_raw(body, content_type=FORM_TYPE)).status == 200
            assert reception.presses == []
