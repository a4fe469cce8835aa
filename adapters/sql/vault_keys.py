"""`SqlVaultKeys`: the vault's wrapped keys."""

from __future__ import annotations

from sqlalchemy import Connection, delete, func, insert, select, update

from adapters.sql import tables
from adapters.sql.database import Database
from core.ports.vault import WrappedKey

K = tables.vault_keys
I = tables.integrations  # noqa: E741 - as short as its neighbours


class SqlVaultKeys:
    """The VaultKeys port in the database, where a key that a row refers to can't go."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def listed(self) -> tuple[WrappedKey, ...]:
        query = select(K).order_by(K.c.number)
        return await self._database.read(
            lambda c: tuple(
                WrappedKey(id=row.id, master_id=row.master_id, nonce=row.nonce, wrapped=row.wrapped)
                for row in c.execute(query)
            )
        )

    async def add(self, key: WrappedKey) -> None:
        def add(c: Connection) -> None:
            newest = c.execute(select(func.coalesce(func.max(K.c.number), 0))).scalar_one()
            c.execute(insert(K).values(number=newest + 1, **key.model_dump()))

        await self._database.write(add)

    async def rewrap(self, key: WrappedKey, *, held_by: str) -> bool:
        held = update(K).where(K.c.id == key.id, K.c.master_id == held_by)
        values = key.model_dump(exclude={"id"})
        return await self._database.write(lambda c: c.execute(held.values(values)).rowcount == 1)

    async def retire(self, key_id: str) -> bool:
        def retire(c: Connection) -> bool:
            if c.execute(select(I.c.id).where(I.c.key_id == key_id).limit(1)).first() is not None:
                return False
            c.execute(delete(K).where(K.c.id == key_id))
            return True

        return await self._database.write(retire)
