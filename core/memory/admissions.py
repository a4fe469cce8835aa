"""Admissions in memory."""

from __future__ import annotations

from datetime import datetime


class InMemoryAdmissions:
    """The Admissions port in this process."""

    def __init__(self) -> None:
        self._codes: dict[tuple[str, str], tuple[datetime, str | None]] = {}
        self._admitted: set[tuple[str, str]] = set()

    async def issue(self, platform: str, code: str, *, expires_at: datetime) -> None:
        self._codes[platform, code] = (expires_at, None)

    async def redeem(self, platform: str, code: str, person_id: str, *, now: datetime) -> bool:
        expires_at, owner = self._codes.get((platform, code), (now, None))
        if owner == person_id:
            return True
        if owner is not None or expires_at <= now:
            return False
        self._codes[platform, code] = (expires_at, person_id)
        self._admitted.add((platform, person_id))
        return True

    async def admitted(self, platform: str, person_id: str) -> bool:
        return (platform, person_id) in self._admitted
