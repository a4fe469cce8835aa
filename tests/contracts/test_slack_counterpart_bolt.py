"""A real slack-bolt app works against the pretended Slack, over HTTP and over Socket Mode."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import web
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp

from tests.counterparts.slack import SlackServer
from tests.counterparts.slack.clients import client_of

Json = dict[str, Any]
BUTTON: Json = {
    "type": "actions",
    "elements": [{"type": "button", "text": {"type": "plain_text", "text": "Go"}, "action_id": "go"}],
}


@pytest.fixture
async def slack() -> AsyncIterator[SlackServer]:
    async with SlackServer(burst=3) as server:
        server.add_user("U1", name="ada")
        server.add_channel("C1", members=["U1"])
        yield server


@pytest.fixture
def bolt(slack: SlackServer) -> AsyncApp:
    made = AsyncApp(
        signing_secret=slack.signing_secret, client=client_of(slack), process_before_response=True
    )

    @made.event("app_mention")
    async def mentioned(event: Json, say: Any) -> None:
        await say(text=f"you said {event['text']}", thread_ts=event["ts"], blocks=[BUTTON])

    @made.event("message")
    async def written(event: Json) -> None:
        return None

    @made.action("go")
    async def pressed(ack: Any, respond: Any) -> None:
        await ack()
        await respond(text="went", replace_original=True)

    @made.command("/flowmate")
    async def commanded(ack: Any) -> None:
        await ack("hello")

    return made


async def converse(slack: SlackServer) -> None:
    ts = await slack.say("C1", "U1", "<@U0BOT> hi")
    [answer] = await slack.wait_for(lambda: slack.channel("C1").thread(ts))
    assert answer.text == "you said <@U0BOT> hi"
    assert (await slack.press(action_id="go", message_ts=answer.ts, user="U1", channel="C1")).accepted
    await slack.wait_for(lambda: answer.text == "went" and not answer.buttons())
    await slack.command("/flowmate", "", user="U1", channel="C1")
    assert [m.text for m in slack.channel("C1").shown_to("U1")] == ["hello"]
    await slack.settle()
    assert all(delivery.delivered for delivery in slack.deliveries)
    assert slack.problems == []


async def test_over_http(slack: SlackServer, bolt: AsyncApp) -> None:
    runner = web.AppRunner(bolt.web_app("/slack/events"), access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        host, port = runner.addresses[0][:2]
        slack.connect_http(f"http://{host}:{port}/slack/events")
        assert await slack.verify_url()
        await converse(slack)
    finally:
        await runner.cleanup()


async def test_over_a_socket(slack: SlackServer, bolt: AsyncApp) -> None:
    handler: Any = AsyncSocketModeHandler(bolt, slack.app_token, web_client=client_of(slack))
    await handler.connect_async()
    try:
        await slack.wait_for(lambda: slack.sockets.connections)
        await converse(slack)
    finally:
        client = handler.client
        await handler.close_async()
        tasks = [client.message_processor, client.current_session_monitor, client.message_receiver]
        await asyncio.gather(*tasks, return_exceptions=True)
