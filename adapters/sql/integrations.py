"""`SqlIntegrations`: connected services, with their secrets sealed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Row, bindparam, delete, insert, select, update

from adapters.sql import tables
from adapters.sql.database import Database
from core.errors import Conflict, KeyRetired, NotFound
from core.models.integration import Integration, TestRun
from core.ports.integrations import Resealing, SealedRow
from core.ports.vault import Sealed

N = tables.integrations
K = tables.vault_keys
_PARTS = ("key_id", "nonce", "ciphertext")
_RESEAL = (
    update(N)
    .where(N.c.id == bindparam("row"), N.c.workspace == bindparam("whose"))
    .where(*(N.c[name] == bindparam(f"old_{name}") for name in _PARTS))
    .values({name: bindparam(f"new_{name}") for name in _PARTS})
)


class SqlIntegrations:
    """The Integrations port in the database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def save(self, integration: Integration, sealed: Sealed) -> None:
        await self._database.write(lambda c: _save(c, integration, sealed))

    async def get(self, workspace: str, integration_id: str) -> tuple[Integration, Sealed]:
        row = await self._database.read(
            lambda c: c.execute(select(N).where(*_own(workspace, integration_id))).first()
        )
        if row is None:
            raise NotFound("There is no such integration.")
        return _to_integration(row), _to_sealed(row)

    async def listed(self, workspace: str) -> tuple[Integration, ...]:
        query = select(N).where(N.c.workspace == workspace).order_by(N.c.name)
        return await self._database.read(lambda c: tuple(_to_integration(row) for row in c.execute(query)))

    async def everywhere(self) -> tuple[Integration, ...]:
        """Those of all workspaces, for whoever operates this machine. Beside the port: no conversation needs it."""
        query = select(N).order_by(N.c.workspace, N.c.name)
        return await self._database.read(lambda c: tuple(_to_integration(row) for row in c.execute(query)))

    async def remove(self, workspace: str, integration_id: str) -> bool:
        gone = delete(N).where(*_own(workspace, integration_id))
        return await self._database.write(lambda c: c.execute(gone).rowcount == 1)

    async def record_test(self, workspace: str, integration_id: str, test: TestRun) -> None:
        noted = update(N).where(*_own(workspace, integration_id)).values(_from_test(test))
        await self._database.write(lambda c: c.execute(noted).close())

    async def sealed_before(self, key_id: str, *, after: str = "", limit: int) -> tuple[SealedRow, ...]:
        query = select(N).where(N.c.key_id != key_id, N.c.id > after).order_by(N.c.id).limit(limit)
        return await self._database.read(
            lambda c: tuple(
                SealedRow(id=row.id, workspace=row.workspace, sealed=_to_sealed(row))
                for row in c.execute(query)
            )
        )

    async def reseal(self, changes: Sequence[Resealing]) -> int:
        return await self._database.write(lambda c: _reseal_all(c, changes))


def _save(c: Connection, integration: Integration, sealed: Sealed) -> None:
    if not _held(c, sealed.key_id):
        raise KeyRetired()
    own = (N.c.workspace == integration.workspace, N.c.name == integration.name)
    if c.execute(select(N.c.id).where(*own, N.c.id != integration.id)).first() is not None:
        raise Conflict(f"There is an integration named {integration.name} already.")
    values: dict[str, Any] = {
        **integration.model_dump(exclude={"test"}),
        **sealed.model_dump(),
        **_from_test(integration.test),
    }
    if c.execute(update(N).where(*_own(integration.workspace, integration.id)).values(values)).rowcount == 0:
        if c.execute(select(N.c.id).where(N.c.id == integration.id)).first() is not None:
            raise Conflict()
        c.execute(insert(N).values(values))


def _held(c: Connection, key_id: str) -> bool:
    """Whether the key is there; it stays until the end of this transaction."""
    # SQLite's writers come one after the other, and it leaves the lock out.
    query = select(K.c.id).where(K.c.id == key_id).with_for_update(read=True, key_share=True)
    return c.execute(query).first() is not None


def _reseal_all(c: Connection, changes: Sequence[Resealing]) -> int:
    held = {key for key in {change.new.key_id for change in changes} if _held(c, key)}
    parameters = [
        {
            "row": change.id,
            "whose": change.workspace,
            **_named("old", change.old),
            **_named("new", change.new),
        }
        for change in changes
        if change.new.key_id in held
    ]
    # All in one go: a trip to the server for each would be most of the time.
    return c.execute(_RESEAL, parameters).rowcount if parameters else 0


def _named(prefix: str, sealed: Sealed) -> dict[str, Any]:
    return {f"{prefix}_{name}": value for name, value in sealed.model_dump().items()}


def _own(workspace: str, integration_id: str) -> tuple[Any, ...]:
    return N.c.id == integration_id, N.c.workspace == workspace


def _from_test(test: TestRun | None) -> dict[str, Any]:
    if test is None:
        return {"tested_at": None, "passed": None, "note": ""}
    return {"tested_at": test.at, "passed": test.passed, "note": test.note}


def _to_integration(row: Row[Any]) -> Integration:
    tested = row.tested_at is not None
    return Integration(
        id=row.id,
        workspace=row.workspace,
        name=row.name,
        kind=row.kind,
        fields=row.fields,
        connected_by=row.connected_by,
        connected_at=row.connected_at,
        test=TestRun(at=row.tested_at, passed=row.passed, note=row.note) if tested else None,
    )


def _to_sealed(row: Row[Any]) -> Sealed:
    return Sealed(key_id=row.key_id, nonce=row.nonce, ciphertext=row.ciphertext)
