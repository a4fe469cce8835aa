"""What a phrase about when means after all that was said and pressed before it in the conversation."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from core.models import Delegation, EventKind, Exchange
from core.ports.store import Store
from core.rendering import schedules as words
from core.schedules.commands import Command, read_reply
from core.schedules.phrases import read
from core.schedules.understanding import Unclear, Understood

LOOKED_AT = 20


def read_on(
    text: str, history: Sequence[Exchange], *, now: datetime, zone: str
) -> Understood | Unclear | None:
    """The phrase, completed by the question that it answers; without an instruction where it only says when. Pure."""
    understood = read(text, now=now, zone=zone)
    earlier = history[-1] if history else None
    if earlier is None or understood is not None:
        return understood
    before = read(earlier.instruction, now=now, zone=zone)
    if isinstance(before, Unclear) and before.question == earlier.answer:
        # "Every day": at what time? "At 9."
        together = read(f"{earlier.instruction} {text}", now=now, zone=zone)
        return together if isinstance(together, Understood) else None
    return None


def asked_before(history: Sequence[Exchange], *, now: datetime, zone: str) -> str:
    """The latest instruction of the conversation that says nothing about when; empty where there is none. Pure."""
    return next(
        (e.instruction for e in reversed(history) if read(e.instruction, now=now, zone=zone) is None), ""
    )


async def wanted_again(store: Store, answer: Delegation) -> str | None:
    """The instruction under whose answer this person pressed "Make this a schedule", where nothing else ran since."""
    person, address = answer.instruction.person, answer.instruction.address
    earlier = await store.in_conversation(address, before=answer.received_at, limit=LOOKED_AT)
    latest: tuple[datetime, str] | None = None
    for one in earlier:
        for event in await store.events(one.id):
            mine = event.kind is EventKind.SCHEDULE_ASKED and event.data.get("by") == person.id
            if mine and (latest is None or event.at >= latest[0]):
                latest = (event.at, one.instruction.text)
    if latest is None or any(one.steps and one.received_at > latest[0] for one in earlier):
        return None
    return latest[1]


def to_proposal(text: str, history: Sequence[Exchange]) -> Command | None:
    """A yes or a no to what was proposed just before in this conversation."""
    number = words.proposed(history[-1].answer) if history else None
    return None if number is None else read_reply(text, number=number)
