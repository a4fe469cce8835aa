"""`SqlMadeAgents`: agents that people make, every version of them."""

from __future__ import annotations

import logging
from datetime import datetime
from typing import Any

from pydantic import ValidationError
from sqlalchemy import ColumnElement, Connection, Row, Table, and_, delete, func, insert, select, update

from adapters.sql import tables
from adapters.sql.database import Database
from adapters.sql.facts import append
from core.errors import NotFound
from core.memory.made_agents import changed
from core.models import Address, Agent, AgentDraft, MadeAgent, Person, Visibility
from core.ports.made_agents import RosterState

logger = logging.getLogger(__name__)
H = tables.made_agents
V = tables.agent_versions
R = tables.rosters
F = tables.agent_drafts
_CURRENT = select(V, H.c.key, H.c.deleted_at).join_from(
    H,
    V,
    and_(
        V.c.platform == H.c.platform,
        V.c.workspace == H.c.workspace,
        V.c.name == H.c.name,
        V.c.version == H.c.version,
    ),
)


class SqlMadeAgents:
    """The MadeAgents port in the database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def roster_version(self, platform: str, workspace: str) -> int:
        return await self._database.read(lambda c: _counted(c, platform, workspace))

    async def roster(self, platform: str, workspace: str) -> RosterState:
        query = _CURRENT.where(H.c.platform == platform, H.c.workspace == workspace).order_by(H.c.name)

        def read(c: Connection) -> RosterState:
            found = [_to_made(row) for row in c.execute(query)]
            agents = tuple(made for made in found if made is not None)
            return RosterState(version=_counted(c, platform, workspace), agents=agents)

        return await self._database.read(read)

    async def save(self, made: MadeAgent, *, expected: int | None, now: datetime) -> MadeAgent | None:
        return await self._database.write(lambda c: _save(c, made, expected, now))

    async def delete(self, made: MadeAgent, *, by: str, key: str, now: datetime) -> bool:
        return await self._database.write(lambda c: _delete(c, made, (by, key), now))

    async def load(self, platform: str, workspace: str, name: str, version: int) -> MadeAgent:
        for made in await self._versions(platform, workspace, name, V.c.version == version):
            return made
        raise NotFound(f"There is no version {version} of {name}.")

    async def names(self) -> frozenset[str]:
        query = select(H.c.name).where(H.c.deleted_at.is_(None)).distinct()
        return await self._database.read(lambda c: frozenset(c.execute(query).scalars()))

    async def count(self) -> int:
        query = select(func.count()).select_from(H).where(H.c.deleted_at.is_(None))
        return await self._database.read(lambda c: int(c.execute(query).scalar_one()))

    async def history(self, platform: str, workspace: str, name: str) -> tuple[MadeAgent, ...]:
        return await self._versions(platform, workspace, name)

    async def _versions(
        self, platform: str, workspace: str, name: str, *more: ColumnElement[bool]
    ) -> tuple[MadeAgent, ...]:
        query = select(V).where(*_named(V, platform, workspace, name), *more).order_by(V.c.version.desc())
        found = await self._database.read(lambda c: [_to_made(row) for row in c.execute(query)])
        return tuple(made for made in found if made is not None)

    async def move(self, place: Address, *, to: Address) -> int:
        return await self._database.write(lambda c: _move(c, place, to))

    async def draft(self, address: Address, person_id: str) -> AgentDraft | None:
        query = select(F.c.draft).where(*_conversation(address, person_id))
        found = await self._database.read(lambda c: c.execute(query).scalar_one_or_none())
        return None if found is None else AgentDraft.model_validate(found)

    async def save_draft(self, draft: AgentDraft, *, forget_before: datetime) -> None:
        platform, workspace, place, thread = draft.address.conversation

        def save(c: Connection) -> None:
            c.execute(delete(F).where(F.c.at < forget_before))
            c.execute(delete(F).where(*_conversation(draft.address, draft.person_id)))
            c.execute(
                insert(F).values(
                    platform=platform,
                    workspace=workspace,
                    place=place,
                    thread=thread,
                    person_id=draft.person_id,
                    draft=draft.model_dump(mode="json"),
                    at=draft.at,
                )
            )

        await self._database.write(save)


def count_change(c: Connection, platform: str, workspace: str) -> None:
    """Let every process find out that something about this workspace's agents is new."""
    here = (R.c.platform == platform, R.c.workspace == workspace)
    if c.execute(update(R).where(*here).values(version=R.c.version + 1)).rowcount != 1:
        c.execute(insert(R).values(platform=platform, workspace=workspace, version=1))


