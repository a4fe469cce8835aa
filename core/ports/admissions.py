"""Who may talk to FlowMate on a platform where anyone can find it."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol


class Admissions(Protocol):
    """Pairing codes, each good for one person and a short time. Every method raises StoreUnavailable."""

    async def issue(self, platform: str, code: str, *, expires_at: datetime) -> None:
        """Let this code admit one person until then. Only its hash is kept."""
        ...

    async def redeem(self, platform: str, code: str, person_id: str, *, now: datetime) -> bool:
        """Admit the person if the code is good; it is used up by that. The same person may repeat it."""
        ...

    async def admitted(self, platform: str, person_id: str) -> bool:
        """Whether this person has been let in."""
        ...
