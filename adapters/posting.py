"""Whether a schedule's answers can go where they shall: looked at when it is made, not when it is too late."""

from __future__ import annotations

from collections.abc import Mapping

from adapters.chat import PLATFORMS
from adapters.chat.platform import Connection
from core.errors import InvalidSchedule, MessengerRefused, MessengerUnavailable
from core.models import Address
from core.ports.messenger import Reaching
from core.rendering import failures, questions
from core.schedules.posting import to_address

FIELD = "post_to"


async def check_target(post_to: str, *, connections: Mapping[str, Connection]) -> Address:
    """The place that this names. Raises InvalidSchedule with what is wrong with it, and MessengerUnavailable.

    A platform that can't tell beforehand is believed.
    """
    target = to_address(post_to)
    platform = next((one for one in PLATFORMS if target is not None and one.name == target.platform), None)
    if target is None or platform is None:
        examples = [one.place or f"{one.name}:workspace:place" for one in PLATFORMS]
        raise InvalidSchedule(questions.no_place(post_to[:80], examples=examples), field=FIELD)
    connection = connections.get(platform.name)
    if connection is None:
        raise InvalidSchedule(failures.not_connected(platform.title, setup=platform.setup), field=FIELD)
    if isinstance(connection.messenger, Reaching):
        try:
            await connection.messenger.reach(target)
        except MessengerRefused as refusal:
            sentence = questions.not_reached(post_to, reason=refusal.sentence)
            raise InvalidSchedule(sentence, field=FIELD) from refusal
        except MessengerUnavailable as silence:
            raise MessengerUnavailable(
                questions.not_looked_up(platform.title), retry_after_seconds=silence.retry_after_seconds
            ) from silence
    return target
