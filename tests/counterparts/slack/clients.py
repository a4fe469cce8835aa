"""slack_sdk's own client, pointed at the pretended Slack."""

from collections.abc import Awaitable
from typing import Any

from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from tests.counterparts.slack.server import SlackServer


def client_of(slack: SlackServer, **more: Any) -> AsyncWebClient:
    """The real client with the bot's token and without retries."""
    known = {"token": slack.bot_token, "base_url": slack.base_url, "retry_handlers": []}
    return AsyncWebClient(**{**known, **more})


async def refusal(call: Awaitable[Any]) -> str | None:
    """The Slack error code of a call, or None when it went well."""
    try:
        await call
    except SlackApiError as error:
        return str(error.response.get("error"))
    return None
