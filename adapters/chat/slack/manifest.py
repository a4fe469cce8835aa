"""The app that has to exist in Slack, as a manifest to create it from."""

from __future__ import annotations

import json
from typing import Any

COMMAND = "/flowmate"
EVENTS_PATH = "/slack/events"

# Each scope with the Web API methods, events and features that need it; nothing else is asked for.
SCOPES: dict[str, tuple[str, ...]] = {
    "app_mentions:read": ("app_mention",),
    "assistant:write": ("agent_view",),
    "channels:history": ("message.channels", "conversations.history", "conversations.replies"),
    "chat:write": ("chat.postMessage", "chat.postEphemeral", "chat.update", "chat.delete"),
    "commands": (COMMAND,),
    "files:write": ("files.getUploadURLExternal", "files.completeUploadExternal"),
    "groups:history": ("message.groups", "conversations.history", "conversations.replies"),
    "im:history": ("message.im", "conversations.history", "conversations.replies"),
    "mpim:history": ("message.mpim", "conversations.history", "conversations.replies"),
    "users:read": ("users.info",),
}
# `agent_session_stopped` is what the Stop button wants and `app_home_opened` the agent view; `app_uninstalled` and
# `tokens_revoked` come with every app and are only logged.
EVENTS = (
    "agent_session_stopped",
    "app_home_opened",
    "app_mention",
    "app_uninstalled",
    "message.channels",
    "message.groups",
    "message.im",
    "message.mpim",
    "tokens_revoked",
)
_DESCRIPTION = "Hand over a task in plain words; several small agents work on it, and one answer comes back."
_PROMPTS = (
    {"title": "What can you do?", "message": "help"},
    {"title": "Ask for something", "message": "What is 12 % of 249, and what day is it in three weeks?"},
)


def manifest(base_url: str, *, socket_mode: bool) -> dict[str, Any]:
    """The manifest of an app that reaches FlowMate at `base_url`, or, over Socket Mode, without a public URL."""
    request_url = {} if socket_mode else {"request_url": base_url.rstrip("/") + EVENTS_PATH}
    command_url = {} if socket_mode else {"url": base_url.rstrip("/") + EVENTS_PATH}
    return {
        "_metadata": {"major_version": 1, "minor_version": 1},
        "display_information": {
            "name": "FlowMate",
            "description": _DESCRIPTION,
            "background_color": "#1f2d3d",
        },
        "features": {
            "agent_view": {"agent_description": _DESCRIPTION, "suggested_prompts": list(_PROMPTS)},
            "app_home": {
                "home_tab_enabled": False,
                "messages_tab_enabled": True,
                "messages_tab_read_only_enabled": False,
            },
            "bot_user": {"display_name": "FlowMate", "always_online": True},
            "slash_commands": [
                {
                    "command": COMMAND,
                    "description": "Hand over a task",
                    "usage_hint": "what you want done, or help",
                    "should_escape": False,
                    **command_url,
                }
            ],
        },
        "oauth_config": {"scopes": {"bot": sorted(SCOPES)}},
        "settings": {
            "event_subscriptions": {**request_url, "bot_events": list(EVENTS)},
            "interactivity": {"is_enabled": True, **request_url},
            "org_deploy_enabled": False,
            "socket_mode_enabled": socket_mode,
            "token_rotation_enabled": False,
        },
    }


def to_json(base_url: str, *, socket_mode: bool) -> str:
    """The manifest as text to paste under "Create an app from a manifest" at api.slack.com/apps."""
    return json.dumps(manifest(base_url, socket_mode=socket_mode), indent=2)
