"""Parlour, a third chat platform, in one folder: what adding one takes, and that nothing else changes.

It lies under `tests/` since nobody can talk there; a real one would lie in `adapters/chat/`.
"""

from __future__ import annotations

from adapters.chat.platform import Connection, Platform, Shared
from core.ports.clock import Clock
from tests.platforms.parlour.connection import ParlourConnection
from tests.platforms.parlour.settings import ParlourSettings, to_credentials


def connect(settings: ParlourSettings, clock: Clock, shared: Shared) -> Connection | None:
    credentials = to_credentials(settings)
    return None if credentials is None else ParlourConnection(credentials, clock=clock, shared=shared)


PLATFORM = Platform(
    name="parlour",
    title="Parlour",
    settings=ParlourSettings,
    setup="set PARLOUR_TOKEN and PARLOUR_URL",
    connect=connect,
    place="parlour:house:kitchen",
)
