"""Taking a workspace's data out, and putting it back."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from core.models import Artifact, Frozen


class Archived(Frozen):
    """A finished archive: the file, and how many rows of each kind are in it."""

    artifact: Artifact
    sha256: str
    rows: dict[str, int]


class Archive(Protocol):
    """Whole, checked, restorable copies of one workspace's data."""

    async def create(self, workspace: str, *, key: str) -> Archived:
        """Write one archive of a consistent state. The same `key` again returns the first one if it still exists.

        Raises StoreUnavailable; ToolFailed where the folder can't be written or has no room.
        """
        ...

    async def restore(self, path: Path, *, workspace: str | None = None) -> dict[str, int]:
        """Put the rows that are missing back (into `workspace` if given) and count them. Safe to repeat.

        Raises ToolFailed for a file that is no archive or fails its checksum; nothing is written then.
        """
        ...
