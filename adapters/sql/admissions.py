"""`SqlAdmissions`: pairing codes, and who was let in by one."""

from __future__ import annotations

import hashlib
from datetime import datetime

from sqlalchemy import Connection, delete, insert, select, update

from adapters.sql import tables
from adapters.sql.database import Database

C = tables.pairing_codes
A = tables.admissions


class SqlAdmissions:
    """The Admissions port in the database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def issue(self, platform: str, code: str, *, expires_at: datetime) -> None:
        def save(c: Connection) -> None:
            c.execute(delete(C).where(C.c.code_hash == _hash(platform, code)))
            c.execute(insert(C).values(code_hash=_hash(platform, code), expires_at=expires_at))

        await self._database.write(save)

    async def redeem(self, platform: str, code: str, person_id: str, *, now: datetime) -> bool:
        return await self._database.write(lambda c: _redeem(c, platform, code, (person_id, now)))

    async def admitted(self, platform: str, person_id: str) -> bool:
        query = select(A.c.person_id).where(A.c.platform == platform, A.c.person_id == person_id)
        return await self._database.read(lambda c: c.execute(query).first() is not None)


def _redeem(c: Connection, platform: str, code: str, who: tuple[str, datetime]) -> bool:
    person_id, now = who
    this = C.c.code_hash == _hash(platform, code)
    good = (this, C.c.person_id.is_(None), C.c.expires_at > now)
    if c.execute(update(C).where(*good).values(person_id=person_id)).rowcount != 1:
        owner = c.execute(select(C.c.person_id).where(this)).scalar_one_or_none()
        return owner is not None and owner == person_id
    known = select(A.c.person_id).where(A.c.platform == platform, A.c.person_id == person_id)
    if c.execute(known).first() is None:
        c.execute(insert(A).values(platform=platform, person_id=person_id, at=now))
    return True


def _hash(platform: str, code: str) -> str:
    return hashlib.sha256(f"{platform}\n{code}".encode()).hexdigest()
