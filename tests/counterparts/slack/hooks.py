"""Trigger ids that live three seconds and work once; response URLs that work five times in thirty minutes.

Source: docs.slack.dev/interactivity/handling-user-interaction.
"""

import secrets
from collections.abc import Callable
from dataclasses import dataclass

from tests.counterparts.slack.errors import SlackError

TRIGGER_SECONDS = 3.0
HOOK_SECONDS = 30 * 60.0
HOOK_USES = 5


@dataclass
class Hook:
    """One response URL: where it writes, for whom, and which message it may replace."""

    token: str
    channel: str
    user: str
    made_at: float
    message_ts: str | None = None
    uses: int = 0


@dataclass
class Trigger:
    """One ``trigger_id``."""

    user: str
    made_at: float
    used: bool = False


class Hooks:
    """Makes and checks the two kinds of short-lived capability."""

    def __init__(self, *, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._hooks: dict[str, Hook] = {}
        self._triggers: dict[str, Trigger] = {}

    def new_trigger(self, user: str) -> str:
        """A trigger id, in the form ``132456.7890123.abcdef``."""
        trigger_id = f"{1000 + len(self._triggers)}.{secrets.randbelow(10**9)}.{secrets.token_hex(8)}"
        self._triggers[trigger_id] = Trigger(user=user, made_at=self._monotonic())
        return trigger_id

    def take_trigger(self, trigger_id: str) -> str:
        """The person behind a trigger id, which is used up."""
        trigger = self._triggers.get(trigger_id)
        if trigger is None:
            raise SlackError("invalid_trigger_id")
        if trigger.used:
            raise SlackError("exchanged_trigger_id")
        if self._monotonic() - trigger.made_at > TRIGGER_SECONDS:
            raise SlackError("expired_trigger_id")
        trigger.used = True
        return trigger.user

    def new_hook(self, *, channel: str, user: str, message_ts: str | None = None) -> Hook:
        """A response URL's other end."""
        hook = Hook(
            token=secrets.token_hex(12),
            channel=channel,
            user=user,
            made_at=self._monotonic(),
            message_ts=message_ts,
        )
        self._hooks[hook.token] = hook
        return hook

    def take_hook(self, token: str) -> Hook:
        """Use a response URL once more; ``used_url`` or ``expired_url`` when that is over."""
        hook = self._hooks.get(token)
        if hook is None:
            raise SlackError("invalid_url")
        if self._monotonic() - hook.made_at > HOOK_SECONDS:
            raise SlackError("expired_url")
        if hook.uses >= HOOK_USES:
            raise SlackError("used_url")
        hook.uses += 1
        return hook
