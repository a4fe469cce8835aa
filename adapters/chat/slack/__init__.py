"""Slack: mentions, direct messages, threads, `/flowmate` and buttons, over HTTP or Socket Mode."""

from __future__ import annotations

from adapters.chat.platform import Connection, Platform, Shared
from adapters.chat.slack.settings import SlackSettings, to_credentials
from core.ports.clock import Clock


def connect(settings: SlackSettings, clock: Clock, shared: Shared) -> Connection | None:
    """A connection, or None where Slack isn't configured. Raises ConfigurationError where it is by halves."""
    credentials = to_credentials(settings)
    if credentials is None:
        return None
    # slack_sdk and aiohttp cost 14 MB and a fifth of a second; without Slack nobody should pay them.
    from adapters.chat.slack.connection import SlackConnection

    return SlackConnection(credentials, clock=clock, shared=shared)


PLATFORM = Platform(
    name="slack",
    title="Slack",
    settings=SlackSettings,
    setup="set SLACK_BOT_TOKEN and SLACK_APP_TOKEN",
    connect=connect,
    place="slack:T0123:C0456",
)
