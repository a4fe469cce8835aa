"""Slack's documented rate limits, counted on an injected monotonic clock.

One post a second for each channel (a token bucket of ``burst``), and the per-minute tiers for each
method (docs.slack.dev/apis/web-api/rate-limits). A refused call costs nothing.
"""

import math
from collections import defaultdict, deque
from collections.abc import Callable, Mapping

from tests.counterparts.slack.errors import RateLimited

TIER_1, TIER_2, TIER_3, TIER_4 = 1, 20, 50, 100
WINDOW_SECONDS = 60.0
EPSILON = 1e-6
"""What adding seconds to a clock that counts since the machine's start may lose."""


class Limits:
    """Admits a call or raises ``RateLimited`` with whole seconds to wait."""

    def __init__(
        self,
        *,
        monotonic: Callable[[], float],
        burst: int = 1,
        posts_per_second: float = 1.0,
        per_minute: Mapping[str, int] | None = None,
    ) -> None:
        self._monotonic = monotonic
        self._burst = float(burst)
        self._rate = posts_per_second
        self._overrides = dict(per_minute or {})
        self._tokens: dict[str, tuple[float, float]] = {}
        self._calls: defaultdict[str, deque[float]] = defaultdict(deque)

    def take_post(self, channel: str) -> None:
        """Count one message posted into a channel."""
        now = self._monotonic()
        tokens, since = self._tokens.get(channel, (self._burst, now))
        tokens = min(self._burst, tokens + (now - since) * self._rate)
        if tokens < 1 - EPSILON:
            self._tokens[channel] = (tokens, now)
            raise RateLimited(max(1, math.ceil((1 - tokens) / self._rate - EPSILON)))
        self._tokens[channel] = (tokens - 1, now)

    def take_call(self, method: str, *, per_minute: int | None) -> None:
        """Count one call of a method against its tier."""
        allowed = self._overrides.get(method, per_minute)
        if allowed is None:
            return
        now = self._monotonic()
        calls = self._calls[method]
        while calls and now - calls[0] >= WINDOW_SECONDS - EPSILON:
            calls.popleft()
        if len(calls) >= allowed:
            wait = WINDOW_SECONDS if not calls else WINDOW_SECONDS - (now - calls[0])
            raise RateLimited(max(1, math.ceil(wait)))
        calls.append(now)
