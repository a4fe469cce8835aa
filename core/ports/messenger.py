"""Posting into a conversation."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

from core.models import Address, Frozen, Reply


class Capabilities(Frozen):
    """What a platform lets its bots do."""

    edit: bool = True
    find_own: bool = False
    seconds_between_edits: float = 1.0
    lasting_threads: bool = False
    """Whether a thread is a place of its own (a forum's topic): what comes again is posted there, not beside it."""


class Tag(Frozen):
    """What marks an own message, so that it can be found again: one part of one delegation's answer."""

    delegation_id: str
    part: int
    order: float = 0.0
    """When it was asked for, in Unix seconds; no part of the mark. Where posts have to wait the lowest goes first."""


class Messenger(Protocol):
    """One chat platform's outbound side.

    Every method raises MessengerUnavailable where trying again may help (with `retry_after_seconds` if the
    platform named it) and MessengerRefused where it can't. MessengerBusy, a kind of the first, promises that nothing
    was sent: the platform takes only so much, and this would have to wait too long for its turn.
    """

    @property
    def platform(self) -> str: ...

    @property
    def capabilities(self) -> Capabilities: ...

    def split(self, reply: Reply) -> tuple[Reply, ...]:
        """Cut a reply into parts that fit one message each, in order; at least one. Pure."""
        ...

    async def post(self, address: Address, part: Reply, *, tag: Tag) -> str:
        """Post a new message and return its id. Repeating posts again: look with `find_own` first."""
        ...

    async def edit(self, address: Address, message_id: str, part: Reply) -> None:
        """Make the message read like `part`. Safe to repeat; an unchanged message is a success."""
        ...

    async def delete(self, address: Address, message_id: str) -> None:
        """Remove an own message. Safe to repeat; one that is gone is a success."""
        ...

    async def find_own(self, address: Address, *, tag: Tag) -> str | None:
        """The id of the message posted with this tag, if the platform can tell. Safe to repeat."""
        ...


@runtime_checkable
class Reaching(Protocol):
    """A messenger whose platform can tell beforehand whether something can be posted in a place."""

    async def reach(self, address: Address) -> None:
        """Raises MessengerRefused, with a sentence that says what to do, where that can't be, and
        MessengerUnavailable. Posts nothing. Safe to repeat."""
        ...


@runtime_checkable
class Discreet(Protocol):
    """A messenger that can tell where a person and FlowMate are by themselves; of any other one it is assumed that
    others read along everywhere."""

    def is_private(self, address: Address) -> bool:
        """Whether nobody but the person who writes there reads what is posted there. Pure."""
        ...


@runtime_checkable
class Drafting(Protocol):
    """A messenger whose platform can show words that are no message yet: live typing, which leaves nothing behind."""

    def drafts(self, address: Address) -> bool:
        """Whether it can be done there. Pure."""
        ...

    async def draft(self, address: Address, part: Reply, *, tag: Tag) -> None:
        """Show these words, or others of the same tag in their place; gone by themselves, or with the next message.

        Raises what every method of a messenger raises. Safe to repeat.
        """
        ...
