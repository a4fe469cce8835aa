"""What a chat platform's folder gives to the rest: one `Platform`, and a `Connection` once it is configured."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from pydantic_settings import BaseSettings

from core.integrations.commands import Told
from core.models import Address, Finding, Instruction, Person, Press, Receipt
from core.models.form import Form, Submission
from core.ports.admissions import Admissions
from core.ports.clock import Clock
from core.ports.limiter import Limiter
from core.ports.messenger import Messenger

if TYPE_CHECKING:
    # Only the web process serves routes; the others need not load a web framework to know the word.
    from starlette.routing import BaseRoute


class Reception(Protocol):
    """The core as an inbound side sees it."""

    async def receive(self, instruction: Instruction) -> Receipt:
        """Save the instruction, once. Returns only after the commit.

        Raises Refused (InvalidInstruction, RateLimited) with a sentence for the person, and StoreUnavailable
        where nothing could be saved: the platform must be told to send it again. Safe to repeat.
        """
        ...

    async def hear(self, instruction: Instruction) -> Told | Receipt:
        """Take what a person said in a conversation: the one way in for all that is said or commanded there.

        A command about connected services, and a question about agents that nobody else may use, is answered at once,
        to this person alone (above all a link, and what is `alone`): show it to nobody else. Everything else is
        received as `receive` does it, which this raises the same errors as.
        Safe to repeat.
        """
        ...

    async def press(self, press: Press) -> str | None:
        """Do what a button says. Returns a sentence for the presser alone, or None where the message itself will
        change. Raises StoreUnavailable. Safe to repeat."""
        ...

    async def cancel_latest(self, address: Address, person: Person) -> str | None:
        """Cancel what this person's latest instruction here is still doing. Returns a sentence where nothing is.
        Raises StoreUnavailable. Safe to repeat."""
        ...

    async def moved(self, place: Address, *, to: Address) -> None:
        """The platform gave a place another address: what FlowMate keeps for it goes along. Raises StoreUnavailable.
        Safe to repeat."""
        ...

    async def knows(self, address: Address) -> bool:
        """Whether this conversation (its thread) is one that FlowMate takes part in. Raises StoreUnavailable."""
        ...

    async def form(self, instruction: Instruction) -> Form | None:
        """What to fill in, where a command is answered best by a form; None where it is taken as it is.
        Never raises, and takes a second at most; a platform without forms never asks."""
        ...

    async def read_form(self, submission: Submission) -> Instruction:
        """A filled-in form as the instruction that it stands for, to be received like any other.

        Raises InvalidAgent for what the person should mend in it, and StoreUnavailable.
        """
        ...

    async def connect(self, submission: Submission, *, later: Callable[[str], None]) -> None:
        """Connect the service of a filled-in form. What was written into such a form goes here, and nowhere else.

        `later` is told, once, by the end, whether the service works: for the person alone. Raises InvalidIntegration
        (the field is `fields.NAME`, or of the service itself) and Conflict for what is to be mended in the form,
        ConfigurationError, and StoreUnavailable. Safe to repeat.
        """
        ...

    async def help(self, *, person: Person, address: Address, aloud: bool = False) -> str:
        """What FlowMate can do for this person here, the agents that they may use included, as Markdown; `aloud`:
        only what everybody here may use, for others read it, too. Never raises."""
        ...


@dataclass(frozen=True)
class Shared:
    """What connections of all processes have in common."""

    limiter: Limiter
    admissions: Admissions
    base_url: str
    """Where people and platforms reach FlowMate over HTTP."""


class Connection(Protocol):
    """A configured platform."""

    @property
    def messenger(self) -> Messenger: ...

    @property
    def summary(self) -> str:
        """How it is connected, for people: "Slack (Socket Mode)"."""
        ...

    def routes(self, reception: Reception) -> Sequence[BaseRoute]:
        """HTTP routes for the web process; none where the platform isn't reached over HTTP."""
        ...

    async def listen(self, reception: Reception) -> None:
        """Receive without HTTP routes (a socket, long polling) until cancelled; returns at once if there is nothing
        to listen to."""
        ...

    async def check(self) -> Sequence[Finding]:
        """Try the credentials. Never raises."""
        ...

    async def aclose(self) -> None: ...


@dataclass(frozen=True)
class Platform:
    """A chat platform: its name in addresses, its own settings class, and how to connect."""

    name: str
    title: str
    settings: type[BaseSettings]
    setup: str
    """What to set to connect it, for people: "set SLACK_BOT_TOKEN and …"."""
    connect: Callable[[Any, Clock, Shared], Connection | None]
    """Given an instance of `settings`: a connection, or None where the platform isn't configured. Does no I/O.
    Raises ConfigurationError where it is configured by halves."""
    place: str = ""
    """What a place that can be posted into looks like, for people: "slack:T0123:C0456"."""
    pairing: str = ""
    """Where anyone can find the bot: what a person does with a pairing code (in place of {code}); else empty."""
