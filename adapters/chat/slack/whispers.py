"""Sentences for one person alone."""

from __future__ import annotations

from typing import Any

from adapters.chat.pace import Pace
from adapters.chat.slack.background import Background
from adapters.chat.slack.blocks import to_message
from adapters.chat.slack.client import SlackClient
from adapters.chat.slack.markdown import escape
from core.models import Address, Reply

SHOWN_SECONDS = 3600.0
"""Slack sends a message again within minutes, and a mention twice at once."""


class Whispers:
    """Ephemeral messages, sent behind the acknowledgement."""

    def __init__(self, client: SlackClient, *, pace: Pace, background: Background) -> None:
        self._client = client
        self._pace = pace
        self._background = background

    def tell(self, user: str, sentence: str, *, at: Address) -> None:
        """Show the sentence to this user where they wrote."""
        self._background.spawn(self._post(user, sentence, at), name="chat.postEphemeral")

    def show(self, user: str, markdown: str, *, at: Address, once: str) -> None:
        """Show a text with its links to this user where they wrote; for one message, `once`, however often it comes."""
        message = to_message(Reply(text=markdown))
        self._background.spawn(self._send(user, message, at, once), name="chat.postEphemeral")

    def answer(self, response_url: str, sentence: str) -> None:
        """Show the sentence to whoever pressed the button, and leave the message with the button as it is."""
        body = {"response_type": "ephemeral", "replace_original": False, "text": escape(sentence)}
        self._background.spawn(self._client.respond(response_url, body), name="response_url")

    async def _post(self, user: str, sentence: str, at: Address) -> None:
        await self._client.call(
            lambda web: web.chat_postEphemeral(
                channel=at.place, user=user, text=escape(sentence), thread_ts=at.thread or None, parse="none"
            )
        )

    async def _send(self, user: str, message: dict[str, Any], at: Address, once: str) -> None:
        if not await self._pace.first(f"slack:shown:{once}", within_seconds=SHOWN_SECONDS):
            return
        await self._client.call(
            lambda web: web.chat_postEphemeral(
                channel=at.place, user=user, thread_ts=at.thread or None, **message
            )
        )
