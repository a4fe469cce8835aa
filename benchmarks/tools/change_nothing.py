"""A tool that counts as one that changes the world, and changes nothing."""

from __future__ import annotations

from adapters.tools import ToolParts
from benchmarks.tools import Idle
from core.ports.tool import Effect


def build(parts: ToolParts) -> Idle:
    return Idle("change_nothing", Effect.WRITE)
