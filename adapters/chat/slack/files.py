"""Files under an answer."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from adapters.chat.slack.client import SlackClient
from adapters.chat.slack.errors import SlackRefused
from adapters.chat.slack.history import messages_since
from core.models import Address, Artifact

log = logging.getLogger(__name__)

MAX_FILE_BYTES = 50_000_000


async def share(
    client: SlackClient, address: Address, artifacts: Sequence[Artifact], *, after: str, own_bot: str
) -> None:
    """Upload what does not yet stand after the message `after` (its ts). Safe to repeat.

    Raises MessengerUnavailable. A file that is gone or that Slack refuses is logged: the answer is posted already.
    """
    there = {
        (file.get("name") or file.get("title"), file.get("size"))
        async for message in messages_since(client, address, oldest=float(after), own_bot=own_bot)
        for file in message.get("files") or ()
    }
    uploads: list[dict[str, Any]] = []
    for artifact in artifacts:
        content = await asyncio.to_thread(_content, artifact)
        if content and (artifact.name, len(content)) not in there:
            uploads.append({"filename": artifact.name, "title": artifact.name, "content": content})
    if not uploads:
        return
    try:
        await client.call(
            lambda web: web.files_upload_v2(
                file_uploads=uploads, channel=address.place, thread_ts=address.thread or None
            )
        )
    except SlackRefused as refusal:
        log.warning("slack: files not shared: %s", refusal.sentence)


def _content(artifact: Artifact) -> bytes:
    """The file's bytes; none where it is no longer on this machine, is empty, or is too large to send."""
    path = Path(artifact.path)
    try:
        if path.stat().st_size <= MAX_FILE_BYTES:
            return path.read_bytes()
        log.warning("slack: file %s is over %d bytes", artifact.name, MAX_FILE_BYTES)
    except OSError as error:
        log.warning("slack: file %s can't be read: %s", artifact.name, error.strerror)
    return b""
