"""What Parlour sends, translated; pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from adapters.chat.text import clean, clean_name
from core.models import Address, Instruction, Person, Press

PLATFORM = "parlour"

Json = Mapping[str, Any]


def is_for_somebody(message: Json) -> bool:
    """Whether a person said it; what bots say is nothing."""
    return not message["author"]["bot"]


def mentions(message: Json, *, me: str) -> bool:
    return f"<@{me}>" in message["text"]


def to_instruction(message: Json, *, me: str) -> Instruction:
    """A message as an instruction; in a channel it begins a thread, which bears its id."""
    return Instruction(
        key=f"{PLATFORM}:{message['id']}",
        text=clean(re.sub(rf"<@{re.escape(me)}>[\s,:]*", "", message["text"])),
        person=to_person(message["author"]),
        address=to_address(message, thread=message["thread"] or message["id"]),
        origin=PLATFORM,
    )


def to_press(data: Json) -> Press:
    action, _, value = data["button"].partition(":")
    return Press(
        action=action,
        value=value,
        person=to_person(data["user"]),
        address=to_address(data, thread=data["thread"]),
        key=f"{PLATFORM}:press:{data['interaction']}",
    )


def to_person(user: Json) -> Person:
    return Person(id=f"{PLATFORM}:user:{user['id']}", name=clean_name(user["name"]))


def to_address(data: Json, *, thread: str) -> Address:
    return Address(platform=PLATFORM, workspace=data["house"], place=data["channel"], thread=thread)
