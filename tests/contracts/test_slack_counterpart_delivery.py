"""The pretended Slack delivers to an app as Slack documents it: signed HTTP."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs

import pytest
from aiohttp import web
from slack_sdk.signature import SignatureVerifier
from slack_sdk.web.async_client import AsyncWebClient

from tests.counterparts.slack import ALL_EVENTS, BadRecipe, ManualClock, SlackServer
from tests.counterparts.slack.clients import client_of

Json = dict[str, Any]
Reply = Callable[[web.Request, bytes], Awaitable[web.StreamResponse]]
BUTTON: Json = {
    "type": "actions",
    "elements": [
        {"type": "button", "text": {"type": "plain_text", "text": "Go"}, "action_id": "go", "value": "7"}
    ],
}


@dataclass
class App:
    """An app that records what it gets and whether the signature was right."""

    got: list[tuple[dict[str, str], bytes, bool]] = field(default_factory=list)
    reply: Reply | None = None
    url: str = ""

    async def handle(self, request: web.Request) -> web.StreamResponse:
        body = await request.read()
        headers = {name.lower(): value for name, value in request.headers.items()}
        valid = SignatureVerifier("invented-signing-secret").is_valid_request(body, headers)
        self.got.append((headers, body, valid))
        return await self.reply(request, body) if self.reply else web.Response()

    @property
    def events(self) -> list[Json]:
        return [json.loads(body) for _, body, _ in self.got]


async def serve(handler: web.Application) -> tuple[web.AppRunner, str]:
    runner = web.AppRunner(handler, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host, port = runner.addresses[0][:2]
    return runner, f"http://{host}:{port}/slack/events"


@pytest.fixture
async def slack() -> AsyncIterator[SlackServer]:
    async with SlackServer(ack_seconds=0.2, retry_seconds=(0.0,), monotonic=ManualClock()) as server:
        server.add_user("U1", name="ada")
        server.add_channel("C1", members=["U1"])
        server.add_im("D1", "U1")
        yield server


@pytest.fixture
async def app(slack: SlackServer) -> AsyncIterator[App]:
    made, application = App(), web.Application()
    application.router.add_post("/slack/events", made.handle)
    runner, made.url = await serve(application)
    slack.connect_http(made.url)
    yield made
    await runner.cleanup()


@pytest.fixture
def client(slack: SlackServer) -> AsyncWebClient:
    return client_of(slack)


@pytest.mark.parametrize("message_first", [False, True])
async def test_a_mention_comes_signed_and_twice(slack: SlackServer, app: App, message_first: bool) -> None:
    slack.message_first = message_first
    ts = await slack.say("C1", "U1", "<@U0BOT> hi")
    await slack.settle()
    assert [valid for _, _, valid in app.got] == [True, True]
    inner = {event["event"]["type"]: event for event in app.events}
    assert set(inner) == {"app_mention", "message"}
    assert inner["app_mention"]["event_id"] != inner["message"]["event_id"]
    assert {event["event"]["ts"] for event in app.events} == {ts}
    assert len({event["event"]["client_msg_id"] for event in app.events}) == 1
    assert app.got[0][0]["content-type"] == "application/json"
    assert "x-slack-retry-num" not in app.got[0][0]


async def test_a_direct_message_comes_once_and_a_foreign_channel_not_at_all(
    slack: SlackServer, app: App
) -> None:
    slack.add_channel("C2", members=["U1"], bot_is_member=False)
    await slack.say("C2", "U1", "<@U0BOT> hi")
    await slack.say("D1", "U1", "<@U0BOT> hi")
    await slack.settle()
    assert [(e["event"]["type"], e["event"]["channel_type"]) for e in app.events] == [("message", "im")]


async def test_an_event_is_resent_three_times_with_number_and_reason(slack: SlackServer, app: App) -> None:
    async def refuse(request: web.Request, body: bytes) -> web.Response:
        return web.Response(status=503)

    app.reply = refuse
    await slack.say("D1", "U1", "hi")
    await slack.settle()
    assert [headers.get("x-slack-retry-num") for headers, _, _ in app.got] == [None, "1", "2", "3"]
    assert {headers.get("x-slack-retry-reason") for headers, _, _ in app.got[1:]} == {"http_error"}
    assert len({event["event_id"] for event in app.events}) == 1
    assert not slack.deliveries[0].delivered


async def test_a_late_answer_is_a_timeout_and_a_right_one_ends_the_resending(
    slack: SlackServer, app: App
) -> None:
    release = asyncio.Event()

    async def late(request: web.Request, body: bytes) -> web.Response:
        if len(app.got) == 1:
            await release.wait()
        return web.Response()

    app.reply = late
    await slack.say("D1", "U1", "hi")
    await slack.settle()
    release.set()
    assert [headers.get("x-slack-retry-reason") for headers, _, _ in app.got] == [None, "http_timeout"]
    assert slack.deliveries[0].delivered


async def test_an_app_can_forbid_resending(slack: SlackServer, app: App) -> None:
    async def refuse(request: web.Request, body: bytes) -> web.Response:
        return web.Response(status=500, headers={"X-Slack-No-Retry": "1"})

    app.reply = refuse
    await slack.say("D1", "U1", "hi")
    await slack.settle()
    assert len(app.got) == 1


async def test_an_app_that_is_down_is_tried_four_times(slack: SlackServer) -> None:
    slack.connect_http("http://127.0.0.1:9/slack/events")
    await slack.say("D1", "U1", "hi")
    await slack.settle()
    errors = [attempt.answer.error for attempt in slack.deliveries[0].attempts]
    assert errors == ["connection_failed"] * 4
    answer = await slack.command("/flowmate", "x", user="U1", channel="D1")
    assert (answer.status, len(slack.deliveries[1].attempts)) == (None, 1)


async def test_edits_deletions_joins_other_bots_and_the_bots_own_messages_are_events(
    slack: SlackServer, app: App, client: AsyncWebClient
) -> None:
    ts = await slack.say("C1", "U1", "hi")
    await slack.edit("C1", ts, "hello")
    await slack.delete("C1", ts)
    await slack.bot_says("C1", "beep")
    slack.add_user("U2")
    await slack.join("C1", "U2")
    await client.chat_postMessage(channel="C1", text="mine")
    await slack.settle()
    shown = {
        (e["event"]["type"], e["event"].get("subtype"), e["event"].get("bot_id", "-")) for e in app.events
    }
    assert shown == {
        ("message", None, "-"),
        ("message", "message_changed", "-"),
        ("message", "message_deleted", "-"),
        ("message", "bot_message", "B0OTHER"),
        ("message", "channel_join", "-"),
        ("member_joined_channel", None, "-"),
        ("message", None, "B0BOT"),
    }


async def test_a_name_that_begins_like_the_bots_is_no_mention(slack: SlackServer, app: App) -> None:
    await slack.say("C1", "U1", "<@U0BOTTLE> hi")
    await slack.settle()
    assert [event["event"]["type"] for event in app.events] == ["message"]


async def test_only_subscribed_events_within_scope_come() -> None:
    async with SlackServer(events=ALL_EVENTS - {"message.channels"}, scopes={"im:history"}) as slack:
        slack.add_user("U1")
        slack.add_channel("C1", members=["U1"])
        await slack.say("C1", "U1", "<@U0BOT> hi")
        assert slack.deliveries == []


async def test_a_command_is_a_form_and_its_answer_is_shown(slack: SlackServer, app: App) -> None:
    async def answer(request: web.Request, body: bytes) -> web.Response:
        return web.json_response({"response_type": "ephemeral", "text": "help"})

    app.reply = answer
    given = await slack.command("/flowmate", " payload ", user="U1", channel="C1")
    headers, body, valid = app.got[0]
    fields = {name: values[0] for name, values in parse_qs(body.decode(), keep_blank_values=True).items()}
    assert (valid, headers["content-type"]) == (True, "application/x-www-form-urlencoded")
    assert (fields["command"], fields["text"], fields["user_id"]) == ("/flowmate", "payload", "U1")
    assert fields["response_url"].startswith(slack.base_url.removesuffix("api/"))
    assert given.payload == {"response_type": "ephemeral", "text": "help"}
    assert [m.text for m in slack.channel("C1").shown_to("U1")] == ["help"]
    await client_views_open(slack, fields["trigger_id"])


async def client_views_open(slack: SlackServer, trigger_id: str) -> None:
    view = {
        "type": "modal",
        "title": {"type": "plain_text", "text": "T"},
        "submit": {"type": "plain_text", "text": "Go"},
        "blocks": [
            {
                "type": "input",
                "block_id": "b",
                "label": {"type": "plain_text", "text": "What?"},
                "element": {"type": "plain_text_input", "action_id": "a", "max_length": 5},
            }
        ],
    }
    opened = await client_of(slack).views_open(trigger_id=trigger_id, view=view)
    for impossible in ({"c": "x"}, {"b": "too long"}, {}):
        with pytest.raises(BadRecipe):
            await slack.submit(opened["view"]["id"], impossible)
    assert (await slack.submit(opened["view"]["id"], {"b": "x"})).accepted
    state = slack.deliveries[-1].payload["view"]["state"]
    assert state == {"values": {"b": {"a": {"type": "plain_text_input", "value": "x"}}}}
    # The app answered the submission like the command before it, which a view does not understand.
    assert slack.problems[-1].startswith("unfit answer to a submission")


async def test_an_unfit_answer_to_a_command_is_a_problem(slack: SlackServer, app: App) -> None:
    async def answer(request: web.Request, body: bytes) -> web.Response:
        return web.json_response({"blocks": [{"type": "paragraph"}]})

    app.reply = answer
    await slack.command("/flowmate", "", user="U1", channel="C1")
    assert "invalid_blocks" in slack.problems[0]
    assert slack.channel("C1").ephemerals == []


async def test_a_command_without_an_answer_in_time_fails_for_the_person(slack: SlackServer, app: App) -> None:
    release = asyncio.Event()

    async def late(request: web.Request, body: bytes) -> web.Response:
        await release.wait()
        return web.Response()

    app.reply = late
    given = await slack.command("/flowmate", "x", user="U1", channel="C1")
    release.set()
    assert (given.accepted, given.error, len(app.got)) == (False, "operation_timeout", 1)


async def test_a_press_names_message_block_and_value(
    slack: SlackServer, app: App, client: AsyncWebClient
) -> None:
    posted = await client.chat_postMessage(channel="C1", text="sure?", blocks=[BUTTON])
    await slack.settle()
    app.got.clear()
    where = {"message_ts": posted["ts"], "user": "U1", "channel": "C1"}
    await slack.press(action_id="go", **where)
    payload = json.loads(parse_qs(app.got[0][1].decode())["payload"][0])
    [action] = payload["actions"]
    assert (action["action_id"], action["block_id"], action["value"]) == ("go", "b0", "7")
    assert (payload["type"], payload["user"]["id"], payload["channel"]["id"]) == ("block_actions", "U1", "C1")
    assert payload["message"]["ts"] == payload["container"]["message_ts"] == posted["ts"]
    assert app.got[0][2]
    with pytest.raises(BadRecipe):
        await slack.press(action_id="stop", **where)


async def test_raw_deliveries_can_be_wrong_in_every_way(slack: SlackServer, app: App) -> None:
    await slack.deliver_raw(b"{}")
    await slack.deliver_raw("{}", signature="v0=bad")
    await slack.deliver_raw(b"{}", timestamp="1000000000")
    await slack.deliver_raw(b"{}", headers={"x-slack-signature": None, "x-slack-retry-num": "1"})
    assert [valid for _, _, valid in app.got] == [True, False, False, False]
    assert "x-slack-signature" not in app.got[3][0]


async def test_an_event_can_be_copied_replayed_and_come_from_elsewhere(slack: SlackServer, app: App) -> None:
    event = {"type": "app_mention", "user": "U1", "text": "x", "channel": "C1", "ts": "1.000001"}
    sent = await slack.deliver_event(event, team="T9", event_id="Ev9", copies=4)
    await slack.replay(sent[0])
    assert [(e["team_id"], e["event_id"]) for e in app.events] == [("T9", "Ev9")] * 5
    headers, body, valid = app.got[-1]
    assert valid
    assert (headers["x-slack-signature"], body) in [(h["x-slack-signature"], b) for h, b, _ in app.got[:-1]]
