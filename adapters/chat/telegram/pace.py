"""How fast Telegram may be written to."""

from __future__ import annotations

from adapters.chat.pace import Lane
from core.ports.limiter import Limit

# Telegram's FAQ, "My bot is hitting limits": one a second in a chat, 20 a minute in a group, 30 a second in all.
PER_CHAT = Limit(requests=1, window_seconds=1.0)
PER_GROUP = Limit(requests=20, window_seconds=60.0)
IN_ALL = Lane("telegram:all", Limit(requests=30, window_seconds=1.0))


def typing(place: str) -> tuple[Lane, ...]:
    """What live typing has to pass: it is no message, but nobody can read faster."""
    return (Lane(f"telegram:typing:{place}", PER_CHAT), IN_ALL)


def lanes(place: str) -> tuple[Lane, ...]:
    """What a call into this chat has to pass."""
    chat = Lane(f"telegram:chat:{place}", PER_CHAT)
    group = (Lane(f"telegram:group:{place}", PER_GROUP),) if place.startswith("-") else ()
    return (chat, *group, IN_ALL)
