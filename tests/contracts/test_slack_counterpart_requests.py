"""The pretended Slack reads forms and JSON as Slack does, and fails tests with its record."""

from collections.abc import AsyncIterator

import aiohttp
import pytest

from tests.counterparts.slack import BadRecipe, SlackServer
from tests.counterparts.slack.clients import client_of


@pytest.fixture
async def slack() -> AsyncIterator[SlackServer]:
    async with SlackServer() as server:
        server.add_user("U1", name="ada")
        server.add_user("U2", name="bob")
        server.add_channel("C1", members=["U1", "U2"])
        server.add_channel("C2", members=["U1"], bot_is_member=False)
        yield server


@pytest.mark.parametrize("content_type", ["application/x-www-form-urlencoded", "multipart/form-data"])
async def test_forms_carry_json_and_booleans_as_text(slack: SlackServer, content_type: str) -> None:
    fields = {"channel": "C1", "text": "x", "blocks": '[{"type": "divider"}]', "unfurl_links": "false"}
    form = aiohttp.FormData(fields)
    if content_type.startswith("multipart"):
        form = aiohttp.FormData(default_to_multipart=True)
        for name, value in fields.items():
            form.add_field(name, value)
    headers = {"Authorization": "Bearer xoxb-invented"}
    async with (
        aiohttp.ClientSession() as session,
        session.post(slack.base_url + "chat.postMessage", data=form, headers=headers) as answer,
    ):
        assert (await answer.json())["ok"] is True
    assert slack.requests[-1].arguments["unfurl_links"] is False


@pytest.mark.parametrize(
    ("body", "content_type", "error"),
    [
        ("{", "application/json", "invalid_json"),
        ('{"text": NaN}', "application/json", "invalid_json"),
        ("[1]", "application/json", "json_not_object"),
        ("text", "text/html", "invalid_post_type"),
    ],
)
async def test_a_body_that_cannot_be_read_is_named(
    slack: SlackServer, body: str, content_type: str, error: str
) -> None:
    headers = {"Authorization": "Bearer xoxb-invented", "Content-Type": content_type}
    async with (
        aiohttp.ClientSession() as session,
        session.post(slack.base_url + "chat.postMessage", data=body, headers=headers) as answer,
    ):
        assert (await answer.json())["error"] == error


async def test_a_recipe_that_cannot_happen_is_an_error_of_the_test(slack: SlackServer) -> None:
    for impossible in (
        slack.say("C1", "U404", "x"),
        slack.say("C2", "U2", "x"),
        slack.press(action_id="go", message_ts="1.000001", user="U1", channel="C1"),
        slack.command("/flowmate", "x", user="U2", channel="C2"),
        slack.say("C1", "U1", "x", thread_ts="1700000000.000001"),
    ):
        with pytest.raises(BadRecipe):
            await impossible


async def test_waiting_fails_with_the_record(slack: SlackServer) -> None:
    await client_of(slack).chat_postMessage(channel="C1", text="the only post")
    with pytest.raises(AssertionError, match="the only post"):
        await slack.wait_for(lambda: len(slack.channel("C1").visible) == 2, timeout=0.05)
