"""The pretended Slack answers slack_sdk's real client: streams, threads, short-lived URLs and ordered faults."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.http_retry.builtin_async_handlers import async_default_handlers
from slack_sdk.models.messages.chunk import MarkdownTextChunk, TaskUpdateChunk
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.webhook.async_client import AsyncWebhookClient

from tests.counterparts.slack import ManualClock, SlackServer, message_tasks
from tests.counterparts.slack.clients import client_of, refusal

Json = dict[str, Any]
RECIPIENT = {"recipient_user_id": "U1", "recipient_team_id": "T0001"}


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
async def slack(clock: ManualClock) -> AsyncIterator[SlackServer]:
    async with SlackServer(monotonic=clock) as server:
        server.add_user("U1", name="ada")
        server.add_channel("C1", members=["U1"])
        server.add_im("D1", "U1")
        yield server


@pytest.fixture
def client(slack: SlackServer) -> AsyncWebClient:
    return client_of(slack)


async def test_the_real_chat_stream_becomes_one_message(slack: SlackServer, client: AsyncWebClient) -> None:
    root = await slack.say("C1", "U1", "tell me")
    stream = await client.chat_stream(channel="C1", thread_ts=root, buffer_size=4, **RECIPIENT)
    await stream.append(markdown_text="**One** ")
    task = TaskUpdateChunk(id="1", title="Look", status="in_progress")
    await stream.append(chunks=[task])
    await stream.append(chunks=[TaskUpdateChunk(id="1", title="Look", status="complete")])
    await stream.append(markdown_text="and two.")
    await stream.stop(metadata={"event_type": "answer", "event_payload": {"id": "1"}})
    [message] = slack.channel("C1").thread(root)
    assert (message.ts, message.text) == (stream.ts, "**One** and two.")
    assert [task["status"] for task in message_tasks(message)] == ["complete"]
    assert message.metadata == {"event_type": "answer", "event_payload": {"id": "1"}}
    again = client.chat_appendStream(channel="C1", ts=message.ts, markdown_text="x")
    assert await refusal(again) == "message_not_in_streaming_state"


async def test_a_stream_ends_by_itself_and_can_then_be_edited(
    slack: SlackServer, client: AsyncWebClient, clock: ManualClock
) -> None:
    root = await slack.say("D1", "U1", "tell me")
    ts = (await client.chat_startStream(channel="D1", thread_ts=root, markdown_text="begin"))["ts"]
    busy = client.chat_update(channel="D1", ts=ts, text="x")
    assert await refusal(busy) == "streaming_state_conflict"
    clock.advance(299)
    await client.chat_appendStream(channel="D1", ts=ts, markdown_text=", go on")
    clock.advance(2)
    for call in (
        client.chat_appendStream(channel="D1", ts=ts, markdown_text="x"),
        client.chat_stopStream(channel="D1", ts=ts),
    ):
        assert await refusal(call) == "message_not_in_streaming_state"
    await client.chat_update(channel="D1", ts=ts, text="whole answer")
    assert slack.channel("D1").thread(root)[0].text == "whole answer"


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ({"channel": "C1"}, "missing_recipient_user_id"),
        ({"channel": "C1", "recipient_user_id": "U1"}, "missing_recipient_team_id"),
        ({"channel": "C1", **RECIPIENT, "recipient_user_id": "U404"}, "user_not_found"),
        ({"channel": "C1", **RECIPIENT, "markdown_text": "x" * 12_001}, "msg_too_long"),
        ({"channel": "C1", **RECIPIENT, "markdown_text": "x", "chunks": [{}]}, "invalid_arguments"),
        ({"channel": "C1", **RECIPIENT, "chunks": [{"type": "song"}]}, "invalid_chunks"),
        ({"channel": "C1", **RECIPIENT, "task_display_mode": "list"}, "invalid_arguments"),
        ({"channel": "C404", **RECIPIENT}, "channel_not_found"),
    ],
)
async def test_a_stream_that_cannot_start_leaves_nothing(
    slack: SlackServer, client: AsyncWebClient, arguments: Json, error: str
) -> None:
    root = await slack.say("C1", "U1", "tell me")
    assert await refusal(client.chat_startStream(thread_ts=root, **arguments)) == error
    assert slack.channel("C1").thread(root) == []


async def test_a_stream_keeps_its_mode_its_owner_and_its_size(
    slack: SlackServer, client: AsyncWebClient
) -> None:
    root = await slack.say("D1", "U1", "tell me")
    ts = (await client.chat_startStream(channel="D1", thread_ts=root, markdown_text="a"))["ts"]
    chunks = [MarkdownTextChunk(text="b")]
    other = client.chat_appendStream(channel="D1", ts=ts, chunks=chunks)
    assert await refusal(other) == "streaming_mode_mismatch"
    assert await refusal(client.chat_appendStream(channel="D1", ts=ts)) == "no_text"
    stranger = client.chat_appendStream(channel="D1", ts=root, markdown_text="x")
    assert await refusal(stranger) == "message_not_owned_by_app"
    much = client.chat_appendStream(channel="D1", ts=ts, markdown_text="€" * 4000)
    assert await refusal(much) == "msg_too_long"
    await client.chat_appendStream(channel="D1", ts=ts, markdown_text=" <!cha")
    await client.chat_appendStream(channel="D1", ts=ts, markdown_text="nnel>")
    assert [ping.target for ping in slack.pings] == ["channel"]


async def test_a_stop_button_ends_streams_and_leaves_the_session_to_the_app(
    slack: SlackServer, client: AsyncWebClient
) -> None:
    root = await slack.say("D1", "U1", "tell me")
    await client.agents_sessions_setStatus(channel_id="D1", thread_ts=root, status="processing")
    ts = (await client.chat_startStream(channel="D1", thread_ts=root, markdown_text="a"))["ts"]
    assert await slack.stop_session("D1", root, user="U1") == [ts]
    assert slack.workspace.sessions["D1", root] == "processing"
    late = client.chat_appendStream(channel="D1", ts=ts, markdown_text="x")
    assert await refusal(late) == "message_not_in_streaming_state"


async def test_a_status_goes_with_the_answer_or_after_two_minutes(
    slack: SlackServer, client: AsyncWebClient, clock: ManualClock
) -> None:
    root = await slack.say("C1", "U1", "tell me")
    thread: Json = {"channel_id": "C1", "thread_ts": root}
    await client.assistant_threads_setStatus(**thread, status="is thinking", loading_messages=["hm"])
    assert slack.workspace.status("C1", root) == "is thinking"
    clock.advance(121)
    assert slack.workspace.status("C1", root) is None
    await client.assistant_threads_setStatus(**thread, status="is back")
    await client.chat_postMessage(channel="C1", thread_ts=root, text="answer")
    assert slack.workspace.status("C1", root) is None
    await client.assistant_threads_setStatus(**thread, status="")
    wrong = client.assistant_threads_setStatus(channel_id="C1", thread_ts="1.000001", status="x")
    assert await refusal(wrong) == "invalid_thread_ts"


async def test_titles_and_prompts_belong_to_direct_messages(
    slack: SlackServer, client: AsyncWebClient
) -> None:
    root = await slack.say("D1", "U1", "tell me")
    await client.assistant_threads_setTitle(channel_id="D1", thread_ts=root, title="Talk")
    prompts = [{"title": "One", "message": "Do one"}]
    await client.assistant_threads_setSuggestedPrompts(channel_id="D1", thread_ts=root, prompts=prompts)
    assert slack.workspace.titles["D1", root] == "Talk"
    many = client.assistant_threads_setSuggestedPrompts(channel_id="D1", thread_ts=root, prompts=prompts * 5)
    assert await refusal(many) == "invalid_arguments"


MODAL: Json = {"type": "modal", "title": {"type": "plain_text", "text": "T"}, "blocks": [{"type": "divider"}]}


async def test_a_trigger_works_once_and_three_seconds(
    slack: SlackServer, client: AsyncWebClient, clock: ManualClock
) -> None:
    first, second = slack.hooks.new_trigger("U1"), slack.hooks.new_trigger("U1")
    view_id = (await client.views_open(trigger_id=first, view=MODAL))["view"]["id"]
    assert slack.workspace.views[view_id].user == "U1"
    assert await refusal(client.views_open(trigger_id=first, view=MODAL)) == "exchanged_trigger_id"
    clock.advance(3.1)
    assert await refusal(client.views_open(trigger_id=second, view=MODAL)) == "expired_trigger_id"
    assert await refusal(client.views_open(trigger_id="1.2.x", view=MODAL)) == "invalid_trigger_id"
    for wrong in ({**MODAL, "title": {"type": "plain_text", "text": "T" * 25}}, {**MODAL, "type": "home"}):
        assert await refusal(client.views_open(trigger_id=second, view=wrong)) == "invalid_arguments"


async def test_a_response_url_works_five_times_in_thirty_minutes(
    slack: SlackServer, clock: ManualClock
) -> None:
    hook = slack.hooks.new_hook(channel="C1", user="U1")
    webhook = AsyncWebhookClient(slack._hook_url(hook), retry_handlers=[])
    assert (await webhook.send(text="just you")).body == "ok"
    assert (await webhook.send(text="all", response_type="in_channel")).status_code == 200
    assert [m.text for m in slack.channel("C1").shown_to("U1")] == ["just you"]
    assert slack.channel("C1").texts == ["all"]
    assert (await webhook.send(text="")).status_code == 400
    for _ in range(2):
        await webhook.send(text="x")
    assert (await webhook.send(text="x")).status_code == 404
    assert [request.outcome for request in slack.calls("response_url")][-1] == "used_url"
    late = slack.hooks.new_hook(channel="C1", user="U1")
    clock.advance(30 * 60 + 1)
    answer = await AsyncWebhookClient(slack._hook_url(late), retry_handlers=[]).send(text="x")
    assert "expired_url" in answer.body


async def post(client: AsyncWebClient) -> Any:
    return await client.chat_postMessage(channel="C1", text="x")


@pytest.mark.parametrize(
    ("kind", "status", "error", "applied"),
    [
        ("429", 429, "ratelimited", 0),
        ("500", 500, None, 0),
        ("503", 503, "service_unavailable", 0),
        ("html_200", 200, None, 0),
        ("channel_not_found", 200, "channel_not_found", 0),
    ],
)
async def test_a_fault_is_met_once_and_by_the_named_method(
    slack: SlackServer, client: AsyncWebClient, kind: str, status: int, error: str | None, applied: int
) -> None:
    slack.fail_next("chat.postMessage", kind, retry_after=7)
    await client.auth_test()
    with pytest.raises(SlackApiError) as caught:
        await post(client)
    answer = caught.value.response
    assert answer.status_code == status
    assert error is None or answer["error"] == error
    assert kind != "429" or answer.headers["Retry-After"] == "7"
    assert len(slack.channel("C1").visible) == applied
    await post(client)
    assert slack.faults.unused == ()


@pytest.mark.parametrize(
    ("kind", "raised", "applied"),
    [
        ("reset", aiohttp.ClientConnectionError, 0),
        ("reset_after", aiohttp.ClientConnectionError, 1),
        ("cut_after", aiohttp.ClientPayloadError, 1),
    ],
)
async def test_a_cut_connection_tells_nothing_about_what_was_applied(
    slack: SlackServer, client: AsyncWebClient, kind: str, raised: type[Exception], applied: int
) -> None:
    slack.fail_next("chat.postMessage", kind)
    with pytest.raises(raised):
        await post(client)
    assert len(slack.channel("C1").visible) == applied


async def test_the_default_client_doubles_a_post_whose_answer_was_lost(
    slack: SlackServer, clock: ManualClock
) -> None:
    client = client_of(slack, retry_handlers=async_default_handlers())
    slack.fail_next("chat.postMessage", "reset_after")
    call = asyncio.ensure_future(post(client))
    await slack.wait_for(lambda: slack.channel("C1").visible)
    clock.advance(1)
    await call
    assert len(slack.channel("C1").visible) == 2


async def test_a_slow_call_is_applied_although_the_client_gave_up(slack: SlackServer) -> None:
    client = client_of(slack, timeout=0.1)
    slack.fail_next("chat.postMessage", "slow", seconds=0.3)
    with pytest.raises(TimeoutError):
        await post(client)
    await slack.wait_for(lambda: slack.channel("C1").texts == ["x"])
