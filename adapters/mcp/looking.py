"""Looking once at what a server has."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from adapters.mcp.connection import Connection
from adapters.mcp.definitions import Definition
from adapters.mcp.ending import Lost, Silent, Unwilling
from adapters.mcp.http import Judge
from adapters.mcp.targets import to_target
from adapters.mcp.tool import LONGEST_ERROR, lost
from core.errors import ToolFailed
from core.rendering import mcp as words


async def look(values: Mapping[str, str], *, programs: Path, judge: Judge) -> tuple[Definition, ...]:
    """Connect, see the tools, and hang up. Raises ToolFailed with a sentence."""
    name = values.get("server") or "there"
    try:
        connection = await Connection.open(to_target(values, programs=programs, judge=judge))
    except Lost as error:
        raise ToolFailed(error.sentence or lost(error.reason, server=name, sent=False)) from error
    except Silent as error:
        raise ToolFailed(words.unreached(name)) from error
    except Unwilling as error:
        raise ToolFailed(words.failed(name, text=str(error)[:LONGEST_ERROR])) from error
    try:
        return connection.definitions
    finally:
        await connection.aclose()
