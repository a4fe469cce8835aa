"""What the tests of tools build on: tasks, and the parts that tools are made of."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

from adapters.settings import Settings
from adapters.tools.registry import ToolParts, build_tools
from adapters.web.fetch import FetchLimits, GuardedFetcher
from core.errors import StoreUnavailable
from core.memory.clock import ManualClock
from core.memory.integrations import InMemoryCredentials
from core.memory.notes import InMemoryNotes
from core.memory.usage import InMemoryUsageLog
from core.models import Artifact, Exchange, Person, Task, Upstream
from core.ports.archive import Archived
from core.ports.tool import Preparing, Tool

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
"""A Sunday."""


class ShelfArchive:
    """An archive that only remembers which keys it was asked for."""

    def __init__(self) -> None:
        self.keys: list[str] = []
        self.down = False

    async def create(self, workspace: str, *, key: str) -> Archived:
        if self.down:
            raise StoreUnavailable()
        self.keys.append(key)
        artifact = Artifact(
            name=f"{workspace}-{key}.tar.gz",
            path=f"/data/backups/{workspace}-{key}.tar.gz",
            media_type="application/gzip",
            size_bytes=48_213,
        )
        return Archived(
            artifact=artifact,
            sha256="0123456789abcdef" * 4,
            rows={"notes": 12, "delegations": 340, "schedules": 0},
        )

    async def restore(self, path: Path, *, workspace: str | None = None) -> dict[str, int]:
        raise AssertionError("no tool restores")


def task(
    text: str,
    *,
    instruction: str | None = None,
    zone: str = "UTC",
    after: str | tuple[str, ...] = (),
    before: tuple[str, str] | None = None,
    failed: bool = False,
) -> Task:
    """A step's task; `after` are the outputs of earlier steps, `before` the instruction and answer before this one."""
    outputs = (after,) if isinstance(after, str) else after
    return Task(
        text=text,
        instruction=instruction or text,
        person=Person(id="slack:T1:U1", name="Ada"),
        workspace="team",
        now=NOW,
        zone=zone,
        upstream=tuple(
            Upstream(agent="a", task="before", output=output, succeeded=not failed) for output in outputs
        ),
        history=(Exchange(instruction=before[0], answer=before[1], at=NOW),) if before else (),
    )


def tools(
    *, archive: ShelfArchive | None = None, seconds: float = 10.0, **settings: Any
) -> dict[str, Tool[Any]]:
    """All tools, over parts in memory and a fetcher that may reach loopback."""
    clock = ManualClock(NOW)
    parts = ToolParts(
        settings=_settings(frozenset(settings.items()), frozenset(os.environ.items())),
        clock=clock,
        notes=InMemoryNotes(clock=clock),
        archive=archive or ShelfArchive(),
        fetch=GuardedFetcher(allow=("127.0.0.1",), limits=FetchLimits(seconds=seconds)),
        usage=InMemoryUsageLog(),
        credentials=InMemoryCredentials(),
    )
    return build_tools(parts)


@lru_cache(maxsize=64)
def _settings(given: frozenset[tuple[str, Any]], environment: frozenset[tuple[str, str]]) -> Settings:
    """Settings, which take ten milliseconds to read; the environment is what else they depend on."""
    return Settings(_env_file=None, **dict(given))


async def said(tool: Tool[Any], work: Task, *, key: str = "step-1:0") -> str:
    """What a tool says to plain words, without a model."""
    arguments = tool.parse(work)
    assert arguments is not None, f"{tool.name} does not take {work.text!r}"
    if isinstance(tool, Preparing):
        arguments = tool.prepare(arguments, task=work)
    return (await tool.run(arguments, task=work, idempotency_key=key)).text
