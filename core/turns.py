"""One edit of a conversation at a time in this process, so that nothing overtakes the answer."""

from __future__ import annotations

import asyncio

MANY = 10_000


class Turns:
    """A lock for each delegation that is being shown."""

    def __init__(self) -> None:
        self._locks: dict[str, asyncio.Lock] = {}

    def of(self, delegation_id: str) -> asyncio.Lock:
        if len(self._locks) > MANY:
            self._locks = {key: lock for key, lock in self._locks.items() if lock.locked()}
        return self._locks.setdefault(delegation_id, asyncio.Lock())

    def over(self, delegation_id: str) -> None:
        """Nothing more comes of it."""
        self._locks.pop(delegation_id, None)
