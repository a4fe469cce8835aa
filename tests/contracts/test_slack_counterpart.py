"""The pretended Slack answers slack_sdk's real client as Slack documents it: the Web API."""

from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from tests.counterparts.slack import ALL_SCOPES, ManualClock, SlackServer, files_of
from tests.counterparts.slack.clients import client_of, refusal

Json = dict[str, Any]
START = 2027.7346
BUTTON: Json = {"type": "button", "text": {"type": "plain_text", "text": "Go"}, "action_id": "go"}


@pytest.fixture
def clock() -> ManualClock:
    """At an instant where adding 60 seconds and taking them away again leaves a little less."""
    clock = ManualClock(START)
    assert (START + 60) - START < 60
    return clock


@pytest.fixture
async def slack(clock: ManualClock) -> AsyncIterator[SlackServer]:
    async with SlackServer(monotonic=clock) as server:
        server.add_user("U1", tz="Europe/Berlin", name="ada")
        server.add_user("U2", name="bob")
        server.add_channel("C1", members=["U1", "U2"])
        server.add_channel("C2", members=["U1"], bot_is_member=False)
        server.add_channel("G9", kind="group", members=["U1"], bot_is_member=False)
        server.add_im("D1", "U1")
        yield server


@pytest.fixture
def client(slack: SlackServer) -> AsyncWebClient:
    return client_of(slack)


async def test_posting_editing_and_deleting_keeps_every_version(
    slack: SlackServer, client: AsyncWebClient
) -> None:
    posted = await client.chat_postMessage(channel="C1", text="one", unfurl_links=False, unfurl_media=False)
    await client.chat_update(channel="C1", ts=posted["ts"], text="two")
    [message] = slack.channel("C1").visible
    assert (message.text, [version.text for version in message.edits]) == ("two", ["one"])
    assert (message.unfurl_links, message.unfurl_media) == (False, False)
    await client.chat_delete(channel="C1", ts=posted["ts"])
    assert slack.channel("C1").visible == []
    assert await refusal(client.chat_update(channel="C1", ts=posted["ts"], text="x")) == "message_not_found"
    assert await refusal(client.chat_delete(channel="C1", ts=posted["ts"])) == "message_not_found"
    assert [request.method for request in slack.requests][:3] == [
        "chat.postMessage",
        "chat.update",
        "chat.delete",
    ]
    assert [request.outcome for request in slack.requests][:3] == ["ok"] * 3


