"""What Slack checks in the content of a message, and whom a message notifies."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.counterparts.slack.blocks import MARKDOWN_CHARACTERS, read_blocks
from tests.counterparts.slack.errors import SlackError, invalid_arguments

Json = dict[str, Any]
POST_CHARACTERS = 40_000
UPDATE_CHARACTERS = 4_000
METADATA_BYTES = 8_000
ATTACHMENTS = 100
MENTIONS = re.compile(r"<(?:!(channel|here|everyone)|!subteam\^([A-Z0-9]+)|@([UW][A-Z0-9]+))(?:\|[^>]*)?>")
WORDS = re.compile(r"(?<![\w@])@(channel|here|everyone)\b")


@dataclass(frozen=True)
class Content:
    """The checked content of a message; None where an argument was not given."""

    text: str = ""
    blocks: list[Json] | None = None
    attachments: list[Json] | None = None
    metadata: Json | None = None
    pings: list[str] = field(default_factory=list)


def read_content(arguments: Mapping[str, Any], *, text_limit: int) -> Content:
    """The content of a message as chat.postMessage and its relatives take it."""
    text, markdown = arguments.get("text"), arguments.get("markdown_text")
    for name in ("text", "markdown_text"):
        if not isinstance(arguments.get(name, ""), str):
            raise invalid_arguments(f"must be a string [json-pointer:/{name}]")
    blocks = read_blocks(arguments["blocks"]) if "blocks" in arguments else None
    attachments = read_attachments(arguments.get("attachments"))
    if markdown is not None:
        if text is not None or blocks is not None:
            raise SlackError("markdown_text_conflict")
        if len(markdown) > MARKDOWN_CHARACTERS:
            raise SlackError("msg_too_long")
        if not markdown.strip():
            raise SlackError("no_text")
        text, blocks = markdown, read_blocks([{"type": "markdown", "text": markdown}])
    elif len(text or "") > text_limit:
        raise SlackError("msg_too_long")
    text = text or ""
    if not text.strip() and not blocks and not attachments:
        raise SlackError("no_text")
    return Content(
        text=text,
        blocks=blocks,
        attachments=attachments,
        metadata=read_metadata(arguments.get("metadata")),
        pings=pings_of(text, blocks or [], attachments or [], words=links_words(arguments)),
    )


def links_words(arguments: Mapping[str, Any]) -> bool:
    """Whether bare words like ``@here`` are turned into mentions."""
    return bool(arguments.get("link_names")) or arguments.get("parse") == "full"


def read_attachments(value: Any) -> list[Json] | None:
    """Checked legacy attachments."""
    if value is None:
        return None
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        raise SlackError("invalid_attachments")
    if len(value) > ATTACHMENTS:
        raise SlackError("too_many_attachments")
    for item in value:
        if "blocks" in item:
            read_blocks(item["blocks"])
    return value


def read_metadata(value: Any) -> Json | None:
    """Checked message metadata: an event type and a payload; an empty object removes it."""
    if value is None:
        return None
    if not isinstance(value, dict):
        raise SlackError("invalid_metadata_format")
    if not value:
        return {}
    event_type, payload = value.get("event_type"), value.get("event_payload")
    known = set(value) <= {"event_type", "event_payload"}
    named = isinstance(event_type, str) and re.fullmatch(r"[A-Za-z0-9_]{1,255}", event_type)
    if not (known and named and isinstance(payload, dict)):
        raise SlackError("invalid_metadata_schema")
    if len(json.dumps(value)) > METADATA_BYTES:
        raise SlackError("metadata_too_large")
    return value


def pings_of(text: str, blocks: list[Json], attachments: list[Json], *, words: bool = False) -> list[str]:
    """Everybody whom a message notifies, as user or group id or ``channel``/``here``/``everyone``."""
    texts = [text, *marked_up(blocks), *plain_strings(attachments)]
    found = [next(filter(None, match.groups())) for part in texts for match in MENTIONS.finditer(part)]
    if words:
        found += [match.group(1) for part in texts for match in WORDS.finditer(part)]
    return found + list(rich_mentions(blocks))


def marked_up(value: Any) -> Iterator[str]:
    """The texts in which Slack looks for mentions: ``mrkdwn`` objects and ``markdown`` blocks."""
    if isinstance(value, list):
        for item in value:
            yield from marked_up(item)
    elif isinstance(value, dict):
        if value.get("type") in ("mrkdwn", "markdown") and isinstance(value.get("text"), str):
            yield value["text"]
        for item in value.values():
            yield from marked_up(item)


def rich_mentions(value: Any) -> Iterator[str]:
    """Mentions that are elements of rich text."""
    if isinstance(value, list):
        for item in value:
            yield from rich_mentions(item)
    elif isinstance(value, dict):
        keys = {"user": "user_id", "usergroup": "usergroup_id", "broadcast": "range"}
        name = keys.get(str(value.get("type")), "")
        if isinstance(value.get(name), str):
            yield value[name]
        for item in value.values():
            yield from rich_mentions(item)


def plain_strings(value: Any) -> Iterator[str]:
    """Every string anywhere in a value."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for item in value:
            yield from plain_strings(item)
    elif isinstance(value, dict):
        for item in value.values():
            yield from plain_strings(item)
