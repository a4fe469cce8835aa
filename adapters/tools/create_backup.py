"""A whole, restorable copy of the workspace's data."""

from __future__ import annotations

import os
import shlex
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from adapters.text.backups import asks_for_backup
from adapters.text.words import chosen_by_hand, own_words, readable
from adapters.tools import ToolParts
from core.models import Task
from core.ports.archive import Archive
from core.ports.tool import Effect, ToolOutput


class BackUp(BaseModel):
    """Nothing to choose: always the whole workspace."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class CreateBackup:
    """Creates an archive of the workspace; the same step again gives the same archive."""

    name: str = "create_backup"
    description: str = "Creates a backup archive of all of this workspace's data and says where it is."
    arguments: type[BackUp] = BackUp
    effect: Effect = Effect.READ
    untrusted: bool = False
    integration: str | None = None

    def __init__(self, archive: Archive) -> None:
        self._archive = archive

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
        rows = sum(archived.rows.values())
        kinds = ", ".join(f"{count:,} {kind}" for kind, count in archived.rows.items() if count)
        text = "\n".join(
            (
                "**Backup created**",
                f"- File: `{file.name}`, {_size(file.size_bytes)}",
                f"- Place: `{Path(file.path).parent}`",
                f"- Content: {rows:,} {'row' if rows == 1 else 'rows'}" + (f" ({kinds})" if kinds else ""),
                f"- Checksum: sha256 `{archived.sha256[:12]}`",
                f"- Restore with `flowmate restore {_pasteable(file.path)}`",
            )
        )
        return ToolOutput(text=text, artifacts=(file,))


def build(parts: ToolParts) -> CreateBackup:
    return CreateBackup(parts.archive)


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
