"""Links behind which a person says what may be said in no chat: a service's secrets."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from core.models import Frozen


class Invitation(Frozen):
    """To connect one service of one workspace, once."""

    workspace: str
    kind: str
    name: str
    by: str
    """The person who asked for it."""
    until: datetime


class Invitations(Protocol):
    """Makes links. What they lead to is one form, for this service alone."""

    async def issue(self, invitation: Invitation) -> str:
        """The link. Each is good for itself: repeating gives another one.

        Raises StoreUnavailable, and ConfigurationError where secrets would go to it unencrypted.
        """
        ...
