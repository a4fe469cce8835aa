"""The pretended Slack checks Block Kit as documented, for blocks that slack_sdk's real client sends."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from slack_sdk.models.blocks import ActionsBlock, ButtonElement, MarkdownBlock, SectionBlock
from slack_sdk.web.async_client import AsyncWebClient

from tests.counterparts.slack import SlackServer
from tests.counterparts.slack.clients import client_of, refusal

Json = dict[str, Any]


@pytest.fixture
async def slack() -> AsyncIterator[SlackServer]:
    async with SlackServer() as server:
        server.add_channel("C1")
        yield server


@pytest.fixture
def client(slack: SlackServer) -> AsyncWebClient:
    return client_of(slack)


BUTTON: Json = {
    "type": "button",
    "text": {"type": "plain_text", "text": "Go"},
    "action_id": "go",
    "value": "1",
}
WORDS: Json = {"type": "mrkdwn", "text": "x"}


def button(**more: Any) -> Json:
    return {"type": "actions", "elements": [{**BUTTON, **more}]}


@pytest.mark.parametrize(
    ("blocks", "error"),
    [
        ([{"type": "divider"}] * 51, "invalid_blocks"),
        ([{"type": "paragraph"}], "invalid_blocks"),
        ([{"text": WORDS}], "invalid_blocks"),
        ([{"type": "section"}], "invalid_blocks"),
        ([{"type": "section", "text": {"type": "mrkdwn", "text": ""}}], "invalid_blocks"),
        ([{"type": "section", "text": {"type": "mrkdwn", "text": "x" * 3001}}], "invalid_blocks"),
        ([{"type": "section", "text": WORDS, "colour": "red"}], "invalid_blocks"),
        ([{"type": "section", "text": "x"}], "invalid_blocks"),
        ([{"type": "section", "fields": [WORDS] * 11}], "invalid_blocks"),
        ([{"type": "header", "text": WORDS}], "invalid_blocks"),
        ([{"type": "header", "text": {"type": "plain_text", "text": "x" * 151}}], "invalid_blocks"),
        ([{"type": "context", "elements": [WORDS] * 11}], "invalid_blocks"),
        ([{"type": "actions", "elements": []}], "invalid_blocks"),
        ([{"type": "actions", "elements": [BUTTON, BUTTON]}], "invalid_blocks"),
        ([button(value="x" * 2001)], "invalid_blocks"),
        ([button(action_id="x" * 256)], "invalid_blocks"),
        ([button(text=WORDS)], "invalid_blocks"),
        ([button(text={"type": "plain_text", "text": "x" * 76})], "invalid_blocks"),
        ([button(style="green")], "invalid_blocks"),
        ([{"type": "divider", "block_id": "a"}, {"type": "divider", "block_id": "a"}], "invalid_blocks"),
        ([{"type": "table", "rows": [[{"type": "raw_text", "text": "x"}] * 21]}], "invalid_blocks"),
        ([{"type": "table", "rows": [[{"type": "raw_text", "text": "x"}]] * 101}], "invalid_blocks"),
        ([{"type": "task_card", "task_id": "1", "title": "x", "status": "done"}], "invalid_blocks"),
        ([{"type": "markdown", "text": "x" * 6001}] * 2, "msg_blocks_too_long"),
    ],
)
async def test_blocks_outside_block_kit_are_refused(
    slack: SlackServer, client: AsyncWebClient, blocks: list[Json], error: str
) -> None:
    assert await refusal(client.chat_postMessage(channel="C1", text="x", blocks=blocks)) == error
    assert slack.channel("C1").messages == []


async def test_good_blocks_pass_at_their_limits(slack: SlackServer, client: AsyncWebClient) -> None:
    rows = [[{"type": "raw_text", "text": "x"}] * 20] * 100
    feedback = {"text": {"type": "plain_text", "text": "Good"}, "value": "good"}
    blocks: list[Any] = [
        MarkdownBlock(text="x" * 12_000),
        SectionBlock(text="y" * 3000),
        ActionsBlock(elements=[ButtonElement(text="Go", action_id="z" * 255, value="v" * 2000)]),
        {"type": "table", "rows": rows},
        {"type": "plan", "title": "Plan", "tasks": [{"type": "task_card", "task_id": "1", "title": "One"}]},
        {
            "type": "context_actions",
            "elements": [
                {"type": "feedback_buttons", "positive_button": feedback, "negative_button": feedback}
            ],
        },
        *[{"type": "divider"}] * 44,
    ]
    await client.chat_postMessage(channel="C1", text="x", blocks=blocks)
    [message] = slack.channel("C1").visible
    assert len(message.blocks) == 50
    assert [b["action_id"] for b in message.buttons()] == ["z" * 255, "a5_0"]
