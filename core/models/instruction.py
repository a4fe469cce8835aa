"""What is asked, by whom, and where the answer goes."""

from __future__ import annotations

from pydantic import Field

from core.models.values import Frozen

MAX_INSTRUCTION_CHARACTERS = 5000


class Address(Frozen):
    """Where an answer goes. The core compares addresses and never looks inside one."""

    platform: str
    workspace: str
    place: str
    thread: str = ""
    via: str = Field(default="", repr=False)
    """What the platform needs beside the address to post there; no part of the conversation's identity."""

    @property
    def conversation(self) -> tuple[str, str, str, str]:
        return (self.platform, self.workspace, self.place, self.thread)

    @property
    def spelled(self) -> str:
        """As people write down where something is to be posted: `platform:workspace:place`."""
        return f"{self.platform}:{self.workspace}:{self.place}"


class Person(Frozen):
    """Who asks: `id` is unique over all platforms (`platform:workspace:user`)."""

    id: str
    name: str = ""
    zone: str | None = None
    """IANA time zone, where the platform knows it."""


class Instruction(Frozen):
    """What a person, a schedule or a program asks."""

    key: str
    """Idempotency key: the platform's own event key. The same key is the same instruction, for ever."""
    text: str
    person: Person
    address: Address
    origin: str
    """The door it came through: a platform's name, `api`, `terminal` or `schedule`."""
    preferred_agents: tuple[str, ...] = ()
    fingerprint: str = ""
    """Hash of the request, where the key is chosen by the caller: the same key must carry the same request."""

    @property
    def schedule_id(self) -> str:
        """Which schedule asks this; empty where it is none. A schedule's keys are `schedule:ID:…`."""
        return self.key.split(":")[1] if self.origin == "schedule" and self.key.count(":") >= 2 else ""


class Receipt(Frozen):
    """What the door that brought an instruction learns: it is saved, and under which id."""

    delegation_id: str
    created: bool
    """False where the same key had been received before."""
    notice: str | None = None
    """One sentence for the person, where work is accepted but will start late."""


class Press(Frozen):
    """A person pressed a button."""

    action: str
    value: str
    person: Person
    address: Address
    key: str
    """Idempotency key of the press itself."""
