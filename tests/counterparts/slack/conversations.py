"""auth.test, apps.connections.open, conversations.*, users.info, reactions.*."""

import base64
import re
from typing import Any

from tests.counterparts.slack.call import Call
from tests.counterparts.slack.errors import SlackError, invalid_arguments
from tests.counterparts.slack.state import Channel, Message
from tests.counterparts.slack.workspace import is_timestamp

Json = dict[str, Any]
EMOJI = re.compile(r"[a-z0-9_+'-]{1,100}(::skin-tone-[2-6])?")


def auth_test(call: Call) -> Json:
    """Who the token is."""
    identity = call.workspace.identity
    return {
        "url": f"https://{identity.domain}.slack.invalid/",
        "team": identity.domain,
        "user": identity.bot_name,
        "team_id": identity.team,
        "user_id": identity.bot_user,
        "bot_id": identity.bot_id,
        "is_enterprise_install": False,
    }


def open_connection(call: Call) -> Json:
    """A WebSocket address that works once."""
    return {"url": call.new_socket_url()}


def users_info(call: Call) -> Json:
    """A person, with their time zone."""
    user = call.workspace.users.get(call.string("user"))
    if user is None:
        raise SlackError("user_not_found")
    return {"user": user.to_api(call.workspace.identity.team)}


def info(call: Call) -> Json:
    """A conversation without its messages."""
    channel = call.workspace.channel_for_bot(call.arguments["channel"])
    call.need_kind_scope(channel, "read")
    return {"channel": to_channel(channel)}


def to_channel(channel: Channel) -> Json:
    """The conversation object."""
    shown: Json = {
        "id": channel.id,
        "is_channel": channel.kind == "channel",
        "is_group": channel.kind == "group",
        "is_im": channel.kind == "im",
        "is_mpim": channel.kind == "mpim",
        "is_private": channel.kind != "channel",
        "is_archived": channel.archived,
        "is_member": channel.bot_is_member,
    }
    if channel.kind == "im":
        return {**shown, "user": next(iter(channel.members), "")}
    return {**shown, "name": channel.name, "num_members": len(channel.members)}


def open_conversation(call: Call) -> Json:
    """The direct message with one or several people."""
    workspace = call.workspace
    if (channel_id := call.arguments.get("channel")) is not None:
        channel = workspace.channel_for_bot(channel_id)
    else:
        users = [user for user in str(call.arguments.get("users", "")).split(",") if user]
        if not users:
            raise SlackError("users_list_not_supplied")
        if any(user not in workspace.users for user in users):
            raise SlackError("user_not_found")
        call.need_scope("im:write" if len(users) == 1 else "mpim:write")
        channel = workspace.open_im(users[0]) if len(users) == 1 else open_group(call, users)
    shown = to_channel(channel) if call.flag("return_im") else {"id": channel.id}
    return {"no_op": False, "already_open": bool(channel.messages), "channel": shown}


def open_group(call: Call, users: list[str]) -> Channel:
    """The direct message with several people, made when there is none."""
    if len(users) > 8:
        raise SlackError("too_many_users")
    for channel in call.workspace.channels.values():
        if channel.kind == "mpim" and channel.members == set(users):
            return channel
    channel = Channel(id=call.workspace.new_id("G"), kind="mpim", members=set(users))
    call.workspace.channels[channel.id] = channel
    return channel


def history(call: Call) -> Json:
    """What stands in a channel, newest first, without the replies in threads."""
    channel = readable(call)
    roots = [m for m in channel.messages if m.is_root or m.broadcast]
    shown = [m for m in roots if not m.deleted or channel.has_replies(m.ts)]
    return page(call, channel, in_range(call, shown)[::-1], default=100)


def replies(call: Call) -> Json:
    """A thread with its root, oldest first."""
    channel = readable(call)
    root = next((m for m in channel.messages if m.ts == call.string("ts")), None)
    if root is None or (root.deleted and not channel.has_replies(root.ts)):
        raise SlackError("thread_not_found")
    # For a reply's own timestamp Slack answers with that reply alone.
    thread = [root, *(in_range(call, channel.thread(root.ts)) if root.is_root else [])]
    return page(call, channel, thread, default=1000)


