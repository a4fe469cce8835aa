"""`SqlArchive`: a workspace's data, or everybody's, as a zip of JSON lines, checked when written and when read.

manifest.json        format, workspace, when, and for each table: file, rows, sha256
delegations.jsonl …  one row a line, columns by name, instants as ISO 8601
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import json
import os
import zipfile
import zlib
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import ColumnElement, Connection, Table, false, insert, literal, select, true

from adapters.sql import tables
from adapters.sql.database import Database
from core.errors import ToolFailed
from core.models import Artifact, Frozen, StepState
from core.ports.archive import Archived
from core.ports.clock import Clock

FORMAT = "flowmate-archive-1"
ZIP_EPOCH = (1980, 1, 1, 0, 0, 0)
MAX_UNPACKED_BYTES = 4 * 1024**3
# What the standard library raises where a file is no zip, is damaged, encrypted or packed in an unknown way.
UNREADABLE = (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, KeyError, ValueError, OSError)
EVERYTHING = "*"
"""In place of a workspace: all of them, and what belongs to none."""
A = tables.archives
D = tables.delegations
S = tables.schedules
T = tables.slots
OPEN = tuple(state.value for state in StepState if not state.terminal)


class Described(Frozen):
    """One table's file in an archive."""

    file: str
    rows: int
    sha256: str


class Manifest(Frozen):
    """What an archive says about itself."""

    format: str
    workspace: str
    at: str
    tables: dict[str, Described]


class SqlArchive:
    """The Archive port: archives lie in a folder of this machine, mode 0600."""

    def __init__(self, database: Database, *, folder: Path, clock: Clock) -> None:
        self._database = database
        self._folder = folder
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
        manifest, rows = await asyncio.to_thread(_read, path)
        target = workspace or manifest.workspace
        if manifest.workspace == EVERYTHING != target:
            raise ToolFailed(f"{path.name} holds all workspaces; it can't be put into one.")
        return await self._database.write(lambda c: _put_back(c, rows, manifest.workspace, target))

    def _write(
        self, workspace: str, key: str, rows: dict[str, list[dict[str, Any]]], now: datetime
    ) -> Archived:
        path = self._folder / _name(workspace, key, now)
        partial = path.with_suffix(".partial")
        try:
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            with open(partial, "wb", opener=_privately) as file:
                with zipfile.ZipFile(file, "w", compression=zipfile.ZIP_DEFLATED) as archive:
                    _fill(archive, workspace, rows, now)
            partial.rename(path)
            _read(path)
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
        return Archived(artifact=artifact, sha256=hashlib.sha256(content).hexdigest(), rows=counts)


ARCHIVED: tuple[Table, ...] = (
    tables.notes,
    tables.delegations,
    tables.steps,
    tables.messages,
    tables.events,
    tables.turns,
    tables.calls,
    tables.schedules,
    tables.slots,
    tables.admissions,
)
RUNS = (tables.turns, tables.calls)
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
    if table is tables.notes:
        return tables.notes.c.workspace == workspace
    platform, name = _split(workspace)
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


def _fill(
    archive: zipfile.ZipFile, workspace: str, rows: dict[str, list[dict[str, Any]]], now: datetime
) -> None:
    files: dict[str, Described] = {}
    for table, found in rows.items():
        content = "".join(json.dumps(row, default=_to_json, sort_keys=True) + "\n" for row in found).encode()
        archive.writestr(_entry(f"{table}.jsonl"), content)
        digest = hashlib.sha256(content).hexdigest()
        files[table] = Described(file=f"{table}.jsonl", rows=len(found), sha256=digest)
    manifest = Manifest(format=FORMAT, workspace=workspace, at=now.isoformat(), tables=files)
    archive.writestr(_entry("manifest.json"), manifest.model_dump_json(indent=2))


def _entry(name: str) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name, date_time=ZIP_EPOCH)
    info.compress_type = zipfile.ZIP_DEFLATED
    return info


def _to_json(value: Any) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} has no place in an archive")


def _read(path: Path) -> tuple[Manifest, dict[str, list[dict[str, Any]]]]:
    try:
        with zipfile.ZipFile(path) as archive:
            if sum(info.file_size for info in archive.infolist()) > MAX_UNPACKED_BYTES:
                raise ToolFailed(f"{path.name} is too large to be restored.")
            manifest = Manifest.model_validate_json(archive.read("manifest.json"))
            if manifest.format != FORMAT:
                raise ToolFailed(f"{path.name} is no archive that this version can read.")
            rows = {table.name: list(_lines(archive, manifest, table.name)) for table in ARCHIVED}
    except FileNotFoundError as error:
        raise ToolFailed(f"There is no file {path}.") from error
    except UNREADABLE as error:
        raise ToolFailed(f"{path.name} is damaged, or no archive of FlowMate's.") from error
    return manifest, rows


def _lines(archive: zipfile.ZipFile, manifest: Manifest, table: str) -> Iterator[dict[str, Any]]:
    described = manifest.tables.get(table)
    if described is None:
        # Archives of the time before there were schedules.
        return
    content = archive.read(described.file)
    if hashlib.sha256(content).hexdigest() != described.sha256:
        raise ToolFailed(f"The archive is damaged: {table} does not match its checksum.")
    for line in content.splitlines():
        yield json.loads(line)


def _put_back(c: Connection, rows: dict[str, list[dict[str, Any]]], old: str, new: str) -> dict[str, int]:
    restored: dict[str, int] = {}
    for table in ARCHIVED:
        instants = [column.name for column in table.columns if isinstance(column.type, tables.Instant)]
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
    return restored


def _moved(table: Table, row: dict[str, Any], old: str, new: str) -> dict[str, Any]:
    """The row as it belongs in the target workspace."""
    values = {column.name: row.get(column.name) for column in table.columns}
    if table is tables.events:
        del values["id"]
    if old != new:
        platform, name = _split(new)
        if table is tables.notes:
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
    return None if found is None else Archived.model_validate(found)


def _remember(c: Connection, workspace: str, key: str, archived: Archived, now: datetime) -> None:
    c.execute(A.delete().where(A.c.workspace == workspace, A.c.key == key))
    data = archived.model_dump(mode="json")
    c.execute(insert(A).values(workspace=workspace, key=key, archived=data, at=now))