@pytest.mark.parametrize(
    ("method", "arguments", "error"),
    [
        ("chat.postMessage", {"text": "x"}, "invalid_arguments"),
        ("chat.postMessage", {"channel": "C404", "text": "x"}, "channel_not_found"),
        ("chat.postMessage", {"channel": "#c1", "text": "x"}, "channel_not_found"),
        ("chat.postMessage", {"channel": "G9", "text": "x"}, "channel_not_found"),
        ("chat.postMessage", {"channel": "C2", "text": "x"}, "not_in_channel"),
        ("chat.postMessage", {"channel": "C1"}, "no_text"),
        ("chat.postMessage", {"channel": "C1", "text": " \n"}, "no_text"),
        ("chat.postMessage", {"channel": "C1", "text": "x", "thread": "1.0"}, "invalid_arguments"),
        ("chat.postMessage", {"channel": "C1", "text": "x" * 40_001}, "msg_too_long"),
        ("chat.postMessage", {"channel": "C1", "text": "x", "thread_ts": "17"}, "invalid_thread_ts"),
        (
            "chat.postMessage",
            {"channel": "C1", "text": "x", "thread_ts": "1700000000.000001"},
            "thread_not_found",
        ),
        (
            "chat.postMessage",
            {"channel": "C1", "text": "x", "markdown_text": "y"},
            "markdown_text_conflict",
        ),
        ("chat.postMessage", {"channel": "C1", "markdown_text": "y" * 12_001}, "msg_too_long"),
        ("chat.postMessage", {"channel": "C1", "text": "x", "blocks": {}}, "invalid_blocks_format"),
        ("chat.postMessage", {"channel": "C1", "text": "x", "blocks": "[{"}, "invalid_blocks_format"),
        ("chat.postMessage", {"channel": "C1", "text": "x", "metadata": "no"}, "invalid_metadata_format"),
        (
            "chat.postMessage",
            {"channel": "C1", "text": "x", "metadata": {"event_type": "a b", "event_payload": {}}},
            "invalid_metadata_schema",
        ),
        (
            "chat.postMessage",
            {
                "channel": "C1",
                "text": "x",
                "metadata": {"event_type": "a", "event_payload": {"k": "v" * 9000}},
            },
            "metadata_too_large",
        ),
        ("chat.postMessage", {"channel": "C1", "text": "x", "username": "boss"}, "missing_scope"),
        ("chat.postMessage", {"channel": "C1", "text": "\ud800"}, "invalid_json"),
        ("chat.update", {"channel": "C1", "ts": "1700000000.000001", "text": "x"}, "message_not_found"),
        ("chat.postEphemeral", {"channel": "C1", "user": "U404", "text": "x"}, "user_not_in_channel"),
        ("chat.nothing", {}, "unknown_method"),
    ],
)
async def test_a_bad_call_gets_the_documented_error_and_changes_nothing(
    slack: SlackServer, client: AsyncWebClient, method: str, arguments: Json, error: str
) -> None:
    assert await refusal(client.api_call(method, json=arguments)) == error
    assert slack.channel("C1").messages == []
    assert slack.requests[-1].outcome == error


async def test_tokens_and_scopes_are_checked(slack: SlackServer) -> None:
    for token, error in [(None, "not_authed"), ("xoxb-other", "invalid_auth")]:
        other = client_of(slack, token=token)
        assert await refusal(other.chat_postMessage(channel="C1", text="x")) == error
        assert not slack.requests[-1].token_ok
    app = client_of(slack, token="xapp-invented")
    assert await refusal(app.chat_postMessage(channel="C1", text="x")) == "not_allowed_token_type"
    client = client_of(slack)
    assert await refusal(client.apps_connections_open(app_token="xoxb-invented")) == "not_allowed_token_type"
    await slack.uninstall()
    assert await refusal(client.auth_test()) == "account_inactive"


async def test_a_missing_scope_is_named() -> None:
    async with SlackServer(scopes=ALL_SCOPES - {"chat:write"}) as slack:
        slack.add_channel("C1")
        with pytest.raises(SlackApiError) as caught:
            await client_of(slack).chat_postMessage(channel="C1", text="x")
        answer = caught.value.response
        assert (answer["error"], answer["needed"]) == ("missing_scope", "chat:write")
        assert "commands" in answer["provided"].split(",")


async def test_only_one_post_a_second_fits_into_a_channel(slack: SlackServer, clock: ManualClock) -> None:
    client = client_of(slack)
    await client.chat_postMessage(channel="C1", text="one")
    with pytest.raises(SlackApiError) as caught:
        await client.chat_postMessage(channel="C1", text="two")
    assert (caught.value.response.status_code, caught.value.response.headers["Retry-After"]) == (429, "1")
    await client.chat_postMessage(channel="D1", text="elsewhere")
    clock.advance(1)
    await client.chat_postMessage(channel="C1", text="three")
    assert slack.channel("C1").texts == ["one", "three"]


async def test_edits_have_a_limit_of_their_own(slack: SlackServer, clock: ManualClock) -> None:
    client = client_of(slack)
    ts = (await client.chat_postMessage(channel="C1", text="0"))["ts"]
    for number in range(50):
        await client.chat_update(channel="C1", ts=ts, text=str(number))
    assert await refusal(client.chat_update(channel="C1", ts=ts, text="x")) == "ratelimited"
    clock.advance(60)
    await client.chat_update(channel="C1", ts=ts, text="after a minute")


