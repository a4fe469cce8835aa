"""Events that Slack sends over HTTP, and what becomes of them; rows are those of the bad-input table."""

from __future__ import annotations

import logging

import pytest

from core.errors import StoreUnavailable
from tests.counterparts.slack import SlackServer
from tests.integration.slack_harness import (
    MENTION,
    MemoryReception,
    envelope,
)

pytest_plugins = ("tests.integration.slack_fixtures",)


@pytest.mark.usefixtures("slack_http")
class TestEvents:
    async def test_a_mention_becomes_an_instruction_in_its_own_thread(
        self, slack: SlackServer, reception: MemoryReception
    ) -> None:
        ts = await slack.say("C1", "U1", "<@U0BOT> what is 2 &lt; 3 in <#C9|general>?")
        await slack.settle()
        (instruction,) = reception.instructions.values()
        assert instruction.text == "what is 2 < 3 in #general?"
        assert instruction.address.conversation == ("slack", "T0001", "C1", ts)
        assert instruction.person.id == "slack:T0001:U1"
        assert instruction.origin == "slack"

    async def test_what_flowmate_logs_is_heard_as_loud_as_before(
        self, slack: SlackServer, caplog: pytest.LogCaptureFixture
    ) -> None:
        await slack.say("C1", "U1", "<@U0BOT> what is 2+3?")
        await slack.settle()
        logging.getLogger("flowmate.worker").warning("this is heard")
        assert "this is heard" in caplog.text

    async def test_row_3_an_exact_replay_is_one_delegation(
        self, slack: SlackServer, reception: MemoryReception
    ) -> None:
        (delivery,) = await slack.deliver_event(MENTION)
        again = await slack.replay(delivery)
        assert again.answer.status == 200
        assert len(reception.instructions) == 1

    async def test_row_3_the_same_event_four_times_at_once_is_one_delegation(
        self, slack: SlackServer, reception: MemoryReception
    ) -> None:
        deliveries = await slack.deliver_event(MENTION, event_id="Ev7", copies=4)
        assert [delivery.attempts[0].answer.status for delivery in deliveries] == [200] * 4
        assert len(reception.instructions) == 1

    async def test_row_3_a_resent_event_is_one_delegation(
        self, slack: SlackServer, reception: MemoryReception
    ) -> None:
        await slack.deliver_event(MENTION)
        answer = await slack.deliver_raw(
            envelope(), headers={"X-Slack-Retry-Num": "1", "X-Slack-Retry-Reason": "http_timeout"}
        )
        assert answer.status == 200
        assert len(reception.instructions) == 1

    @pytest.mark.parametrize("subtype", ["message_changed", "message_deleted", "channel_join", "bot_message"])
    async def test_row_6_what_no_person_wrote_is_nothing(
        self, slack: SlackServer, reception: MemoryReception, subtype: str
    ) -> None:
        event = {**MENTION, "type": "message", "subtype": subtype, "channel": "D1", "channel_type": "im"}
        (delivery,) = await slack.deliver_event(event)
        assert [attempt.answer.status for attempt in delivery.attempts] == [200]
        assert reception.received == []

    async def test_row_6_other_bots_joins_edits_and_deletions_are_nothing(
        self, slack: SlackServer, reception: MemoryReception
    ) -> None:
        await slack.bot_says("C1", "<@U0BOT> loop with me")
        ts = await slack.say("C1", "U1", "nothing for anybody")
        await slack.edit("C1", ts, "<@U0BOT> edited in")
        await slack.delete("C1", ts)
        await slack.join("C1", "U2")
        await slack.settle()
        assert {attempt.answer.status for delivery in slack.deliveries for attempt in delivery.attempts} == {
            200
        }
        assert reception.received == []

    async def test_row_6_the_bots_own_message_is_nothing(
        self, slack: SlackServer, reception: MemoryReception
    ) -> None:
        for text in ("<@U0BOT> do it again", "plain"):
            event = {**MENTION, "type": "message", "text": text, "user": "U0BOT", "bot_id": "B0BOT"}
            await slack.deliver_event({**event, "channel": "D1", "channel_type": "im"})
        assert {attempt.answer.status for delivery in slack.deliveries for attempt in delivery.attempts} == {
            200
        }
        assert reception.received == []

    @pytest.mark.parametrize("message_first", [True, False])
    async def test_row_7_a_mention_that_comes_twice_is_one_delegation(
        self, slack: SlackServer, reception: MemoryReception, message_first: bool
    ) -> None:
        slack.message_first = message_first
        await slack.say("C1", "U1", "<@U0BOT> add 1 and 1")
        await slack.settle()
        assert sorted(delivery.event["type"] for delivery in slack.deliveries) == ["app_mention", "message"]
        assert len(reception.received) == 2
        assert reception.texts == ["add 1 and 1"]

    async def test_row_8_an_unknown_team_is_nothing(
        self, slack: SlackServer, reception: MemoryReception
    ) -> None:
        (delivery,) = await slack.deliver_event(MENTION, team="T9999")
        assert delivery.attempts[0].answer.status == 200
        assert reception.received == []

    async def test_row_8_after_an_uninstall_there_is_nothing(
        self, slack: SlackServer, reception: MemoryReception
    ) -> None:
        await slack.uninstall()
        await slack.settle()
        assert [[a.answer.status for a in delivery.attempts] for delivery in slack.deliveries] == [
            [200],
            [200],
        ]
        assert reception.received == []

    @pytest.mark.parametrize(
        "kind", ["reaction_added", "app_home_opened", "agent_session_stopped", "invented"]
    )
    async def test_unhandled_events_are_accepted_once(self, slack: SlackServer, kind: str) -> None:
        (delivery,) = await slack.deliver_event({"type": kind, "user": "U1", "event_ts": "1700000000.000100"})
        assert [attempt.answer.status for attempt in delivery.attempts] == [200]

    async def test_slacks_own_stop_button_cancels_the_persons_work_in_that_thread(
        self, slack: SlackServer, reception: MemoryReception
    ) -> None:
        (delivery,) = await slack.deliver_event(
            {
                "type": "agent_session_stopped",
                "channel": "C1",
                "thread_ts": "1700000000.000100",
                "user": "U1",
                "event_ts": "1700000001.000100",
            }
        )
        assert [attempt.answer.status for attempt in delivery.attempts] == [200]
        ((address, person),) = reception.stopped
        assert (address.place, address.thread) == ("C1", "1700000000.000100")
        assert person.endswith(":U1")

    async def test_row_10_a_database_that_is_down_gets_503_and_nothing_is_lost(
        self, slack: SlackServer, reception: MemoryReception
    ) -> None:
        reception.failures = [StoreUnavailable(), StoreUnavailable()]
        (delivery,) = await slack.deliver_event(MENTION)
        assert [attempt.answer.status for attempt in delivery.attempts] == [503, 503, 200]
        assert reception.texts == ["add 1 and 1"]

    async def test_an_unexpected_failure_is_resent_too(
        self, slack: SlackServer, reception: MemoryReception
    ) -> None:
        reception.failures = [RuntimeError("nobody thought of this")]
        (delivery,) = await slack.deliver_event(MENTION)
        assert [attempt.answer.status for attempt in delivery.attempts] == [500, 200]
        assert len(reception.instructions) == 1

    async def test_a_late_commit_is_answered_in_time_and_found_again(
        self, slack: SlackServer, reception: MemoryReception
    ) -> None:
        reception.seconds = 2.8
        delivery = slack.feed.send(MENTION)
        await slack.wait_for(lambda: delivery.attempts)
        reception.seconds = 0.0
        await slack.settle()
        assert [attempt.answer.status for attempt in delivery.attempts] == [503, 200]
        await slack.wait_for(lambda: delivery.settled)
        assert len(reception.instructions) == 1

    async def test_a_reply_in_a_known_thread_needs_no_mention(
        self, slack: SlackServer, reception: MemoryReception
    ) -> None:
        ts = await slack.say("C1", "U1", "<@U0BOT> add 1 and 1")
        await slack.settle()
        await slack.say("C1", "U2", "and now double it", thread_ts=ts)
        await slack.say("C1", "U2", "<@U1> what do you think?", thread_ts=ts)
        await slack.settle()
        assert reception.texts == ["add 1 and 1", "and now double it"]
        assert {i.address.thread for i in reception.instructions.values()} == {ts}

    async def test_a_reply_in_somebody_elses_thread_is_nothing(
        self, slack: SlackServer, reception: MemoryReception
    ) -> None:
        ts = await slack.say("C1", "U1", "lunch?")
        await slack.say("C1", "U2", "yes", thread_ts=ts)
        await slack.settle()
        assert reception.received == []

    async def test_a_direct_message_is_one_conversation(
        self, slack: SlackServer, reception: MemoryReception
    ) -> None:
        root = await slack.say("D1", "U1", "hello")
        await slack.say("D1", "U1", "in here", thread_ts=root)
        await slack.settle()
        threads = {instruction.text: instruction.address.thread for instruction in reception.received}
        assert threads == {"hello": "", "in here": root}

    async def test_the_zone_is_known_from_the_second_message_on(
        self, slack: SlackServer, reception: MemoryReception
    ) -> None:
        await slack.say("D1", "U1", "first")
        await slack.wait_for(lambda: [r for r in slack.calls("users.info") if r.outcome == "ok"])
        await slack.settle()
        await slack.say("D1", "U1", "second")
        await slack.settle()
        zones = {instruction.text: instruction.person.zone for instruction in reception.received}
        assert zones == {"first": None, "second": "Europe/Berlin"}
        assert len(slack.calls("users.info")) == 1
