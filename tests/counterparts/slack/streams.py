"""chat.startStream, chat.appendStream, chat.stopStream.

Documented: required recipients in channels, 12,000 characters a call, tier limits, the error names. Reported,
and relied on here: a stream ends by itself after about five minutes, holds about 12,000 bytes, and keeps the mode
(``markdown_text`` or ``chunks``) of its first content.
"""

from collections.abc import Mapping
from typing import Any

from tests.counterparts.slack.blocks import MARKDOWN_CHARACTERS, read_blocks
from tests.counterparts.slack.call import Call
from tests.counterparts.slack.chat import need_customize
from tests.counterparts.slack.checks import pings_of, read_metadata
from tests.counterparts.slack.errors import SlackError, invalid_arguments
from tests.counterparts.slack.state import Channel, Message, Stream
from tests.counterparts.slack.threads import SESSION_STATUSES

Json = dict[str, Any]
STREAM_BYTES = 12_000
TASK_STATUSES = ("pending", "in_progress", "complete", "error")
CHUNK_FIELDS = {
    "markdown_text": {"type", "text"},
    "task_update": {"type", "id", "title", "status", "details", "output", "sources", "hide_title", "icon"},
    "plan_update": {"type", "title"},
    "blocks": {"type", "blocks"},
}


def start(call: Call) -> Json:
    """Open a streaming message under a person's message."""
    workspace = call.workspace
    need_customize(call)
    channel = workspace.writable(call.arguments["channel"], call.scopes)
    thread_ts = workspace.thread_root(channel, call.arguments["thread_ts"])
    if channel.kind != "im":
        need_recipient(call)
    if call.arguments.get("task_display_mode", "timeline") not in ("timeline", "plan"):
        raise invalid_arguments("must be timeline or plan [json-pointer:/task_display_mode]")
    message = workspace.new_bot_message(
        channel, "", thread_ts=thread_ts, stream=Stream(started_at=workspace.monotonic())
    )
    add_content(call, message)
    workspace.add(channel, message)
    return {"channel": channel.id, "ts": message.ts}


def append(call: Call) -> Json:
    """Add text or chunks to a stream that is still open."""
    channel, message = open_stream(call)
    if not call.arguments.get("markdown_text") and not call.arguments.get("chunks"):
        raise SlackError("no_text")
    add_content(call, message)
    return {"channel": channel.id, "ts": message.ts}


def stop(call: Call) -> Json:
    """End a stream; blocks go to the bottom of what was streamed."""
    channel, message = open_stream(call)
    metadata = read_metadata(call.arguments.get("metadata"))
    blocks = read_blocks(call.arguments.get("blocks"))
    status = call.arguments.get("session_status")
    if status is not None and status not in SESSION_STATUSES:
        raise invalid_arguments("unknown session_status")
    add_content(call, message)
    if not message.text and not message.blocks and not blocks and not message_tasks(message):
        raise SlackError("no_text")
    assert message.stream is not None
    message.stream.stopped = True
    message.blocks = [*message.blocks, *blocks]
    message.metadata = metadata or None
    call.workspace.note_pings(pings_of("", blocks, []), message, method=call.name)
    if status is not None and message.thread_ts is not None:
        call.workspace.sessions[channel.id, message.thread_ts] = status
    return {"channel": channel.id, "ts": message.ts, "message": message.to_api(with_metadata=True)}


def need_recipient(call: Call) -> None:
    """Outside direct messages a stream names the person it is for."""
    user, team = call.arguments.get("recipient_user_id"), call.arguments.get("recipient_team_id")
    if not user:
        raise SlackError("missing_recipient_user_id")
    if not team:
        raise SlackError("missing_recipient_team_id")
    if user not in call.workspace.users:
        raise SlackError("user_not_found")
    if team != call.workspace.identity.team:
        raise SlackError("team_not_found")


def open_stream(call: Call) -> tuple[Channel, Message]:
    """The bot's own stream that a call names, if it is still open."""
    channel = call.workspace.channel_for_bot(call.arguments["channel"])
    message = call.workspace.own_message(channel, call.arguments["ts"], otherwise="message_not_owned_by_app")
    if not call.workspace.is_streaming(message):
        raise SlackError("message_not_in_streaming_state")
    return channel, message


def add_content(call: Call, message: Message) -> None:
    """Check what a call brings, and only then add all of it."""
    markdown, chunks = call.arguments.get("markdown_text"), call.arguments.get("chunks")
    if markdown is None and not chunks:
        return
    if markdown is not None and chunks is not None:
        raise invalid_arguments("markdown_text and chunks cannot be used together")
    stream = message.stream
    assert stream is not None
    mode = "chunks" if chunks is not None else "markdown_text"
    if stream.mode not in (None, mode):
        raise SlackError("streaming_mode_mismatch")
    items = read_chunks([{"type": "markdown_text", "text": markdown}] if chunks is None else chunks)
    text = message.text + "".join(item["text"] for item in items if item["type"] == "markdown_text")
    if len(text.encode()) > STREAM_BYTES:
        raise SlackError("msg_too_long")
    stream.mode = "chunks" if chunks is not None else "markdown_text"
    message.text = text
    for item in items:
        add_chunk(message, stream, item)
    call.workspace.note_pings(pings_of(text, message.blocks, []), message, method=call.name)


def read_chunks(chunks: Any) -> list[Json]:
    """Checked chunks: known types, known fields, sane sizes."""
    if not isinstance(chunks, list):
        raise SlackError("invalid_chunks")
    for chunk in chunks:
        kind = chunk.get("type") if isinstance(chunk, Mapping) else None
        if kind not in CHUNK_FIELDS or not set(chunk) <= CHUNK_FIELDS[kind]:
            raise SlackError("invalid_chunks")
        if kind == "blocks":
            read_blocks(chunk.get("blocks"))
        elif not sound_chunk(chunk):
            raise SlackError("invalid_chunks")
    return chunks


def sound_chunk(chunk: Mapping[str, Any]) -> bool:
    """Whether a text, task or plan chunk has what it needs."""
    if chunk["type"] == "markdown_text":
        text = chunk.get("text")
        if isinstance(text, str) and len(text) > MARKDOWN_CHARACTERS:
            raise SlackError("msg_too_long")
        return isinstance(text, str) and bool(text)
    titled = isinstance(chunk.get("title"), str) and 0 < len(chunk["title"]) <= 256
    if chunk["type"] == "plan_update":
        return titled
    return titled and isinstance(chunk.get("id"), str) and chunk.get("status") in TASK_STATUSES


def add_chunk(message: Message, stream: Stream, chunk: Json) -> None:
    """Show one chunk; tasks with the same id replace one another."""
    if chunk["type"] == "task_update":
        stream.tasks[chunk["id"]] = {**stream.tasks.get(chunk["id"], {}), **chunk}
    elif chunk["type"] == "plan_update":
        stream.plan_title = chunk["title"]
    elif chunk["type"] == "blocks":
        message.blocks = [*message.blocks, *read_blocks(chunk["blocks"])]


def message_tasks(message: Message) -> list[Json]:
    """The task cards that a stream has shown."""
    return list(message.stream.tasks.values()) if message.stream is not None else []
