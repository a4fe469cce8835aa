"""The payloads that Slack sends to an app, built from the state and nothing else.

Shapes: docs.slack.dev/apis/events-api, /interactivity/implementing-slash-commands,
/reference/interaction-payloads/block_actions-payload.
"""

from typing import Any

from tests.counterparts.slack.state import Channel, Identity, Message, User, View

Json = dict[str, Any]
VERIFICATION_TOKEN = "invented-verification-token"
CHANNEL_TYPES = {"channel": "channel", "group": "group", "im": "im", "mpim": "mpim"}


def to_envelope(identity: Identity, event: Json, *, event_id: str, event_time: int, team: str) -> Json:
    """The outer ``event_callback`` of an event."""
    return {
        "token": VERIFICATION_TOKEN,
        "team_id": team,
        "context_team_id": team,
        "context_enterprise_id": None,
        "api_app_id": identity.app_id,
        "event": event,
        "type": "event_callback",
        "event_id": event_id,
        "event_time": event_time,
        "authorizations": [
            {
                "enterprise_id": None,
                "team_id": team,
                "user_id": identity.bot_user,
                "is_bot": True,
                "is_enterprise_install": False,
            }
        ],
        "is_ext_shared_channel": False,
        "event_context": f"4-{event_id}",
    }


def to_message_event(message: Message, channel: Channel, *, team: str) -> Json:
    """A ``message`` event for something new in a channel."""
    event = {
        **message.to_api(),
        "team": team,
        "channel": channel.id,
        "event_ts": message.ts,
        "channel_type": CHANNEL_TYPES[channel.kind],
    }
    event.setdefault("blocks", [to_rich_text(message.text)])
    root = None
    if message.thread_ts is not None:
        root = next((m for m in channel.messages if m.ts == message.thread_ts), None)
    if root is not None:
        event["parent_user_id"] = root.user
    return event


def to_rich_text(text: str) -> Json:
    """The block that Slack makes of what a person typed."""
    section = {"type": "rich_text_section", "elements": [{"type": "text", "text": text}]}
    return {"type": "rich_text", "block_id": "typed", "elements": [section]}


def to_mention_event(message: Message, channel: Channel, *, team: str) -> Json:
    """The ``app_mention`` event that goes with a message; it has neither channel type nor subtype."""
    event = to_message_event(message, channel, team=team)
    event.pop("channel_type")
    return {**event, "type": "app_mention"}


def to_changed_event(message: Message, channel: Channel, *, previous: Json, ts: str) -> Json:
    """A ``message_changed`` event after an edit."""
    return {
        "type": "message",
        "subtype": "message_changed",
        "message": message.to_api(),
        "previous_message": previous,
        "channel": channel.id,
        "hidden": True,
        "ts": ts,
        "event_ts": ts,
        "channel_type": CHANNEL_TYPES[channel.kind],
    }


def to_deleted_event(message: Message, channel: Channel, *, ts: str) -> Json:
    """A ``message_deleted`` event."""
    return {
        "type": "message",
        "subtype": "message_deleted",
        "previous_message": message.to_api(),
        "deleted_ts": message.ts,
        "channel": channel.id,
        "hidden": True,
        "ts": ts,
        "event_ts": ts,
        "channel_type": CHANNEL_TYPES[channel.kind],
    }


def to_command(
    identity: Identity, *, command: str, text: str, user: User, channel: Channel
) -> dict[str, str]:
    """The form fields of a slash command, without its trigger and response URL."""
    return {
        "token": VERIFICATION_TOKEN,
        "team_id": identity.team,
        "team_domain": identity.domain,
        "channel_id": channel.id,
        "channel_name": "directmessage" if channel.kind == "im" else channel.name,
        "user_id": user.id,
        "user_name": user.name,
        "command": command,
        "text": text,
        "api_app_id": identity.app_id,
        "is_enterprise_install": "false",
    }


def to_interaction(identity: Identity, kind: str, user: User) -> Json:
    """What all interaction payloads have in common."""
    return {
        "type": kind,
        "user": {"id": user.id, "username": user.name, "name": user.name, "team_id": identity.team},
        "api_app_id": identity.app_id,
        "token": VERIFICATION_TOKEN,
        "team": {"id": identity.team, "domain": identity.domain},
        "enterprise": None,
        "is_enterprise_install": False,
    }


def to_press(message: Message, channel: Channel, action: Json, *, action_ts: str) -> Json:
    """The part of a ``block_actions`` payload about the message and what was pressed in it."""
    container = {
        "type": "message",
        "message_ts": message.ts,
        "channel_id": channel.id,
        "is_ephemeral": message.shown_to is not None,
    }
    if message.thread_ts is not None:
        container["thread_ts"] = message.thread_ts
    payload: Json = {
        "container": container,
        "channel": {"id": channel.id, "name": channel.name or "directmessage"},
        "state": {"values": {}},
        "actions": [{**action, "action_ts": action_ts}],
    }
    if message.shown_to is None:
        payload["message"] = message.to_api()
    return payload


def to_submission(view: View, values: Json) -> Json:
    """The part of a ``view_submission`` payload about the view."""
    return {
        "view": {**view.content, "id": view.id, "hash": view.hash, "state": {"values": values}},
        "response_urls": [],
    }