def _counted(c: Connection, platform: str, workspace: str) -> int:
    query = select(R.c.version).where(R.c.platform == platform, R.c.workspace == workspace)
    return c.execute(query).scalar_one_or_none() or 0


def _save(c: Connection, made: MadeAgent, expected: int | None, now: datetime) -> MadeAgent | None:
    # First of all, so that two who change one workspace's agents at once take turns.
    count_change(c, made.platform, made.workspace)
    here = _named(H, made.platform, made.workspace, made.name)
    head = c.execute(_CURRENT.where(*here)).first()
    if head is not None and made.key and head.key == made.key and head.deleted_at is None:
        return _to_made(head)
    current = head.version if head is not None and head.deleted_at is None else None
    if current != expected:
        return None
    version = 1 + (head.version if head is not None else 0)
    saved = made.model_copy(update={"version": version, "at": now, "deleted_at": None})
    if head is None:
        named = {"platform": made.platform, "workspace": made.workspace, "name": made.name}
        c.execute(insert(H).values(**named, version=version, key=made.key))
    else:
        c.execute(update(H).where(*here).values(version=version, key=made.key, deleted_at=None))
    c.execute(insert(V).values(_from_made(saved)))
    append(c, changed(saved, by=saved.owner.id, now=now))
    return saved


def _delete(c: Connection, made: MadeAgent, by_and_key: tuple[str, str], now: datetime) -> bool:
    by, key = by_and_key
    count_change(c, made.platform, made.workspace)
    here = _named(H, made.platform, made.workspace, made.name)
    head = c.execute(select(H).where(*here)).first()
    if head is None:
        return False
    if head.deleted_at is not None:
        return bool(key) and head.key == key
    if head.version != made.version:
        return False
    c.execute(update(H).where(*here).values(deleted_at=now, key=key))
    append(c, changed(made.model_copy(update={"deleted_at": now}), by=by, now=now))
    return True


def _move(c: Connection, place: Address, to: Address) -> int:
    taken = select(H.c.name).where(H.c.platform == to.platform, H.c.workspace == to.workspace)
    here = (H.c.platform == place.platform, H.c.workspace == place.workspace)
    names = list(c.execute(select(H.c.name).where(*here, H.c.name.not_in(taken))).scalars())
    if not names:
        return 0
    for table in (H, V):
        own = (table.c.platform == place.platform, table.c.workspace == place.workspace)
        values = {"platform": to.platform, "workspace": to.workspace}
        c.execute(update(table).where(*own, table.c.name.in_(names)).values(**values))
    for one in (place, to):
        count_change(c, one.platform, one.workspace)
    return len(names)


def _named(table: Table, platform: str, workspace: str, name: str) -> tuple[ColumnElement[bool], ...]:
    return (table.c.platform == platform, table.c.workspace == workspace, table.c.name == name)


def _conversation(address: Address, person_id: str) -> tuple[ColumnElement[bool], ...]:
    columns = (F.c.platform, F.c.workspace, F.c.place, F.c.thread)
    same = tuple(column == value for column, value in zip(columns, address.conversation, strict=True))
    return (*same, F.c.person_id == person_id)


def _from_made(made: MadeAgent) -> dict[str, Any]:
    return {
        "platform": made.platform,
        "workspace": made.workspace,
        "name": made.name,
        "version": made.version,
        "definition": made.agent.model_dump(mode="json", exclude_defaults=True),
        "owner_id": made.owner.id,
        "owner_name": made.owner.name,
        "visibility": made.visibility.value,
        "at": made.at,
    }


def _to_made(row: Row[Any]) -> MadeAgent | None:
    """The agent, or None where this version of FlowMate takes it no longer: nobody else's may suffer from it."""
    try:
        agent = Agent.model_validate(row.definition, extra="ignore")
    except ValidationError:
        logger.warning("version %s of the agent %s can't be read any more", row.version, row.name)
        return None
    return MadeAgent(
        platform=row.platform,
        workspace=row.workspace,
        agent=agent,
        version=row.version,
        owner=Person(id=row.owner_id, name=row.owner_name),
        visibility=Visibility(row.visibility),
        at=row.at,
        key=getattr(row, "key", ""),
        deleted_at=getattr(row, "deleted_at", None),
    )
