"""Why a connection to a server ended, and what may become of a call."""

from __future__ import annotations

import asyncio
from enum import StrEnum


class Reason(StrEnum):
    CLOSED = "closed"
    """By us, since nobody needs it any more."""
    DIED = "died"
    GARBAGE = "garbage"
    FLOOD = "flood"
    REFUSED = "refused"
    """Its address may not be reached."""


class Ending:
    """The first reason stays."""

    def __init__(self) -> None:
        self._happened = asyncio.Event()
        self.reason: Reason | None = None
        self.sentence = ""
        """What is said about it, where the reason alone doesn't tell."""

    def say(self, reason: Reason, sentence: str = "") -> None:
        if self.reason is None:
            self.reason, self.sentence = reason, sentence
            self._happened.set()

    async def wait(self) -> None:
        await self._happened.wait()


class Lost(Exception):
    """The connection ended; `sent` is whether the call may have been looked at."""

    def __init__(self, reason: Reason, *, sentence: str = "", sent: bool = True) -> None:
        super().__init__(reason.value)
        self.reason, self.sentence, self.sent = reason, sentence, sent


class Silent(Exception):
    """There was no answer in time."""


class Unwilling(Exception):
    """The server answered that it won't, in its own words."""
