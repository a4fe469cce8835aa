"""assistant.threads.* and agents.sessions.*: the status, title and prompts of a thread."""

from typing import Any

from tests.counterparts.slack.call import Call
from tests.counterparts.slack.errors import SlackError, invalid_arguments
from tests.counterparts.slack.state import Channel
from tests.counterparts.slack.workspace import STATUS_SECONDS, Status

Json = dict[str, Any]
SESSION_STATUSES = ("active", "processing", "suspended", "closed")


def thread_of(call: Call) -> tuple[Channel, str]:
    """The existing thread that a call names."""
    channel = call.workspace.channel_for_bot(call.arguments["channel_id"])
    try:
        thread_ts = call.workspace.thread_root(channel, call.arguments["thread_ts"])
    except SlackError:
        raise SlackError("invalid_thread_ts") from None
    if thread_ts is None:
        raise SlackError("invalid_thread_ts")
    return channel, thread_ts


def set_status(call: Call) -> Json:
    """Show a status line until the bot writes, it is set to nothing, or two minutes pass."""
    channel, thread_ts = thread_of(call)
    text, loading = call.string("status"), call.arguments.get("loading_messages", [])
    if not isinstance(loading, list) or len(loading) > 10 or not all(isinstance(m, str) for m in loading):
        raise invalid_arguments("loading_messages takes up to 10 texts")
    if text:
        until = call.workspace.monotonic() + STATUS_SECONDS
        call.workspace.statuses[channel.id, thread_ts] = Status(text, tuple(loading), until)
    else:
        call.workspace.statuses.pop((channel.id, thread_ts), None)
    return {}


def set_title(call: Call) -> Json:
    """Name a thread of the direct message with the app."""
    channel, thread_ts = thread_of(call)
    if channel.kind != "im":
        raise SlackError("channel_not_found")
    call.workspace.titles[channel.id, thread_ts] = call.string("title")
    return {}


def set_suggested_prompts(call: Call) -> Json:
    """Offer up to four prompts in the direct message with the app."""
    channel = call.workspace.channel_for_bot(call.arguments["channel_id"])
    if channel.kind != "im":
        raise SlackError("channel_not_found")
    thread_ts = thread_of(call)[1] if "thread_ts" in call.arguments else ""
    prompts = call.arguments["prompts"]
    if not isinstance(prompts, list) or not 1 <= len(prompts) <= 4:
        raise invalid_arguments("prompts takes 1 to 4 items")
    if not all(isinstance(p, dict) and p.get("title") and p.get("message") for p in prompts):
        raise invalid_arguments("each prompt needs title and message")
    call.workspace.prompts[channel.id, thread_ts] = prompts
    return {}


def set_session_status(call: Call) -> Json:
    """Move an agent session along its life."""
    channel, thread_ts = thread_of(call)
    status = call.string("status")
    if status not in SESSION_STATUSES:
        raise invalid_arguments("unknown status")
    title = call.arguments.get("title")
    if title is not None:
        call.workspace.titles.setdefault((channel.id, thread_ts), checked_title(title))
    call.workspace.sessions[channel.id, thread_ts] = status
    return {"status": status, "title": call.workspace.titles.get((channel.id, thread_ts), "")}


def rename_session(call: Call) -> Json:
    """Give an existing session another title."""
    channel, thread_ts = thread_of(call)
    if (channel.id, thread_ts) not in call.workspace.sessions:
        raise SlackError("session_not_found")
    call.workspace.titles[channel.id, thread_ts] = checked_title(call.arguments["title"])
    return {}


def checked_title(title: Any) -> str:
    """A title of 1 to 200 characters."""
    if not isinstance(title, str) or not 1 <= len(title) <= 200:
        raise invalid_arguments("title takes 1 to 200 characters")
    return title
