"""Invitations in memory."""

from __future__ import annotations

from core.errors import ConfigurationError
from core.ports.invitations import Invitation


class InMemoryInvitations:
    """The Invitations port in this process: remembers what was issued."""

    def __init__(self, *, refuses: str = "") -> None:
        self.issued: list[Invitation] = []
        self._refuses = refuses

    async def issue(self, invitation: Invitation) -> str:
        if self._refuses:
            raise ConfigurationError(self._refuses)
        self.issued.append(invitation)
        return f"https://flow.example.org/connect?link={len(self.issued)}"
