"""Posting into Parlour."""

from __future__ import annotations

from urllib.parse import quote

from adapters.chat.pace import LONGEST_WAIT_SECONDS, PLACEHOLDER_WAIT_SECONDS, Pace
from core.errors import MessageGone
from core.models import Address, Person, Reply
from core.ports.messenger import Capabilities, Tag
from tests.platforms.parlour import formatting
from tests.platforms.parlour.client import ParlourClient
from tests.platforms.parlour.inbound import PLATFORM
from tests.platforms.parlour.pace import edits, posts


class ParlourMessenger:
    """Parlour's outbound side. Its nonces make a post that is repeated the post that it was."""

    def __init__(self, client: ParlourClient, *, pace: Pace) -> None:
        self._client = client
        self._pace = pace

    @property
    def platform(self) -> str:
        return PLATFORM

    @property
    def capabilities(self) -> Capabilities:
        return Capabilities(edit=True, find_own=True, seconds_between_edits=1.0)

    def split(self, reply: Reply) -> tuple[Reply, ...]:
        return formatting.split(reply)

    async def post(self, address: Address, part: Reply, *, tag: Tag) -> str:
        patience = PLACEHOLDER_WAIT_SECONDS if part.is_progress else LONGEST_WAIT_SECONDS
        body = {**formatting.to_message(part), "nonce": _nonce(tag), "thread": address.thread}
        async with self._pace.turn(posts(address.place), order=tag.order, patience_seconds=patience):
            if address.thread:
                # A thread that is open is opened again without harm.
                await self._client.call("PUT", f"{_channel(address)}/threads/{quote(address.thread)}")
            answer = await self._client.call("POST", f"{_channel(address)}/messages", body)
        return str(answer["id"])

    async def edit(self, address: Address, message_id: str, part: Reply) -> None:
        patience = 0.0 if part.is_progress else LONGEST_WAIT_SECONDS
        await self._pace.pass_through(edits(address.place), patience_seconds=patience)
        await self._client.call("PATCH", _message(address, message_id), formatting.to_message(part))

    async def delete(self, address: Address, message_id: str) -> None:
        try:
            await self._client.call("DELETE", _message(address, message_id))
        except MessageGone:
            return

    async def find_own(self, address: Address, *, tag: Tag) -> str | None:
        found = await self._client.call("GET", f"{_channel(address)}/messages", nonce=_nonce(tag))
        return str(found[0]["id"]) if found else None

    async def whisper(self, address: Address, person: Person, text: str, *, key: str) -> None:
        """A sentence for one person alone."""
        user = person.id.rsplit(":", 1)[-1]
        body = {"text": text, "nonce": f"w:{key}"[-64:], "only_for": user, "may_mention": False}
        async with self._pace.turn(posts(address.place)):
            await self._client.call("POST", f"{_channel(address)}/messages", body)


def _channel(address: Address) -> str:
    return f"/channels/{quote(address.place)}"


def _message(address: Address, message_id: str) -> str:
    return f"{_channel(address)}/messages/{quote(message_id)}"


def _nonce(tag: Tag) -> str:
    return f"{tag.delegation_id}:{tag.part}"
