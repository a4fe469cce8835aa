"""The same over Socket Mode; rows are those of the bad-input table."""

from __future__ import annotations

import asyncio

import pytest

from adapters.chat.slack import socket_mode
from core.errors import StoreUnavailable
from tests.counterparts.slack import SlackServer
from tests.integration.slack_harness import (
    MENTION,
    MemoryReception,
    connected,
    over_socket,
    whispered,
)

pytest_plugins = ("tests.integration.slack_fixtures",)


@pytest.mark.usefixtures("slack_socket")
class TestSocketMode:
    async def test_a_mention_is_acknowledged_after_it_was_saved(
        self, slack: SlackServer, reception: MemoryReception
    ) -> None:
        await slack.say("C1", "U1", "<@U0BOT> add 1 and 1")
        await slack.settle()
        assert reception.texts == ["add 1 and 1"]
        assert all(delivery.delivered for delivery in slack.deliveries)
        assert slack.problems == []

    async def test_row_10_an_envelope_is_not_acknowledged_while_the_database_is_down(
        self, slack: SlackServer, reception: MemoryReception
    ) -> None:
        slack.sockets._ack_seconds = 0.3
        reception.failures = [StoreUnavailable()]
        (delivery,) = await slack.deliver_event(MENTION)
        assert [attempt.answer.error for attempt in delivery.attempts] == ["timeout", None]
        assert reception.texts == ["add 1 and 1"]

    async def test_row_9_help_comes_with_the_acknowledgement(
        self, slack: SlackServer, reception: MemoryReception
    ) -> None:
        await slack.command("/flowmate", "", user="U1", channel="C1")
        assert "takes a task in plain words" in await whispered(slack, to="U1")
        assert slack.problems == []

    async def test_a_command_and_its_payload_word(
        self, slack: SlackServer, reception: MemoryReception
    ) -> None:
        await slack.command("/flowmate", "the payload of a truck", user="U1", channel="C1")
        assert reception.texts == ["the payload of a truck"]

    @pytest.mark.parametrize("reason", ["refresh_requested", "warning"])
    async def test_a_disconnect_is_followed_by_a_new_connection(
        self, slack: SlackServer, reception: MemoryReception, reason: str
    ) -> None:
        await slack.disconnect_sockets(reason=reason)  # type: ignore[arg-type]
        await slack.wait_for(lambda: len(slack.calls("apps.connections.open")) >= 2)
        await slack.say("C1", "U1", "<@U0BOT> add 1 and 1")
        await slack.settle()
        assert reception.texts == ["add 1 and 1"]

    async def test_a_malformed_envelope_does_not_stop_the_next_one(
        self, slack: SlackServer, reception: MemoryReception
    ) -> None:
        await slack.deliver_event({"type": ["x"]})
        await slack.deliver_event(MENTION)
        assert reception.texts == ["add 1 and 1"]


async def test_a_connection_that_breaks_without_a_word_is_replaced(
    slack: SlackServer, reception: MemoryReception, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(socket_mode, "PING_SECONDS", 0.1)
    async with over_socket(slack, reception):
        slack.drop_sockets()
        await slack.wait_for(lambda: len(slack.calls("apps.connections.open")) >= 2)
        await slack.say("C1", "U1", "<@U0BOT> add 1 and 1")
        await slack.settle()
    assert reception.texts == ["add 1 and 1"]


async def test_a_ticket_that_does_not_work_is_exchanged(
    slack: SlackServer, reception: MemoryReception, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(socket_mode, "CONNECT_SECONDS", 0.3)
    good = slack.api.new_socket_url
    urls = iter([good().partition("?")[0] + "?ticket=used"])
    slack.api.new_socket_url = lambda: next(urls, None) or good()
    async with over_socket(slack, reception):
        await slack.say("C1", "U1", "<@U0BOT> add 1 and 1")
        await slack.settle()
    assert len(slack.calls("apps.connections.open")) == 2
    assert reception.texts == ["add 1 and 1"]


async def test_listening_to_nobody_ends_when_it_is_told_to(reception: MemoryReception) -> None:
    async with SlackServer() as slack:
        pass
    async with connected(slack, socket_mode=True) as connection:
        listening = asyncio.create_task(connection.listen(reception))
        await asyncio.sleep(0.05)
        listening.cancel()
        with pytest.raises(asyncio.CancelledError):
            await listening


async def test_over_http_there_is_nothing_to_listen_to_and_over_a_socket_no_route(
    slack: SlackServer, reception: MemoryReception
) -> None:
    async with connected(slack) as connection:
        await connection.listen(reception)
    async with connected(slack, socket_mode=True) as connection:
        assert list(connection.routes(reception)) == []


async def test_a_socket_is_opened_although_slack_refuses_at_first(
    slack: SlackServer, reception: MemoryReception
) -> None:
    slack.fail_next("apps.connections.open", "500")
    async with over_socket(slack, reception):
        await slack.say("C1", "U1", "<@U0BOT> add 1 and 1")
        await slack.settle()
    assert reception.texts == ["add 1 and 1"]


async def test_what_has_begun_is_finished_before_a_socket_closes(
    slack: SlackServer, reception: MemoryReception
) -> None:
    reception.seconds = 0.3
    async with over_socket(slack, reception):
        delivery = slack.feed.send(MENTION)
        await slack.wait_for(lambda: slack.calls("auth.test"))
    assert len(reception.instructions) == 1
    await slack.wait_for(lambda: delivery.attempts)
    assert delivery.attempts[0].answer.accepted
