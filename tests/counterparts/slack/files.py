"""files.getUploadURLExternal, the upload itself, files.completeUploadExternal."""

import secrets
from typing import Any

from tests.counterparts.slack.call import Call
from tests.counterparts.slack.checks import MENTIONS, POST_CHARACTERS
from tests.counterparts.slack.errors import SlackError, invalid_arguments
from tests.counterparts.slack.state import Message, UploadedFile
from tests.counterparts.slack.workspace import Workspace

Json = dict[str, Any]
UPLOAD_BYTES = 1_000_000_000


def get_upload_url(call: Call) -> Json:
    """A place for so many bytes."""
    length = call.arguments["length"]
    if not isinstance(length, int) or isinstance(length, bool) or not 0 < length <= UPLOAD_BYTES:
        raise invalid_arguments("length must be a positive number of bytes")
    if not call.string("filename"):
        raise invalid_arguments("missing required field: filename")
    file = UploadedFile(
        id=call.workspace.new_id("F"),
        name=call.string("filename"),
        length=length,
        ticket=secrets.token_hex(12),
    )
    call.workspace.files[file.id] = file
    root = call.base_url.removesuffix("api/")
    return {"upload_url": f"{root}upload/v1/{file.ticket}", "file_id": file.id}


def receive(workspace: Workspace, ticket: str, content: bytes) -> tuple[int, str]:
    """Take the bytes of a file; the HTTP status and text to answer with."""
    file = next((file for file in workspace.files.values() if file.ticket == ticket), None)
    if file is None or file.shared:
        return 404, "unknown upload"
    if len(content) != file.length:
        return 400, f"expected {file.length} bytes, got {len(content)}"
    file.content = content
    return 200, f"OK - {len(content)}"


def complete_upload(call: Call) -> Json:
    """Share uploaded files, or keep them private when no channel is named."""
    workspace = call.workspace
    files = [uploaded(workspace, item) for item in wanted(call.arguments["files"])]
    names = [call.arguments.get("channel_id"), *str(call.arguments.get("channels", "")).split(",")]
    channels = [workspace.channel_for_bot(name) for name in names if name]
    if any(not channel.bot_is_member for channel in channels):
        raise SlackError("not_in_channel")
    thread_ts = call.arguments.get("thread_ts")
    if thread_ts is not None and len(channels) != 1:
        raise invalid_arguments("thread_ts needs exactly one channel")
    comment = call.arguments.get("initial_comment", "")
    if not isinstance(comment, str) or len(comment) > POST_CHARACTERS:
        raise invalid_arguments("invalid initial_comment")
    threads = [workspace.thread_root(channel, thread_ts) for channel in channels]
    shown = [{"id": file.id, "name": file.name, "title": file.title, "size": file.length} for file in files]
    for channel, thread in zip(channels, threads, strict=True):
        message = workspace.new_bot_message(channel, comment, thread_ts=thread, files=shown)
        workspace.add(channel, message)
        workspace.note_pings(mentions(comment), message, method=call.name)
    for file in files:
        file.shared = True
    return {"files": shown}


def wanted(files: Any) -> list[Json]:
    """The checked list of files to complete."""
    if not isinstance(files, list) or not files or not all(isinstance(item, dict) for item in files):
        raise invalid_arguments("files must be a list of objects with an id")
    return files


def uploaded(workspace: Workspace, item: Json) -> UploadedFile:
    """A file whose bytes have come."""
    file = workspace.files.get(str(item.get("id")))
    if file is None or file.content is None or file.shared:
        raise SlackError("file_not_found")
    file.title = str(item.get("title") or file.name)
    return file


def mentions(text: str) -> list[str]:
    """Everybody mentioned in a comment."""
    return [next(filter(None, match.groups())) for match in MENTIONS.finditer(text)]


def files_of(message: Message, workspace: Workspace) -> dict[str, bytes]:
    """The names and bytes of the files that hang on a message."""
    known = [workspace.files[item["id"]] for item in message.files]
    return {file.name: file.content or b"" for file in known}
