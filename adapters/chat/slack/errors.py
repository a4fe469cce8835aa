"""Slack's error codes, sorted into what is worth repeating, what isn't, and what a person is told."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from core.errors import MessageGone, MessengerRefused, MessengerUnavailable

# docs.slack.dev: errors that say "try again"; Slack sends most of them with status 200.
TRANSIENT = frozenset(
    {"ratelimited", "rate_limited", "internal_error", "fatal_error", "service_unavailable", "request_timeout",
     "team_added_to_org", "org_login_required"}
)  # fmt: skip
# The message that should be edited can't be: a new one is the way out.
GONE = frozenset({"message_not_found", "cant_update_message", "edit_window_closed"})
# Where a response URL, if there is one, still reaches the channel.
NOT_A_MEMBER = frozenset({"not_in_channel", "channel_not_found"})

_TOKEN = "Slack no longer accepts FlowMate's token; set SLACK_BOT_TOKEN anew."
_ARCHIVED = "That Slack channel is archived."
_SIZE = "The message does not fit Slack's limits."
_SENTENCES = {
    "not_in_channel": "FlowMate is no member of that Slack channel; invite it with /invite.",
    "channel_not_found": "FlowMate can't see that Slack channel; invite it with /invite.",
    "is_archived": _ARCHIVED,
    "is_inactive": _ARCHIVED,
    "invalid_auth": _TOKEN,
    "not_authed": _TOKEN,
    "account_inactive": _TOKEN,
    "token_revoked": _TOKEN,
    "token_expired": _TOKEN,
    "missing_scope": "FlowMate's Slack app lacks a permission; install it again from `flowmate slack manifest`.",
    "msg_too_long": _SIZE,
    "msg_blocks_too_long": _SIZE,
    "invalid_blocks": _SIZE,
    "used_url": "The answer could not be posted: FlowMate is no member of that Slack channel; invite it with /invite.",
    "expired_url": "The answer came too late for a channel FlowMate is no member of; invite it with /invite.",
}


class SlackRefused(MessengerRefused):
    """Slack does not take this message, and `code` says why."""

    def __init__(self, code: str) -> None:
        super().__init__(_SENTENCES.get(code, f"Slack does not take this message ({code})."))
        self.code = code


class AnotherWorkspace(MessengerRefused):
    """FlowMate's Slack app is not installed in that workspace."""

    def __init__(self, *, own: str, given: str) -> None:
        super().__init__(f"FlowMate's Slack app is installed in the workspace {own}, not in {given}.")


def to_failure(response: Any) -> MessengerUnavailable | MessengerRefused:
    """The failure behind a SlackApiError's response: slack_sdk's own class, or aiohttp's for a body that is no JSON."""
    data = getattr(response, "data", None)
    code = data.get("error") if isinstance(data, Mapping) else None
    status = int(getattr(response, "status_code", 0) or getattr(response, "status", 0))
    headers = getattr(response, "headers", None) or {}
    if status == 429 or code in TRANSIENT:
        return MessengerUnavailable(
            "Slack asks to slow down." if status == 429 else None, retry_after_seconds=_retry_after(headers)
        )
    # An error page of a proxy has no code, whatever its status.
    if status >= 500 or not isinstance(code, str):
        return MessengerUnavailable("Slack did not answer as it should.")
    return (
        MessageGone("That Slack message can't be changed any more.") if code in GONE else SlackRefused(code)
    )


def _retry_after(headers: Mapping[str, str]) -> float | None:
    value = next((value for name, value in headers.items() if name.lower() == "retry-after"), "")
    return float(value) if value.isascii() and value.isdigit() else None
