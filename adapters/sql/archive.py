"""`SqlArchive`: a workspace's data, or everybody's, in one file, and back from it into the database."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import os
import zipfile
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import ColumnElement, Connection, Table, and_, false, insert, literal, select, true

from adapters.agent_files import gather, lay_down
from adapters.sql import tables
from adapters.sql.archive_file import fill, read
from adapters.sql.columns import Instant
from adapters.sql.database import Database
from adapters.sql.made_agents import count_change
from core.errors import ToolFailed
from core.models import Artifact, StepState
from core.ports.archive import Archived
from core.ports.clock import Clock

EVERYTHING = "*"
"""In place of a workspace: all of them, and what belongs to none."""
A = tables.archives
D = tables.delegations
S = tables.schedules
T = tables.slots
OPEN = tuple(state.value for state in StepState if not state.terminal)


class SqlArchive:
    """The Archive port: archives lie in a folder of this machine, mode 0600."""

    def __init__(self, database: Database, *, folder: Path, agents: Path, clock: Clock) -> None:
        self._database = database
        self._folder = folder
        self._agents = agents
        self._clock = clock

    async def create(self, workspace: str, *, key: str) -> Archived:
        earlier = await self._database.read(lambda c: _earlier(c, workspace, key))
        if earlier is not None and await asyncio.to_thread(os.path.isfile, earlier.artifact.path):
            return earlier
        now = self._clock.now()
        # One read transaction: all tables as of the same instant.
        rows = await self._database.read(lambda c: {t.name: _rows(c, t, workspace) for t in ARCHIVED})
        archived = await asyncio.to_thread(self._write, workspace, key, rows, now)
        await self._database.write(lambda c: _remember(c, workspace, key, archived, now))
        return archived

    async def restore(self, path: Path, *, workspace: str | None = None) -> dict[str, int]:
        manifest, rows, agents = await asyncio.to_thread(read, path, TABLES)
        target = workspace or manifest.workspace
        if manifest.workspace == EVERYTHING != target:
            raise ToolFailed(f"{path.name} holds all workspaces; it can't be put into one.")
        counts = await self._database.write(lambda c: _put_back(c, rows, manifest.workspace, target))
        if manifest.workspace == EVERYTHING:
            counts["agents"] = await asyncio.to_thread(lay_down, self._agents, agents)
        return counts

    def _write(
        self, workspace: str, key: str, rows: dict[str, list[dict[str, Any]]], now: datetime
    ) -> Archived:
        path = self._folder / _name(workspace, key, now)
        partial = path.with_suffix(".partial")
        try:
            agents = gather(self._agents) if workspace == EVERYTHING else {}
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            with open(partial, "wb", opener=_privately) as file:
                with zipfile.ZipFile(file, "w", compression=zipfile.ZIP_DEFLATED) as archive:
                    fill(archive, (workspace, now), rows, agents)
            partial.rename(path)
            read(path, TABLES)
        except OSError as error:
            with contextlib.suppress(OSError):
                partial.unlink()
            raise ToolFailed(
                f"The backup could not be written to {self._folder} ({error.strerror})."
            ) from error
        content = path.read_bytes()
        artifact = Artifact(
            name=path.name, path=str(path), media_type="application/zip", size_bytes=len(content)
        )
        counts = {table: len(found) for table, found in rows.items()}
        if workspace == EVERYTHING:
            counts["agents"] = len(agents)
        return Archived(artifact=artifact, sha256=hashlib.sha256(content).hexdigest(), rows=counts)


ARCHIVED: tuple[Table, ...] = (
    tables.notes,
    tables.delegations,
    tables.steps,
    tables.messages,
    tables.events,
    tables.turns,
    tables.calls,
    tables.approvals,
    tables.schedules,
    tables.slots,
    tables.admissions,
    tables.made_agents,
    tables.agent_versions,
    tables.budgets,
    tables.model_calls,
)
TABLES = tuple(table.name for table in ARCHIVED)
WHOLE_NAMES = (tables.notes, tables.budgets, tables.model_calls)
"""Where a workspace stands as `platform:workspace`."""
RUNS = (tables.turns, tables.calls)
MADE = (tables.made_agents, tables.agent_versions)
DEPLOYMENT = (tables.admissions,)
"""What belongs to no workspace: it is in the archives of everything alone."""


def _name(workspace: str, key: str, now: datetime) -> str:
    slug = "".join(c if c.isalnum() else "-" for c in workspace)[:40].strip("-") or "everything"
    # Two workspaces may look alike without their signs, and two archives may be made at one moment.
    mark = hashlib.blake2b(f"{workspace}\n{key}".encode(), digest_size=4).hexdigest()
    return f"flowmate-{slug}-{now:%Y%m%d-%H%M%S-%f}-{mark}.zip"


def _privately(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _split(workspace: str) -> tuple[str, str]:
    platform, _, name = workspace.partition(":")
    return platform, name


def _belongs(table: Table, workspace: str) -> ColumnElement[bool]:
    if table in RUNS:
        return _goes_on(table, workspace)
    if workspace == EVERYTHING:
        return true()
    if table in DEPLOYMENT:
        return false()
    if table in WHOLE_NAMES:
        return table.c.workspace == workspace
    platform, name = _split(workspace)
    if table in MADE:
        return and_(table.c.platform == platform, table.c.workspace == name)
    if table in (S, T):
        own = select(S.c.id).where(S.c.platform == platform, S.c.workspace == name)
        return table.c.id.in_(own) if table is S else table.c.schedule_id.in_(own)
    mine = select(D.c.id).where(D.c.platform == platform, D.c.workspace == name)
    return table.c.id.in_(mine) if table is D else table.c.delegation_id.in_(mine)


def _goes_on(table: Table, workspace: str) -> ColumnElement[bool]:
    """The turns and calls of steps that have not ended: what is run on from, and what must not be done twice."""
    steps = tables.steps
    started = steps.c.id + literal("%")
    own = _belongs(steps, workspace) if workspace != EVERYTHING else true()
    return select(steps.c.id).where(steps.c.state.in_(OPEN), own, table.c.run_id.like(started)).exists()


def _rows(c: Connection, table: Table, workspace: str) -> list[dict[str, Any]]:
    return [dict(row._mapping) for row in c.execute(select(table).where(_belongs(table, workspace)))]


def _put_back(c: Connection, rows: dict[str, list[dict[str, Any]]], old: str, new: str) -> dict[str, int]:
    restored: dict[str, int] = {}
    for table in ARCHIVED:
        instants = [column.name for column in table.columns if isinstance(column.type, Instant)]
        restored[table.name] = 0
        for row in rows[table.name]:
            values = _moved(table, row, old, new)
            for name in instants:
                values[name] = datetime.fromisoformat(values[name]) if values[name] else None
            if _missing(c, table, values) and _has_its_place(c, table, values):
                if table in (tables.notes, S):
                    values["number"] = _free_number(c, table, values)
                c.execute(insert(table).values(values))
                restored[table.name] += 1
                if table is tables.made_agents:
                    count_change(c, values["platform"], values["workspace"])
    return restored


def _moved(table: Table, row: dict[str, Any], old: str, new: str) -> dict[str, Any]:
    """The row as it belongs in the target workspace."""
    values = {column.name: row.get(column.name) for column in table.columns}
    if table is tables.events:
        del values["id"]
    if old != new:
        platform, name = _split(new)
        if table in WHOLE_NAMES:
            if table is tables.budgets and values["subject"] == old:
                values["subject"] = new
            values["workspace"] = new
        elif "workspace" in values:
            values |= {"platform": platform, "workspace": name}
    return values


def _missing(c: Connection, table: Table, values: dict[str, Any]) -> bool:
    if table is tables.events and values["delegation_id"] is None:
        # Facts that belong to no delegation have no number of their own.
        return _unheard(c, values)
    names = {"events": ("delegation_id", "sequence"), "notes": ("workspace", "key"), "delegations": ("key",)}
    keys = names.get(table.name) or tuple(column.name for column in table.primary_key)
    same = [table.c[name] == values[name] for name in keys]
    return c.execute(select(table.c[keys[0]]).where(*same)).first() is None


def _unheard(c: Connection, values: dict[str, Any]) -> bool:
    e = tables.events.c
    same = select(e.data).where(e.delegation_id.is_(None), e.kind == values["kind"], e.at == values["at"])
    return values["data"] not in list(c.execute(same).scalars())


def _has_its_place(c: Connection, table: Table, values: dict[str, Any]) -> bool:
    """Whether the row's delegation is there; it isn't where its instruction came again under another id."""
    if table is tables.agent_versions:
        # Where an agent of this name was made since, its own versions count.
        head = tables.made_agents.c
        here = (getattr(head, name) == values[name] for name in ("platform", "workspace", "name"))
        return (
            c.execute(select(head.name).where(*here, head.version >= values["version"])).first() is not None
        )
    if table is T:
        return c.execute(select(S.c.id).where(S.c.id == values["schedule_id"])).first() is not None
    if values.get("delegation_id") is None:
        return True
    return c.execute(select(D.c.id).where(D.c.id == values["delegation_id"])).first() is not None


def _free_number(c: Connection, table: Table, values: dict[str, Any]) -> int:
    """The row's own number, or the next one where another note or schedule has taken it since."""
    same = [table.c[name] == values[name] for name in ("platform", "workspace") if name in table.c]
    numbers = set(c.execute(select(table.c.number).where(*same)).scalars())
    return int(values["number"]) if values["number"] not in numbers else max(numbers) + 1


def _earlier(c: Connection, workspace: str, key: str) -> Archived | None:
    query = select(A.c.archived).where(A.c.workspace == workspace, A.c.key == key)
    found = c.execute(query).scalar_one_or_none()
    return None if found is None else Archived.model_validate(found, extra="ignore")


def _remember(c: Connection, workspace: str, key: str, archived: Archived, now: datetime) -> None:
    c.execute(A.delete().where(A.c.workspace == workspace, A.c.key == key))
    data = archived.model_dump(mode="json")
    c.execute(insert(A).values(workspace=workspace, key=key, archived=data, at=now))
