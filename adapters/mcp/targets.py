"""Where the server of an integration is."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from adapters.mcp.connection import Target
from adapters.mcp.http import Judge
from adapters.mcp.servers import load_programs
from core.errors import ToolFailed
from core.integrations.masking import KNOWN
from core.rendering import mcp as words

_SECRET = re.compile("KEY|TOKEN|SECRET|PASS|CREDENTIAL", re.IGNORECASE)


def to_target(values: Mapping[str, str], *, programs: Path, judge: Judge) -> Target:
    """From an integration's values. Raises ToolFailed where the operator's file has no such server, or is wrong."""
    token = values.get("token", "")
    if "url" in values:
        return Target(url=values["url"], token=token, judge=judge)
    known = load_programs(programs)
    name = values.get("server", "")
    if name not in known:
        raise ToolFailed(words.no_such_program(name, file=programs.name, known=sorted(known)))
    program = known[name]
    # It may repeat them in what it says.
    KNOWN.add(*(value for key, value in program.env.items() if _SECRET.search(key)))
    return Target(program=program, token=token)


def to_reads(values: Mapping[str, str]) -> frozenset[str]:
    """The tools that an administrator declared to change nothing."""
    return frozenset(part.strip() for part in values.get("reads", "").split(",") if part.strip())
