"""`SqlNotes`: a workspace's notes."""

from __future__ import annotations

import unicodedata

from sqlalchemy import Connection, Row, func, insert, select

from adapters.sql import tables
from adapters.sql.database import Database
from core.ports.clock import Clock
from core.ports.notes import Note

N = tables.notes
# Any number will do, as long as nobody else on the same database uses it for something else.
NUMBERING_LOCK = 4_601_993


class SqlNotes:
    """The Notes port in the database."""

    def __init__(self, database: Database, *, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def save(self, workspace: str, *, text: str, author: str, key: str) -> Note:
        return await self._database.write(lambda c: self._save(c, workspace, text, (author, key)))

    async def find(self, workspace: str, *, words: str, limit: int = 20) -> tuple[Note, ...]:
        query = select(N).where(N.c.workspace == workspace)
        for word in fold(words).split():
            query = query.where(N.c.folded.contains(word, autoescape=True))
        query = query.order_by(N.c.number.desc()).limit(limit)
        return await self._database.read(lambda c: tuple(_to_note(row) for row in c.execute(query)))

    async def recent(self, workspace: str, *, limit: int = 20) -> tuple[Note, ...]:
        query = select(N).where(N.c.workspace == workspace).order_by(N.c.number.desc()).limit(limit)
        return await self._database.read(lambda c: tuple(_to_note(row) for row in c.execute(query)))

    async def count(self, workspace: str) -> int:
        query = select(func.count()).select_from(N).where(N.c.workspace == workspace)
        return await self._database.read(lambda c: c.execute(query).scalar_one())

    def _save(self, c: Connection, workspace: str, text: str, origin: tuple[str, str]) -> Note:
        author, key = origin
        if c.dialect.name == "postgresql":
            # Numbers have no gaps, so two notes of one workspace can't be numbered at once.
            c.execute(select(func.pg_advisory_xact_lock(NUMBERING_LOCK, func.hashtext(workspace)))).close()
        row = c.execute(select(N).where(N.c.workspace == workspace, N.c.key == key)).first()
        if row is not None:
            return _to_note(row)
        highest = select(func.coalesce(func.max(N.c.number), 0)).where(N.c.workspace == workspace)
        note = Note(
            number=c.execute(highest).scalar_one() + 1, text=text, author=author, at=self._clock.now()
        )
        c.execute(insert(N).values(workspace=workspace, folded=fold(text), key=key, **note.model_dump()))
        return note


def fold(text: str) -> str:
    """Case and accents taken away, so that "cafe" finds "Café"."""
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    # Taking a sign apart may give capital letters: ℡ is TEL.
    return "".join(character for character in decomposed if not unicodedata.combining(character)).casefold()


def _to_note(row: Row[tuple[object, ...]]) -> Note:
    return Note(number=row.number, text=row.text, author=row.author, at=row.at)