def readable(call: Call) -> Channel:
    """A conversation whose messages the token may read."""
    channel = call.workspace.channel_for_bot(call.arguments["channel"])
    call.need_kind_scope(channel, "history")
    if not channel.bot_is_member:
        raise SlackError("not_in_channel")
    return channel


def in_range(call: Call, messages: list[Message]) -> list[Message]:
    """Those between ``oldest`` and ``latest``; the ends belong only when ``inclusive``."""
    bounds: dict[str, float] = {}
    for name in ("oldest", "latest"):
        value = call.arguments.get(name)
        if value is None:
            continue
        if not is_timestamp(value) and not re.fullmatch(r"\d+(\.\d+)?", str(value)):
            raise SlackError(f"invalid_ts_{name}")
        bounds[name] = float(value)
    low, high, inclusive = (
        bounds.get("oldest", 0.0),
        bounds.get("latest", float("inf")),
        call.flag("inclusive"),
    )
    return [
        message
        for message in messages
        if low < float(message.ts) < high or (inclusive and float(message.ts) in (low, high))
    ]


def page(call: Call, channel: Channel, messages: list[Message], *, default: int) -> Json:
    """One page of messages and the cursor to the next."""
    limit = call.arguments.get("limit", default)
    if not isinstance(limit, int) or isinstance(limit, bool) or not 1 <= limit <= 1000:
        raise SlackError("invalid_limit")
    start = read_cursor(call.arguments.get("cursor"))
    shown = messages[start : start + limit]
    more = start + limit < len(messages)
    cursor = base64.b64encode(f"next:{start + limit}".encode()).decode() if more else ""
    return {
        "messages": [to_history(call, channel, message) for message in shown],
        "has_more": more,
        "response_metadata": {"next_cursor": cursor},
    }


def read_cursor(cursor: Any) -> int:
    """Where a page starts."""
    if not cursor:
        return 0
    try:
        word, _, start = base64.b64decode(str(cursor), validate=True).decode().partition(":")
        if word != "next":
            raise ValueError(word)
        return int(start)
    except ValueError:
        raise SlackError("invalid_cursor") from None


def to_history(call: Call, channel: Channel, message: Message) -> Json:
    """A message as history shows it; metadata of other apps needs its own scope."""
    if message.deleted:
        return {
            "type": "message",
            "subtype": "tombstone",
            "user": "USLACKBOT",
            "text": "This message was deleted.",
            "ts": message.ts,
            "thread_ts": message.ts,
        }
    own = message.bot_id == call.workspace.identity.bot_id
    allowed = own or "metadata.message:read" in call.scopes
    shown = message.to_api(with_metadata=call.flag("include_all_metadata") and allowed)
    thread = channel.thread(message.ts)
    if thread:
        shown |= {"thread_ts": message.ts, "reply_count": len(thread), "latest_reply": thread[-1].ts}
    return shown


def add_reaction(call: Call) -> Json:
    """React to a message as the bot."""
    name, message = reaction(call)
    users = message.reactions.setdefault(name, [])
    if call.workspace.identity.bot_user in users:
        raise SlackError("already_reacted")
    users.append(call.workspace.identity.bot_user)
    return {}


def remove_reaction(call: Call) -> Json:
    """Take the bot's reaction away."""
    name, message = reaction(call)
    bot = call.workspace.identity.bot_user
    if bot not in message.reactions.get(name, []):
        raise SlackError("no_reaction")
    message.reactions[name].remove(bot)
    if not message.reactions[name]:
        del message.reactions[name]
    return {}


def reaction(call: Call) -> tuple[str, Message]:
    """The emoji and the message that a call names."""
    channel = call.workspace.channel_for_bot(call.arguments["channel"])
    name, timestamp = call.string("name"), call.string("timestamp")
    if not EMOJI.fullmatch(name):
        raise SlackError("invalid_name")
    if not is_timestamp(timestamp):
        raise SlackError("bad_timestamp")
    message = channel.find(timestamp)
    if message is None:
        raise SlackError("message_not_found")
    if channel.archived:
        raise SlackError("is_archived")
    if not channel.bot_is_member:
        raise invalid_arguments("the bot is not in the channel")
    return name, message
