"""Tools of the benchmarks' own: `beside_the_real_ones()` lets this process find them as it finds all others."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

import adapters.tools
from core.models import Task
from core.ports.tool import Effect, ToolOutput

SECONDS = "FLOWMATE_BENCH_TOOL_SECONDS"
"""The environment variable that says how long each call of them takes."""


def beside_the_real_ones() -> None:
    """From now on these are among the tools of this process."""
    folder = str(Path(__file__).parent)
    if folder not in adapters.tools.__path__:
        adapters.tools.__path__.append(folder)


class Which(BaseModel):
    """The number of the call, so that no two are the same."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    number: int = Field(ge=0, description="which one")


class Idle:
    """A tool that waits for as long as it is told, and does nothing."""

    arguments: type[Which] = Which
    untrusted: bool = False
    integration: str | None = None

    def __init__(self, name: str, effect: Effect) -> None:
        self.name, self.effect = name, effect
        self.description = f"Does nothing ({effect.value})."
        self._seconds = float(os.environ.get(SECONDS, "0"))

    def parse(self, task: Task) -> Which | None:
        return None

    def named_by(self, arguments: Any) -> tuple[str, ...]:
        return ()

    async def run(self, arguments: Which, *, task: Task, idempotency_key: str) -> ToolOutput:
        if self._seconds:
            await asyncio.sleep(self._seconds)
        return ToolOutput(text=f"This is number {arguments.number}.")
