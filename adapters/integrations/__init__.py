"""What can be connected: one kind a file. A new file with `build(parts)` is all that a new kind takes."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from adapters.web import SignedFetcher


@dataclass(frozen=True)
class KindParts:
    """What kinds are built from."""

    fetch: SignedFetcher
    data_dir: Path
    """Where FlowMate's own files are, which no integration may read."""
    programs: Path | None = None
    """The operator's file of MCP servers that may be started here; None: `mcp.json` in the data folder."""
