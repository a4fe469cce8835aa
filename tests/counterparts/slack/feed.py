"""Which events reach the app: subscribed, covered by a scope, and in a conversation it is a member of."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.counterparts.slack.events import to_envelope
from tests.counterparts.slack.outbox import Outbox
from tests.counterparts.slack.record import Delivery
from tests.counterparts.slack.state import Channel, Identity

Json = dict[str, Any]
MESSAGE_EVENTS = {
    "channel": ("message.channels", "channels:history"),
    "group": ("message.groups", "groups:history"),
    "im": ("message.im", "im:history"),
    "mpim": ("message.mpim", "mpim:history"),
}
OTHER_SCOPES = {
    "app_mention": "app_mentions:read",
    "member_joined_channel": "channels:read",
    "reaction_added": "reactions:read",
}
ALL_EVENTS = frozenset(
    {name for name, _ in MESSAGE_EVENTS.values()}
    | {
        "app_mention",
        "member_joined_channel",
        "reaction_added",
        "app_home_opened",
        "app_context_changed",
        "agent_session_stopped",
        "app_uninstalled",
        "tokens_revoked",
    }
)


@dataclass
class Feed:
    """Turns what happens into deliveries; each event gets an id of its own."""

    identity: Identity
    outbox: Outbox
    wall: Callable[[], float]
    scopes: frozenset[str]
    events: frozenset[str]
    echo_own_messages: bool = True
    _count: int = 0

    def emit(self, event: Json, channel: Channel | None) -> Delivery | None:
        """Send an event if the app may see it."""
        name, scope = event["type"], OTHER_SCOPES.get(event["type"], "")
        if channel is not None and name == "message":
            name, scope = MESSAGE_EVENTS[channel.kind]
        if name not in self.events or (scope and scope not in self.scopes):
            return None
        if channel is not None and not channel.bot_is_member:
            return None
        if self._is_own(event) and not self.echo_own_messages:
            return None
        return self.send(event)

    def send(self, event: Json, *, event_id: str | None = None, team: str | None = None) -> Delivery:
        """Send an event whatever the subscriptions are."""
        return self.outbox.send_event(self.envelope(event, event_id=event_id, team=team))

    def envelope(self, event: Json, *, event_id: str | None = None, team: str | None = None) -> Json:
        """The outer payload of an event."""
        self._count += 1
        return to_envelope(
            self.identity,
            event,
            event_id=event_id or f"Ev0{self._count:08d}",
            event_time=int(self.wall()),
            team=team or self.identity.team,
        )

    def _is_own(self, event: Json) -> bool:
        inner = [event, event.get("message", {}), event.get("previous_message", {})]
        return any(part.get("bot_id") == self.identity.bot_id for part in inner)
