"""What an app writes without a token: immediate answers to commands, and response URLs.

Source: docs.slack.dev/interactivity/handling-user-interaction#message_responses.
"""

from typing import Any

from tests.counterparts.slack.checks import POST_CHARACTERS, Content, read_content
from tests.counterparts.slack.errors import SlackError
from tests.counterparts.slack.hooks import Hook
from tests.counterparts.slack.state import Channel, Message
from tests.counterparts.slack.workspace import Workspace

Json = dict[str, Any]
KNOWN = frozenset(
    "text blocks attachments response_type replace_original delete_original thread_ts unfurl_links "
    "unfurl_media metadata mrkdwn parse link_names".split()
)


def respond(workspace: Workspace, hook: Hook, body: Any) -> None:
    """Show what the app answered, to one person unless it says ``in_channel``."""
    if not isinstance(body, dict) or not set(body) <= KNOWN:
        raise SlackError("invalid_payload")
    kind = body.get("response_type", "ephemeral")
    if kind not in ("ephemeral", "in_channel"):
        raise SlackError("invalid_payload")
    channel = workspace.channels[hook.channel]
    original = find_original(channel, hook)
    if body.get("delete_original"):
        remove(workspace, channel, original)
        return
    content = read_content(body, text_limit=POST_CHARACTERS)
    if body.get("replace_original") and original is not None:
        replace(workspace, channel, original, content)
        return
    show(workspace, channel, hook, body=body, content=content)


def show(workspace: Workspace, channel: Channel, hook: Hook, *, body: Json, content: Content) -> None:
    """Put a new message into the channel, or in front of one person."""
    in_channel = body.get("response_type") == "in_channel"
    message = workspace.new_bot_message(
        channel,
        content.text,
        blocks=content.blocks or [],
        attachments=content.attachments or [],
        metadata=content.metadata or None,
        thread_ts=workspace.thread_root(channel, body.get("thread_ts")),
        unfurl_links=body.get("unfurl_links"),
        unfurl_media=body.get("unfurl_media"),
        shown_to=None if in_channel else hook.user,
    )
    if in_channel:
        workspace.add(channel, message)
        workspace.note_pings(content.pings, message, method="response_url")
    else:
        channel.ephemerals.append(message)


def find_original(channel: Channel, hook: Hook) -> Message | None:
    """The message that an interaction came from."""
    everything = [*channel.visible, *(m for m in channel.ephemerals if not m.deleted)]
    return next((message for message in everything if message.ts == hook.message_ts), None)


def remove(workspace: Workspace, channel: Channel, original: Message | None) -> None:
    """Take the original away."""
    if original is None:
        raise SlackError("message_not_found")
    if original.shown_to is None:
        workspace.delete(channel, original)
    else:
        original.deleted = True


def replace(workspace: Workspace, channel: Channel, original: Message, content: Content) -> None:
    """Show something else in the original's place; what it showed is gone, blocks too."""
    by, blocks = workspace.identity.bot_user, content.blocks or []
    if original.shown_to is None:
        workspace.change(channel, original, text=content.text, blocks=blocks, by=by)
        workspace.note_pings(content.pings, original, method="response_url")
    else:
        original.change(text=content.text, blocks=blocks, edited_by=by, edited_ts=workspace.new_ts())
