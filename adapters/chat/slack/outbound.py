"""Posting into Slack."""

from __future__ import annotations

from typing import Any

from adapters.chat.pace import Pace, patience_for
from adapters.chat.slack import blocks
from adapters.chat.slack.client import SlackClient
from adapters.chat.slack.errors import NOT_A_MEMBER, AnotherWorkspace, SlackRefused
from adapters.chat.slack.files import share
from adapters.chat.slack.history import messages_since
from adapters.chat.slack.identity import OwnIdentity
from adapters.chat.slack.inbound import PLATFORM
from adapters.chat.slack.pace import EDITS, PROGRESS, posts
from core.errors import MessageGone, MessengerUnavailable
from core.models import Address, Reply
from core.ports.clock import Clock
from core.ports.messenger import Capabilities, Tag

METADATA_TYPE = "flowmate_answer"
# What stands in for a message's id where only the response URL of a slash command reaches the channel.
THROUGH_RESPONSE_URL = "response_url"
LOOK_BACK_SECONDS = 48 * 3600


class SlackMessenger:
    """Slack's outbound side; nothing is repeated in here.

    Where FlowMate is no member of the channel, the response URL of a slash command is the only way in. It works five
    times in thirty minutes, names no message, and can't replace what it sent: progress goes to the person alone,
    once, and the answer is a message of its own.
    """

    def __init__(self, client: SlackClient, *, identity: OwnIdentity, clock: Clock, pace: Pace) -> None:
        self._client = client
        self._identity = identity
        self._clock = clock
        self._pace = pace

    @property
    def platform(self) -> str:
        return PLATFORM

    @property
    def capabilities(self) -> Capabilities:
        # chat.update allows about 50 calls a minute, for all messages together.
        return Capabilities(edit=True, find_own=True, seconds_between_edits=3.0)

    def split(self, reply: Reply) -> tuple[Reply, ...]:
        return blocks.split(reply)

    def is_private(self, address: Address) -> bool:
        """In FlowMate's own direct messages; a command may also come from those of two people, whose channel looks
        the same."""
        return address.place.startswith("D") and not address.via

    async def post(self, address: Address, part: Reply, *, tag: Tag) -> str:
        """Post, and return the message's `ts`.

        MessengerUnavailable may mean that it was posted all the same, and that files are missing: find it and edit.
        """
        metadata = {
            "event_type": METADATA_TYPE,
            "event_payload": {"delegation_id": tag.delegation_id, "part": tag.part},
        }
        message = _fitting(part)
        try:
            async with self._pace.turn(
                posts(address.place), order=tag.order, patience_seconds=patience_for(part)
            ):
                answer = await self._client.call(
                    lambda web: web.chat_postMessage(
                        channel=address.place,
                        thread_ts=address.thread or None,
                        metadata=metadata,
                        unfurl_links=False,
                        unfurl_media=False,
                        link_names=False,
                        parse="none",
                        **message,
                    )
                )
        except SlackRefused as refusal:
            if refusal.code not in NOT_A_MEMBER or not address.via:
                raise
            await self._respond(address, part, message=message)
            return THROUGH_RESPONSE_URL
        await self._share(address, part, after=answer["ts"])
        return str(answer["ts"])

    async def edit(self, address: Address, message_id: str, part: Reply) -> None:
        """Replace the message's text and buttons. Raises MessageGone where it can't be changed any more."""
        message = _fitting(part)
        if message_id != THROUGH_RESPONSE_URL:
            await self._update(address, message_id, message, progress=part.is_progress)
            await self._share(address, part, after=message_id)
        elif not part.is_progress:
            await self._respond(address, part, message=message)

    async def _update(
        self, address: Address, message_id: str, message: dict[str, Any], *, progress: bool
    ) -> None:
        if progress:
            # Progress never waits, nor does it take from answers what they need.
            await self._pace.pass_through(EDITS, PROGRESS, patience_seconds=0.0)
        else:
            await self._pace.pass_through(EDITS)
        try:
            await self._client.call(
                lambda web: web.chat_update(
                    channel=address.place, ts=message_id, link_names=False, parse="none", **message
                )
            )
        except MessengerUnavailable as error:
            await self._pace.hold(EDITS, seconds=error.retry_after_seconds or 0.0)
            raise

    async def delete(self, address: Address, message_id: str) -> None:
        if message_id == THROUGH_RESPONSE_URL:
            return
        try:
            await self._client.call(lambda web: web.chat_delete(channel=address.place, ts=message_id))
        except MessageGone:
            return

    async def find_own(self, address: Address, *, tag: Tag) -> str | None:
        """Look through the conversation's last two days for an own message with this tag."""
        own_bot = (await self._identity.get()).bot
        wanted = {"delegation_id": tag.delegation_id, "part": tag.part}
        oldest = self._clock.now().timestamp() - LOOK_BACK_SECONDS
        async for message in messages_since(self._client, address, oldest=oldest, own_bot=own_bot):
            metadata = message.get("metadata") or {}
            if metadata.get("event_type") == METADATA_TYPE and metadata.get("event_payload") == wanted:
                return str(message["ts"])
        return None

    async def reach(self, address: Address) -> None:
        """Look into the channel, which takes the same membership as posting there."""
        me = await self._identity.get()
        if address.workspace != me.team and not me.org_wide:
            raise AnotherWorkspace(own=me.team, given=address.workspace)
        await self._client.call(lambda web: web.conversations_history(channel=address.place, limit=1))

    async def _share(self, address: Address, part: Reply, *, after: str) -> None:
        if part.files:
            own_bot = (await self._identity.get()).bot
            await share(self._client, address, part.files, after=after, own_bot=own_bot)

    async def _respond(self, address: Address, part: Reply, *, message: dict[str, Any]) -> None:
        shown_to = "ephemeral" if part.is_progress else "in_channel"
        body = {
            "response_type": shown_to,
            "replace_original": False,
            "unfurl_links": False,
            "unfurl_media": False,
        }
        await self._client.respond(address.via, {**body, **message})


def _fitting(part: Reply) -> dict[str, Any]:
    """The message's arguments. Raises SlackRefused, without asking Slack, for more than one message holds."""
    if not blocks.fits(part):
        raise SlackRefused("msg_too_long")
    return blocks.to_message(part)