async def test_an_edit_keeps_blocks_unless_told_and_has_a_shorter_limit(
    slack: SlackServer, client: AsyncWebClient
) -> None:
    blocks = [{"type": "actions", "elements": [BUTTON]}]
    posted = await client.chat_postMessage(channel="C1", text="one", blocks=blocks)
    await client.chat_update(channel="C1", ts=posted["ts"], text="two")
    [message] = slack.channel("C1").visible
    assert len(message.buttons()) == 1
    await client.chat_update(channel="C1", ts=posted["ts"], text="three", blocks=[])
    assert message.buttons() == []
    too_long = client.chat_update(channel="C1", ts=posted["ts"], text="x" * 4001)
    assert await refusal(too_long) == "msg_too_long"
    await client.chat_update(channel="C1", ts=posted["ts"], markdown_text="x" * 12_000)


async def test_somebody_elses_message_cannot_be_changed(slack: SlackServer, client: AsyncWebClient) -> None:
    ts = await slack.say("C1", "U1", "mine")
    assert await refusal(client.chat_update(channel="C1", ts=ts, text="x")) == "cant_update_message"
    assert await refusal(client.chat_delete(channel="C1", ts=ts)) == "cant_delete_message"
    reply = await slack.say("C1", "U2", "a reply", thread_ts=ts)
    deep = client.chat_postMessage(channel="C1", text="x", thread_ts=reply)
    assert await refusal(deep) == "cannot_reply_to_message"


@pytest.mark.parametrize(
    ("arguments", "pinged"),
    [
        ({"text": "hello <!channel> and <!here|here>"}, ["channel", "here"]),
        ({"text": "&lt;!channel&gt; @channel U1"}, []),
        ({"text": "hi <@U1> <!subteam^S1|@crew>"}, ["U1", "S1"]),
        ({"text": "x", "blocks": [{"type": "markdown", "text": "<@U2>"}]}, ["U2"]),
        ({"text": "x", "blocks": [{"type": "section", "text": {"type": "mrkdwn", "text": "<@U2>"}}]}, ["U2"]),
        ({"text": "x", "blocks": [{"type": "header", "text": {"type": "plain_text", "text": "<@U2>"}}]}, []),
        ({"text": "@here", "link_names": True}, ["here"]),
        ({"markdown_text": "<!everyone>"}, ["everyone"]),
    ],
)
async def test_whoever_would_be_pinged_is_recorded(
    slack: SlackServer, client: AsyncWebClient, arguments: Json, pinged: list[str]
) -> None:
    await client.chat_postMessage(channel="C1", **arguments)
    assert [ping.target for ping in slack.pings] == pinged


async def test_history_shows_metadata_only_when_asked(slack: SlackServer, client: AsyncWebClient) -> None:
    metadata = {"event_type": "delivered", "event_payload": {"id": "7"}}
    root = await slack.say("C1", "U1", "ask")
    await client.chat_postMessage(channel="C1", text="answer", thread_ts=root, metadata=metadata)
    await slack.say("C1", "U2", "later")
    plain = await client.conversations_replies(channel="C1", ts=root)
    assert [message.get("metadata") for message in plain["messages"]] == [None, None]
    full = await client.conversations_replies(channel="C1", ts=root, include_all_metadata=True, limit=10)
    assert full["messages"][1]["metadata"] == metadata
    first = await client.conversations_history(channel="C1", limit=1)
    assert ([m["text"] for m in first["messages"]], first["has_more"]) == (["later"], True)
    cursor = first["response_metadata"]["next_cursor"]
    second = await client.conversations_history(channel="C1", limit=1, cursor=cursor)
    assert [(m["text"], m["reply_count"]) for m in second["messages"]] == [("ask", 1)]
    assert await refusal(client.conversations_history(channel="C2")) == "not_in_channel"
    assert await refusal(client.conversations_history(channel="C1", cursor="x")) == "invalid_cursor"
    assert await refusal(client.conversations_replies(channel="C1", ts="1.000001")) == "thread_not_found"


