"""Slack's Web API and response URLs, with every failure as one of ours."""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import aiohttp
from slack_sdk.errors import SlackApiError, SlackRequestError
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse
from slack_sdk.webhook.async_client import AsyncWebhookClient

from adapters.chat.slack.errors import SlackRefused, to_failure
from core.errors import MessengerUnavailable

TIMEOUT_SECONDS = 10
_CODE = re.compile(r"\b(?:used|expired|invalid)_url\b|(?<=\"error\":\")\w+|(?<=\"error\": \")\w+|^\w+$")


class SlackClient:
    """One HTTP session for everything that goes out to Slack; opened at the first call, in the loop that calls.

    Nothing is repeated here: slack_sdk's default handler would send a post again after a reset connection and so
    post twice, and its rate-limit handler sleeps for the first digit of `Retry-After`. Callers repeat, knowing more.
    """

    def __init__(self, token: str, *, base_url: str, timeout_seconds: float = TIMEOUT_SECONDS) -> None:
        self._token = token
        self._base_url = base_url
        self._timeout_seconds = timeout_seconds
        self._web: AsyncWebClient | None = None

    async def call(
        self,
        method: Callable[[AsyncWebClient], Awaitable[AsyncSlackResponse]],
        *,
        timeout_seconds: float | None = None,
    ) -> AsyncSlackResponse:
        """What Slack answered. Raises MessengerUnavailable or SlackRefused (MessageGone where a message is gone)."""
        try:
            async with asyncio.timeout(timeout_seconds):
                return await method(self._opened())
        except SlackApiError as error:
            raise to_failure(error.response) from error
        except (SlackRequestError, aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
            raise MessengerUnavailable("Slack did not answer.") from error

    async def respond(self, url: str, body: Mapping[str, Any]) -> None:
        """Send to a response URL, which works 5 times in 30 minutes. Raises MessengerUnavailable or SlackRefused."""
        web = self._opened()
        webhook = AsyncWebhookClient(url, session=web.session, retry_handlers=[], logger=web.logger)
        try:
            response = await webhook.send_dict(dict(body))
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
            raise MessengerUnavailable("Slack did not answer.") from error
        if response.status_code == 429 or response.status_code >= 500:
            raise MessengerUnavailable("Slack did not take the message just now.")
        if response.status_code != 200:
            # Slack sends a bare code here, or JSON with one; a proxy's page has none.
            code = _CODE.search(response.body or "")
            raise SlackRefused(code[0] if code else "response_url_refused")

    async def aclose(self) -> None:
        if self._web is not None and self._web.session is not None:
            await self._web.session.close()
        self._web = None

    def _opened(self) -> AsyncWebClient:
        if self._web is None:
            # slack_sdk's own timeout counts for sessions of its own only.
            session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=self._timeout_seconds))
            self._web = AsyncWebClient(
                token=self._token,
                base_url=self._base_url,
                session=session,
                retry_handlers=[],
                logger=sdk_logger(),
            )
        return self._web


def sdk_logger() -> logging.Logger:
    """A logger for Slack's libraries: at DEBUG, and they test for it wrongly, they write out whole messages."""
    logger = logging.getLogger("flowmate.slack.sdk")
    logger.setLevel(logging.ERROR)
    return logger
