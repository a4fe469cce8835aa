"""What agents can call: one tool a file. A new file with `build(parts)` is all that a new tool takes."""

from __future__ import annotations

from dataclasses import dataclass

from adapters.settings import Settings
from adapters.web import Fetcher
from core.ports.archive import Archive
from core.ports.clock import Clock
from core.ports.integrations import Credentials
from core.ports.notes import Notes
from core.ports.usage import UsageLog


@dataclass(frozen=True)
class ToolParts:
    """What tools are built from."""

    settings: Settings
    clock: Clock
    notes: Notes
    archive: Archive
    fetch: Fetcher
    usage: UsageLog
    credentials: Credentials
