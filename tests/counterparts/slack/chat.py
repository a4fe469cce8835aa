"""chat.postMessage, chat.update, chat.delete, chat.postEphemeral, chat.getPermalink."""

from typing import Any

from tests.counterparts.slack.call import Call
from tests.counterparts.slack.checks import POST_CHARACTERS, UPDATE_CHARACTERS, Content, read_content
from tests.counterparts.slack.errors import SlackError, invalid_arguments
from tests.counterparts.slack.state import Channel, Message

Json = dict[str, Any]
CUSTOMIZING = ("username", "icon_emoji", "icon_url")


def post_message(call: Call) -> Json:
    """Put a new message into a channel or a thread; one a second in each channel."""
    workspace = call.workspace
    need_customize(call)
    channel = workspace.writable(call.arguments["channel"], call.scopes)
    content = read_content(call.arguments, text_limit=POST_CHARACTERS)
    thread_ts = workspace.thread_root(channel, call.arguments.get("thread_ts"))
    broadcast = call.flag("reply_broadcast")
    if broadcast and thread_ts is None:
        raise invalid_arguments("reply_broadcast needs thread_ts")
    call.limits.take_post(channel.id)
    message = workspace.new_bot_message(
        channel,
        content.text,
        blocks=content.blocks or [],
        attachments=content.attachments or [],
        metadata=content.metadata or None,
        thread_ts=thread_ts,
        unfurl_links=call.arguments.get("unfurl_links"),
        unfurl_media=call.arguments.get("unfurl_media"),
        broadcast=broadcast,
        subtype="thread_broadcast" if broadcast else None,
        username=call.arguments.get("username"),
    )
    workspace.add(channel, message)
    workspace.note_pings(content.pings, message, method=call.name)
    return {"channel": channel.id, "ts": message.ts, "message": message.to_api(with_metadata=True)}


def update(call: Call) -> Json:
    """Edit one of the bot's own messages; blocks, attachments and metadata that are not given stay."""
    workspace = call.workspace
    channel = workspace.channel_for_bot(call.arguments["channel"])
    if channel.archived:
        raise SlackError("is_inactive")
    message = workspace.own_message(channel, call.arguments["ts"], otherwise="cant_update_message")
    if workspace.is_streaming(message):
        raise SlackError("streaming_state_conflict")
    content = read_content(call.arguments, text_limit=UPDATE_CHARACTERS)
    keep_text = "text" not in call.arguments and "markdown_text" not in call.arguments
    blocks = message.blocks if content.blocks is None else content.blocks
    text = message.text if keep_text else content.text
    workspace.change(channel, message, text=text, blocks=blocks, by=workspace.identity.bot_user)
    keep_rest(message, content)
    workspace.note_pings(content.pings, message, method=call.name)
    return {
        "channel": channel.id,
        "ts": message.ts,
        "text": text,
        "message": message.to_api(with_metadata=True),
    }


def keep_rest(message: Message, content: Content) -> None:
    """Change attachments and metadata where the call named them; an empty object removes metadata."""
    if content.attachments is not None:
        message.attachments = content.attachments
    if content.metadata is not None:
        message.metadata = content.metadata or None


def delete(call: Call) -> Json:
    """Take one of the bot's own messages away."""
    workspace = call.workspace
    channel = workspace.channel_for_bot(call.arguments["channel"])
    message = workspace.own_message(channel, call.arguments["ts"], otherwise="cant_delete_message")
    workspace.delete(channel, message)
    return {"channel": channel.id, "ts": message.ts}


def post_ephemeral(call: Call) -> Json:
    """Show a message to one member of a channel."""
    workspace = call.workspace
    need_customize(call)
    channel = workspace.writable(call.arguments["channel"], call.scopes)
    content = read_content(call.arguments, text_limit=POST_CHARACTERS)
    if call.string("user") not in channel.members:
        raise SlackError("user_not_in_channel")
    thread_ts = workspace.thread_root(channel, call.arguments.get("thread_ts"))
    message = show_to(call, channel, content, call.string("user"), thread_ts=thread_ts)
    return {"message_ts": message.ts}


def show_to(call: Call, channel: Channel, content: Content, user: str, *, thread_ts: str | None) -> Message:
    """Put an ephemeral message in front of somebody; Slack takes those for a thread that nobody has answered in, and
    shows them to nobody (docs.slack.dev, chat.postEphemeral, `thread_ts`)."""
    seen = thread_ts is None or channel.has_replies(thread_ts)
    message = call.workspace.new_bot_message(
        channel,
        content.text,
        blocks=content.blocks or [],
        attachments=content.attachments or [],
        thread_ts=thread_ts,
        shown_to=user,
    )
    if seen:
        channel.ephemerals.append(message)
    return message


def permalink(call: Call) -> Json:
    """The link to a message."""
    channel = call.workspace.channel_for_bot(call.arguments["channel"])
    message = channel.find(call.string("message_ts"))
    if message is None:
        raise SlackError("message_not_found")
    path = f"archives/{channel.id}/p{message.ts.replace('.', '')}"
    link = f"https://{call.workspace.identity.domain}.slack.invalid/{path}"
    return {"channel": channel.id, "permalink": link}


def need_customize(call: Call) -> None:
    """Another name or icon needs its own scope."""
    if any(name in call.arguments for name in CUSTOMIZING):
        call.need_scope("chat:write.customize")
