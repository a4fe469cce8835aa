"""A whole, restorable copy of the workspace's data."""

from __future__ import annotations

import os
import shlex
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from adapters.integrations.s3 import NAME, to_bucket
from adapters.text.backups import asks_for_backup
from adapters.text.words import chosen_by_hand, own_words, readable
from adapters.tools import ToolParts
from core.errors import NotFound, ToolFailed, TransientError
from core.models import Artifact, Task
from core.ports.archive import Archive
from core.ports.integrations import DEPLOYMENT, Credentials
from core.ports.tool import Effect, ToolOutput
from core.rendering.archives import held


class BackUp(BaseModel):
    """Nothing to choose: always the whole workspace."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class CreateBackup:
    """Creates an archive of the workspace; the same step again gives the same archive.

    Where the workspace has connected a bucket, a copy goes there. That makes it no `write` tool: the one place to which
    it can go was chosen by whoever connected it, and the same copy again is the same object.
    """

    name: str = "create_backup"
    description: str = "Creates a backup archive of all of this workspace's data and says where it is."
    arguments: type[BackUp] = BackUp
    effect: Effect = Effect.READ
    untrusted: bool = False
    integration: str | None = NAME
    does_without: bool = True

    def __init__(self, archive: Archive, credentials: Credentials) -> None:
        self._archive = archive
        self._credentials = credentials

    def parse(self, task: Task) -> BackUp | None:
        text = readable(own_words(task))
        if chosen_by_hand(task, "backup") and len(text.split()) < 5:
            return BackUp()
        return BackUp() if asks_for_backup(text) else None

    def named_by(self, arguments: BackUp) -> tuple[str, ...]:
        return ()

    async def run(self, arguments: BackUp, *, task: Task, idempotency_key: str) -> ToolOutput:
        archived = await self._archive.create(task.workspace, key=idempotency_key)
        file = archived.artifact
        copy = await self._copy(file, task)
        rows = sum(archived.rows.values())
        kinds = held(archived.rows)
        text = "\n".join(
            (
                "**Backup created**",
                f"- File: `{file.name}`, {_size(file.size_bytes)}",
                f"- Place: `{Path(file.path).parent}`",
                *((f"- Copy: `{copy}`",) if copy else ()),
                f"- Content: {rows:,} {'row' if rows == 1 else 'rows'}" + (f" ({kinds})" if kinds else ""),
                f"- Checksum: sha256 `{archived.sha256[:12]}`",
                f"- Restore with `flowmate restore {_pasteable(file.path)}`",
            )
        )
        return ToolOutput(text=text, artifacts=(file,))

    async def _copy(self, file: Artifact, task: Task) -> str:
        """Where a copy of it is; empty where no bucket is connected. What fails says that the archive is there."""
        if task.integration in ("", DEPLOYMENT):
            return ""
        try:
            values = await self._credentials.open(task.workspace, task.integration)
            return await to_bucket(values).put(Path(file.path))
        except NotFound:
            return ""
        except (ToolFailed, TransientError) as error:
            error.sentence = f"The backup is at {file.path}, but only there. {error.sentence}"
            raise


def build(parts: ToolParts) -> CreateBackup:
    return CreateBackup(parts.archive, parts.credentials)


def _pasteable(path: str) -> str:
    """The whole path as one word for a shell, wherever the command is run."""
    return shlex.quote(os.path.abspath(path))


def _size(count: int) -> str:
    size = float(count)
    for unit in ("bytes", "kB", "MB", "GB"):
        if size < 1000 or unit == "GB":
            return f"{size:,.0f} {unit}" if unit == "bytes" else f"{size:,.1f} {unit}"
        size /= 1000
    raise AssertionError("the loop always returns")
