"""Identifiers that nobody else gives."""

from __future__ import annotations

import secrets
from itertools import count

PROCESS_BYTES = 12


class Tickets:
    """One after the other: random for whoever made this, and a number.

    Asking the system for randomness lets go of the interpreter, which another thread keeps for a while: where
    identifiers need only differ, that is most of what they cost. To be made in the process that uses it, not before a
    fork.
    """

    def __init__(self) -> None:
        self._own = secrets.token_hex(PROCESS_BYTES)
        self._numbers = count(1)

    def next(self) -> str:
        """At most 32 characters for the first four thousand million of them."""
        return f"{self._own}{next(self._numbers):08x}"
