"""Who FlowMate is in Slack."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from adapters.chat.slack.client import SlackClient
from core.errors import FlowMateError, MessengerUnavailable
from core.ports.clock import Clock

# Events wait for this answer, and Slack waits three seconds for theirs.
TIMEOUT_SECONDS = 2.0
PAUSE_SECONDS = 2.0


@dataclass(frozen=True)
class Identity:
    """The bot's user, its bot id, and the workspace (or, for an organisation-wide app, the organisation)."""

    team: str
    user: str
    bot: str
    enterprise: str = ""
    org_wide: bool = False

    def covers(self, team: str, *, enterprise: str) -> bool:
        """Whether something that happened in this team is ours to answer."""
        return team == self.team or (self.org_wide and bool(enterprise) and enterprise == self.enterprise)


class OwnIdentity:
    """Asks `auth.test` until it answers once, one call at a time, and never again."""

    def __init__(self, client: SlackClient, *, clock: Clock) -> None:
        self._client = client
        self._clock = clock
        self._lock = asyncio.Lock()
        self._known: Identity | None = None
        self._again_at = clock.monotonic()

    async def get(self) -> Identity:
        """The identity. Raises MessengerUnavailable or SlackRefused; for a moment after, without asking Slack again."""
        if self._known is None:
            async with self._lock:
                if self._known is None:
                    self._known = await self._ask()
        return self._known

    async def _ask(self) -> Identity:
        wait = self._again_at - self._clock.monotonic()
        if wait > 0:
            raise MessengerUnavailable("Slack has not said who FlowMate is.", retry_after_seconds=wait)
        try:
            answer = await self._client.call(lambda web: web.auth_test(), timeout_seconds=TIMEOUT_SECONDS)
        except FlowMateError as failure:
            asked = failure.retry_after_seconds if isinstance(failure, MessengerUnavailable) else None
            self._again_at = self._clock.monotonic() + (asked or PAUSE_SECONDS)
            raise
        return Identity(
            team=answer.get("team_id") or "",
            user=answer.get("user_id") or "",
            bot=answer.get("bot_id") or "",
            enterprise=answer.get("enterprise_id") or "",
            org_wide=bool(answer.get("is_enterprise_install")),
        )
