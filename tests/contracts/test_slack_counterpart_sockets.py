"""The pretended Slack serves slack_sdk's real Socket Mode client as documented."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from slack_sdk.socket_mode.aiohttp import SocketModeClient
from slack_sdk.socket_mode.request import SocketModeRequest
from slack_sdk.socket_mode.response import SocketModeResponse
from slack_sdk.web.async_client import AsyncWebClient

from tests.counterparts.slack import ManualClock, SlackServer
from tests.counterparts.slack.clients import client_of

Json = dict[str, Any]
BUTTON: Json = {
    "type": "actions",
    "elements": [
        {"type": "button", "text": {"type": "plain_text", "text": "Go"}, "action_id": "go", "value": "7"}
    ],
}


@pytest.fixture
async def slack() -> AsyncIterator[SlackServer]:
    async with SlackServer(ack_seconds=0.2, retry_seconds=(0.0,), monotonic=ManualClock()) as server:
        server.add_user("U1", name="ada")
        server.add_channel("C1", members=["U1"])
        server.add_im("D1", "U1")
        yield server


@pytest.fixture
def client(slack: SlackServer) -> AsyncWebClient:
    return client_of(slack)


@pytest.fixture
async def socket(slack: SlackServer) -> AsyncIterator["Socket"]:
    made = Socket(slack)
    await made.client.connect()
    await slack.wait_for(lambda: slack.sockets.connections)
    yield made
    await made.client.close()
    await asyncio.gather(*made.leftovers(), return_exceptions=True)


class Socket:
    """A real Socket Mode client that acknowledges unless it is told to be deaf."""

    def __init__(self, slack: SlackServer) -> None:
        self.client: Any = SocketModeClient(
            app_token=slack.app_token, web_client=client_of(slack), ping_interval=0.5
        )
        self.client.socket_mode_request_listeners.append(self.hear)
        self.got: list[SocketModeRequest] = []
        self.deaf = 0
        self.payload: Json | None = None

    async def hear(self, client: Any, request: SocketModeRequest) -> None:
        self.got.append(request)
        if len(self.got) > self.deaf:
            response = SocketModeResponse(envelope_id=request.envelope_id, payload=self.payload)
            await client.send_socket_mode_response(response)

    def leftovers(self) -> list["asyncio.Future[Any]"]:
        tasks = (
            self.client.message_processor,
            self.client.current_session_monitor,
            self.client.message_receiver,
        )
        return [task for task in tasks if task is not None]


async def test_events_commands_and_presses_come_over_a_socket(
    slack: SlackServer, socket: Socket, client: AsyncWebClient
) -> None:
    await slack.say("C1", "U1", "<@U0BOT> hi")
    await slack.settle()
    assert [request.type for request in socket.got] == ["events_api", "events_api"]
    assert all(delivery.delivered for delivery in slack.deliveries)
    posted = await client.chat_postMessage(channel="C1", text="sure?", blocks=[BUTTON])
    await slack.settle()
    pressed = await slack.press(action_id="go", message_ts=posted["ts"], user="U1", channel="C1")
    assert pressed.accepted
    assert socket.got[-1].payload["actions"][0]["value"] == "7"
    socket.payload = {"text": "done"}
    answer = await slack.command("/flowmate", "x", user="U1", channel="C1")
    assert answer.payload == {"text": "done"}
    assert [m.text for m in slack.channel("C1").shown_to("U1")] == ["done"]
    assert slack.problems == []


async def test_an_envelope_that_is_not_acknowledged_comes_again(slack: SlackServer, socket: Socket) -> None:
    socket.deaf = 2
    await slack.say("D1", "U1", "hi")
    await slack.settle()
    assert [request.retry_attempt for request in socket.got] == [0, 1, 2]
    assert [request.retry_reason for request in socket.got] == ["", "timeout", "timeout"]
    assert len({request.envelope_id for request in socket.got}) == 3
    assert len({request.payload["event_id"] for request in socket.got}) == 1
    assert slack.deliveries[0].delivered


async def test_a_payload_where_none_is_taken_and_an_unknown_envelope_are_problems(
    slack: SlackServer, socket: Socket
) -> None:
    socket.payload = {"text": "no"}
    await slack.say("D1", "U1", "hi")
    await slack.settle()
    await socket.client.send_message('{"envelope_id": "unknown"}')
    await socket.client.send_message("hello")
    await slack.wait_for(lambda: len(slack.calls("socket.ack")) == 2)
    await slack.wait_for(lambda: len(slack.problems) == 3)


@pytest.mark.parametrize("how", ["refresh_requested", "warning", "drop"])
async def test_a_client_that_lost_its_socket_gets_the_event_after_it_came_back(
    slack: SlackServer, socket: Socket, how: Any
) -> None:
    slack.sockets.opened = 0
    if how == "drop":
        slack.drop_sockets()
    else:
        await slack.disconnect_sockets(reason=how)
    await slack.wait_for(lambda: slack.sockets.opened >= 1)
    await slack.say("D1", "U1", "hi")
    await slack.settle()
    assert slack.deliveries[0].delivered
    assert len(slack.calls("apps.connections.open")) == 2


async def test_events_take_turns_over_the_connections(slack: SlackServer, socket: Socket) -> None:
    other = Socket(slack)
    await other.client.connect()
    await slack.wait_for(lambda: len(slack.sockets.connections) == 2)
    for number in range(4):
        await slack.say("D1", "U1", str(number))
        await slack.settle()
    await other.client.close()
    await asyncio.gather(*other.leftovers(), return_exceptions=True)
    assert (len(socket.got), len(other.got)) == (2, 2)
