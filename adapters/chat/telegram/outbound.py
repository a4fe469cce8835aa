"""Posting into Telegram."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from telegram import Bot, LinkPreviewOptions, Message, ReplyParameters

from adapters.chat.pace import LONGEST_WAIT_SECONDS, Pace, patience_for
from adapters.chat.telegram import formatting
from adapters.chat.telegram.client import Migrated, NotAChat, TelegramClient
from adapters.chat.telegram.inbound import PLATFORM
from adapters.chat.telegram.pace import lanes, typing
from core.errors import FlowMateError, MessageGone, MessengerRefused, RecipientGone
from core.models import Address, Artifact, Reply
from core.ports.messenger import Capabilities, Tag

logger = logging.getLogger(__name__)
NO_PREVIEW = LinkPreviewOptions(is_disabled=True)
MAX_FILE_BYTES = 50_000_000
PICTURES = ("image/png", "image/jpeg")
FILE_MEMORY_SECONDS = 86_400.0


class TelegramMessenger:
    """Telegram's outbound side; nothing is repeated in here, and Telegram can't be asked for one's own messages."""

    def __init__(self, client: TelegramClient, *, pace: Pace, live_typing: bool = False) -> None:
        self._client = client
        self._pace = pace
        self._live_typing = live_typing

    @property
    def platform(self) -> str:
        return PLATFORM

    @property
    def capabilities(self) -> Capabilities:
        # In a group every edit counts towards its twenty a minute.
        return Capabilities(edit=True, find_own=False, seconds_between_edits=3.0, lasting_threads=True)

    def split(self, reply: Reply) -> tuple[Reply, ...]:
        return formatting.split(reply)

    async def post(self, address: Address, part: Reply, *, tag: Tag) -> str:
        """Post, and return the message's id. MessengerUnavailable may mean that it was posted all the same."""
        text, entities = formatting.to_text(part.text)
        replied = (
            ReplyParameters(int(address.via), allow_sending_without_reply=True)
            if address.via.isdigit() and tag.part == 0
            else None
        )
        sent: Message = await self._in_chat(
            address,
            lambda bot, chat: bot.send_message(
                chat,
                text,
                entities=entities,
                message_thread_id=_topic(address),
                reply_parameters=replied,
                reply_markup=formatting.to_keyboard(part.buttons),
                link_preview_options=NO_PREVIEW,
            ),
            order=tag.order,
            patience_seconds=patience_for(part),
        )
        await self._share(address, part, message_id=str(sent.message_id))
        return str(sent.message_id)

    async def edit(self, address: Address, message_id: str, part: Reply) -> None:
        """Replace the message's text and buttons. Raises MessageGone where it can't be changed any more."""
        text, entities = formatting.to_text(part.text)

        async def change(bot: Bot, chat: str) -> Any:
            return await bot.edit_message_text(
                text,
                chat_id=chat,
                message_id=int(message_id),
                entities=entities,
                reply_markup=formatting.to_keyboard(part.buttons),
                link_preview_options=NO_PREVIEW,
            )

        try:
            await self._in_chat(address, change)
        except MessengerRefused as refusal:
            if "message is not modified" not in str(refusal.__cause__).lower():
                raise
        await self._share(address, part, message_id=message_id)

    async def delete(self, address: Address, message_id: str) -> None:
        try:
            await self._in_chat(address, lambda bot, chat: bot.delete_message(chat, int(message_id)))
        except MessageGone:
            return
        except MessengerRefused as refusal:
            if "message to delete not found" not in str(refusal.__cause__).lower():
                raise

    def is_private(self, address: Address) -> bool:
        """In private chats; the ids of groups are below zero."""
        return not address.place.startswith("-")

    def drafts(self, address: Address) -> bool:
        """In private chats, where it is asked for and this server knows of it. (Bot API 9.3, sendMessageDraft.)"""
        return self._live_typing and self.is_private(address)

    async def draft(self, address: Address, part: Reply, *, tag: Tag) -> None:
        text, entities = formatting.to_text(part.text)
        try:
            async with self._pace.turn(*typing(address.place)):
                await self._client.call(
                    lambda bot: bot.send_message_draft(
                        int(address.place),
                        _draft_id(tag),
                        text,
                        entities=entities,
                        message_thread_id=_topic(address),
                    )
                )
        except RecipientGone:
            raise
        except MessengerRefused:
            # An older server, or one that has it for some only: messages and edits from here on.
            self._live_typing = False
            raise

    async def find_own(self, address: Address, *, tag: Tag) -> str | None:
        return None

    async def reach(self, address: Address) -> None:
        place = address.place
        if address.workspace != place or not place.removeprefix("-").isdecimal():
            raise NotAChat()
        await self._client.call(lambda bot: bot.get_chat(place))

    async def say(self, address: Address, text: str) -> None:
        """What is no answer: help, a hint, a refusal; in more than one message only where it is too long for one."""
        for number, part in enumerate(self.split(Reply(text=text))):
            await self.post(address, part, tag=Tag(delegation_id="", part=number))

    async def _in_chat(
        self,
        address: Address,
        ask: Callable[[Bot, str], Awaitable[Any]],
        *,
        order: float = 0.0,
        patience_seconds: float = LONGEST_WAIT_SECONDS,
    ) -> Any:
        async def in_turn(place: str) -> Any:
            async with self._pace.turn(*lanes(place), order=order, patience_seconds=patience_seconds):
                return await self._client.call(lambda bot: ask(bot, place))

        try:
            return await in_turn(address.place)
        except Migrated as moved:
            logger.info("a Telegram group moved; writing to where it is now")
            return await in_turn(moved.place)

    async def _share(self, address: Address, part: Reply, *, message_id: str) -> None:
        for artifact in part.files:
            key = f"telegram:file:{address.place}:{message_id}:{artifact.name}"
            # Telegram can't be asked what stands in a chat: a file is tried once.
            if await self._pace.first(key, within_seconds=FILE_MEMORY_SECONDS):
                try:
                    await self._send(address, artifact)
                except FlowMateError as error:
                    logger.warning("telegram: %s was not shared: %s", artifact.name, error.sentence)

    async def _send(self, address: Address, artifact: Artifact) -> None:
        content = await asyncio.to_thread(_content, artifact)
        if not content:
            return

        async def send(bot: Bot, chat: str) -> Any:
            topic = _topic(address)
            if artifact.media_type in PICTURES:
                return await bot.send_photo(chat, content, filename=artifact.name, message_thread_id=topic)
            return await bot.send_document(chat, content, filename=artifact.name, message_thread_id=topic)

        await self._in_chat(address, send)


def _draft_id(tag: Tag) -> int:
    """Not zero, and the same for what takes the place of what was typed before."""
    return int(tag.delegation_id[:7], 16) + 1


def _topic(address: Address) -> int | None:
    return int(address.thread) if address.thread.isdigit() else None


def _content(artifact: Artifact) -> bytes:
    """The file's bytes; none where it is no longer on this machine, is empty, or is too large to send."""
    path = Path(artifact.path)
    try:
        if path.stat().st_size <= MAX_FILE_BYTES:
            return path.read_bytes()
        logger.warning("telegram: file %s is over %d bytes", artifact.name, MAX_FILE_BYTES)
    except OSError as error:
        logger.warning("telegram: file %s can't be read: %s", artifact.name, error.strerror)
    return b""
