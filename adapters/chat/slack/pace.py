"""How fast Slack may be written to (docs.slack.dev/apis/web-api/rate-limits)."""

from __future__ import annotations

from adapters.chat.pace import Lane
from core.ports.limiter import Limit

PER_CHANNEL = Limit(requests=1, window_seconds=1.0)
# chat.update is of tier 3: at least 50 a minute, for all channels together. Slack counts when a call arrives, which may
# be so much later than its turn.
ARRIVAL_SECONDS = 2.0
EDITS = Lane("slack:edits", Limit(requests=50, window_seconds=60.0 + ARRIVAL_SECONDS))
# Progress may take so many of them; the others are for answers.
PROGRESS = Lane("slack:progress", Limit(requests=25, window_seconds=60.0))


def posts(channel: str) -> Lane:
    """Every post into a channel, in whichever thread, passes here."""
    return Lane(f"slack:channel:{channel}", PER_CHANNEL)
