"""A self-written, strict pretended Slack for tests: in one process, on one loopback port.

No packaged emulator does signed events, slash commands, Socket Mode and streaming. This one was written from
Slack's public documentation and is stricter than any client that talks to it should need:

- docs.slack.dev/reference/methods/* (arguments, scopes, tiers and error names of each method)
- docs.slack.dev/apis/web-api and /apis/web-api/rate-limits
- docs.slack.dev/apis/events-api (retries, ``x-slack-no-retry``) and /apis/events-api/using-socket-mode
- docs.slack.dev/authentication/verifying-requests-from-slack
- docs.slack.dev/interactivity (slash commands, ``trigger_id``, ``response_url``)
- docs.slack.dev/reference/interaction-payloads
- docs.slack.dev/reference/block-kit and /messaging/message-metadata
- docs.slack.dev/reference/events/agent_session_stopped and /ai/agent-sessions

Stricter than Slack on purpose: unknown arguments are refused, a ``thread_ts`` must be that of an existing root,
text over the limit is refused rather than truncated, posts have no burst, channel names are not taken for ids.
"""

from tests.counterparts.slack.clock import ManualClock
from tests.counterparts.slack.errors import BadRecipe
from tests.counterparts.slack.feed import ALL_EVENTS
from tests.counterparts.slack.files import files_of
from tests.counterparts.slack.outbox import REAL_RETRY_SECONDS
from tests.counterparts.slack.record import Answer, Attempt, Delivery, Request
from tests.counterparts.slack.server import ALL_SCOPES, SlackServer
from tests.counterparts.slack.state import Channel, Message, Ping, User
from tests.counterparts.slack.streams import message_tasks

__all__ = [
    "ALL_EVENTS",
    "ALL_SCOPES",
    "REAL_RETRY_SECONDS",
    "Answer",
    "Attempt",
    "BadRecipe",
    "Channel",
    "Delivery",
    "ManualClock",
    "Message",
    "Ping",
    "Request",
    "SlackServer",
    "User",
    "files_of",
    "message_tasks",
]