async def test_people_channels_and_reactions_can_be_looked_up(
    slack: SlackServer, client: AsyncWebClient
) -> None:
    assert (await client.auth_test())["bot_id"] == "B0BOT"
    assert (await client.users_info(user="U1"))["user"]["tz"] == "Europe/Berlin"
    assert await refusal(client.users_info(user="U404")) == "user_not_found"
    assert (await client.conversations_info(channel="C2"))["channel"]["is_member"] is False
    assert (await client.conversations_open(users=["U1"]))["channel"]["id"] == "D1"
    opened = (await client.conversations_open(users="U2", return_im=True))["channel"]
    assert opened["user"] == "U2"
    ts = await slack.say("C1", "U1", "hi")
    await client.reactions_add(channel="C1", timestamp=ts, name="eyes")
    again = client.reactions_add(channel="C1", timestamp=ts, name="eyes")
    assert await refusal(again) == "already_reacted"
    assert await refusal(client.reactions_add(channel="C1", timestamp=ts, name=":x:")) == "invalid_name"


async def test_files_go_the_three_documented_steps(slack: SlackServer, client: AsyncWebClient) -> None:
    root = await slack.say("C1", "U1", "report?")
    await client.files_upload_v2(
        channel="C1", thread_ts=root, filename="a.csv", content="1,2\n", initial_comment="here"
    )
    [shared] = slack.channel("C1").thread(root)
    assert (shared.text, files_of(shared, slack.workspace)) == ("here", {"a.csv": b"1,2\n"})
    ticket = await client.files_getUploadURLExternal(filename="b", length=3)
    unsent = client.files_completeUploadExternal(files=[{"id": ticket["file_id"]}], channel_id="C1")
    assert await refusal(unsent) == "file_not_found"
    async with (
        aiohttp.ClientSession() as session,
        session.post(ticket["upload_url"], data=b"toolong") as answer,
    ):
        assert answer.status == 400


async def test_ephemeral_messages_are_kept_apart(slack: SlackServer, client: AsyncWebClient) -> None:
    posted = await client.chat_postEphemeral(channel="C1", user="U1", text="only you")
    assert slack.channel("C1").visible == []
    assert [m.text for m in slack.channel("C1").shown_to("U1")] == ["only you"]
    assert slack.channel("C1").shown_to("U2") == []
    update = client.chat_update(channel="C1", ts=posted["message_ts"], text="x")
    assert await refusal(update) == "message_not_found"


async def test_an_ephemeral_message_is_shown_only_in_a_thread_that_goes_on(
    slack: SlackServer, client: AsyncWebClient
) -> None:
    root = await slack.say("C1", "U1", "root")
    await client.chat_postEphemeral(channel="C1", user="U1", text="unseen", thread_ts=root)
    assert slack.channel("C1").shown_to("U1") == []
    await slack.say("C1", "U2", "reply", thread_ts=root)
    await client.chat_postEphemeral(channel="C1", user="U1", text="seen", thread_ts=root)
    assert [m.text for m in slack.channel("C1").shown_to("U1")] == ["seen"]


async def test_a_home_tab_is_published_and_guarded_by_its_hash(
    slack: SlackServer, client: AsyncWebClient
) -> None:
    view = {"type": "home", "blocks": [{"type": "divider"}]}
    first = await client.views_publish(user_id="U1", view=view)
    await client.views_publish(user_id="U1", view=view, hash=first["view"]["hash"])
    stale = client.views_publish(user_id="U1", view=view, hash=first["view"]["hash"])
    assert await refusal(stale) == "hash_conflict"
    unknown = client.views_publish(user_id="U1", view={"type": "home", "blocks": [{"type": "markdown"}]})
    assert await refusal(unknown) == "invalid_arguments"
