"""A tool that reads nothing."""

from __future__ import annotations

from adapters.tools import ToolParts
from benchmarks.tools import Idle
from core.ports.tool import Effect


def build(parts: ToolParts) -> Idle:
    return Idle("look_at_nothing", Effect.READ)
