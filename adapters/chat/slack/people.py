"""What Slack knows about the people who write."""

from __future__ import annotations

import asyncio
from collections import OrderedDict

from adapters.chat.slack.background import Background
from adapters.chat.slack.client import SlackClient
from adapters.chat.slack.inbound import Profile
from core.ports.clock import Clock

KEPT = 5000
FRESH_SECONDS = 12 * 3600.0
PAUSE_SECONDS = 60.0
AT_ONCE = 2
"""When a whole company writes for the first time, its events must not wait for all of these answers to be read."""


class People:
    """Profiles from `users.info`, looked up behind the acknowledgement: the first message comes without one."""

    def __init__(self, client: SlackClient, *, clock: Clock, background: Background) -> None:
        self._client = client
        self._clock = clock
        self._background = background
        self._profiles: OrderedDict[str, tuple[Profile, float]] = OrderedDict()
        self._asking: set[str] = set()
        self._turns = asyncio.Semaphore(AT_ONCE)

    def profile(self, user: str) -> Profile:
        """What is known now; asks for what isn't, without waiting."""
        profile, until = self._profiles.get(user, (Profile(), 0.0))
        if user and user not in self._asking and self._clock.monotonic() >= until:
            self._asking.add(user)
            self._background.spawn(self._ask(user), name="users.info")
        return profile

    async def _ask(self, user: str) -> None:
        # Until there is an answer, nobody asks again too soon.
        self._profiles[user] = (
            self._profiles.get(user, (Profile(), 0.0))[0],
            self._clock.monotonic() + PAUSE_SECONDS,
        )
        try:
            async with self._turns:
                answer = await self._client.call(lambda web: web.users_info(user=user))
        finally:
            self._asking.discard(user)
        found = answer.get("user") or {}
        details = found.get("profile") or {}
        profile = Profile(
            name=details.get("display_name") or found.get("real_name") or found.get("name") or "",
            zone=found.get("tz") or None,
        )
        self._profiles[user] = (profile, self._clock.monotonic() + FRESH_SECONDS)
        self._profiles.move_to_end(user)
        while len(self._profiles) > KEPT:
            self._profiles.popitem(last=False)
