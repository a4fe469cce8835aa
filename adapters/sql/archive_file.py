"""What an archive's file looks like: a zip of JSON lines, checked when it is written and when it is read.

manifest.json        format, workspace, when, and for each table: file, rows, sha256
delegations.jsonl …  one row a line, columns by name, instants as ISO 8601
agents/NAME.md …     a team's own agents, in archives of everything
"""

from __future__ import annotations

import hashlib
import json
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from pydantic import Field

from adapters.agent_files import is_plain
from core.errors import ToolFailed
from core.models import Frozen

FORMAT = "flowmate-archive-1"
ZIP_EPOCH = (1980, 1, 1, 0, 0, 0)
MAX_UNPACKED_BYTES = 4 * 1024**3
# What the standard library raises where a file is no zip, is damaged, encrypted or packed in an unknown way.
UNREADABLE = (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, KeyError, ValueError, OSError)


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
    agents: dict[str, str] = Field(default_factory=dict)
    """The checksum of each agent's file; archives of earlier versions hold none."""


def fill(
    archive: zipfile.ZipFile,
    about: tuple[str, datetime],
    rows: dict[str, list[dict[str, Any]]],
    agents: dict[str, bytes],
) -> None:
    """Write everything into the open zip; `about`: whose it is, and as of when."""
    workspace, now = about
    files: dict[str, Described] = {}
    for table, found in rows.items():
        content = "".join(json.dumps(row, default=_to_json, sort_keys=True) + "\n" for row in found).encode()
        archive.writestr(_entry(f"{table}.jsonl"), content)
        digest = hashlib.sha256(content).hexdigest()
        files[table] = Described(file=f"{table}.jsonl", rows=len(found), sha256=digest)
    for name, text in agents.items():
        archive.writestr(_entry(f"agents/{name}"), text)
    marks = {name: hashlib.sha256(text).hexdigest() for name, text in agents.items()}
    manifest = Manifest(format=FORMAT, workspace=workspace, at=now.isoformat(), tables=files, agents=marks)
    archive.writestr(_entry("manifest.json"), manifest.model_dump_json(indent=2))


def _entry(name: str) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name, date_time=ZIP_EPOCH)
    info.compress_type = zipfile.ZIP_DEFLATED
    return info


def _to_json(value: Any) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} has no place in an archive")


def read(
    path: Path, tables: Sequence[str]
) -> tuple[Manifest, dict[str, list[dict[str, Any]]], dict[str, bytes]]:
    """What the file says about itself, the rows of these tables, and the agents' files.

    Raises ToolFailed for a file that is no archive, is damaged, or too large.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            if sum(info.file_size for info in archive.infolist()) > MAX_UNPACKED_BYTES:
                raise ToolFailed(f"{path.name} is too large to be restored.")
            manifest = Manifest.model_validate_json(archive.read("manifest.json"))
            if manifest.format != FORMAT:
                raise ToolFailed(f"{path.name} is no archive that this version can read.")
            rows = {table: list(_lines(archive, manifest, table)) for table in tables}
            agents = {name: _agent(archive, manifest, name) for name in manifest.agents}
    except FileNotFoundError as error:
        raise ToolFailed(f"There is no file {path}.") from error
    except UNREADABLE as error:
        raise ToolFailed(f"{path.name} is damaged, or no archive of FlowMate's.") from error
    return manifest, rows, agents


def _agent(archive: zipfile.ZipFile, manifest: Manifest, name: str) -> bytes:
    content = archive.read(f"agents/{name}")
    if not is_plain(name) or hashlib.sha256(content).hexdigest() != manifest.agents[name]:
        raise ToolFailed(f"The archive is damaged: the agent {name} does not match its checksum.")
    return content


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
