"""What tools of MCP servers are called: in an agent's file, and where a model calls them."""

from __future__ import annotations

import hashlib
import re
from typing import NamedTuple

KIND = "mcp"
EVERY = "*"
PINNED = "pinned:tools"
"""Beside an integration's secrets: what its server said of its tools when it was connected."""
_IN_FILES = re.compile(r"mcp:([a-z][a-z0-9_-]{0,39}):(\*|[^\s:*]{1,128})")
_FOR_MODELS = re.compile(r"[A-Za-z0-9_-]{1,64}")
LONGEST_START = 55


class Named(NamedTuple):
    """One tool of one integration, or, with `*`, each of them."""

    integration: str
    tool: str


def to_named(text: str) -> Named | None:
    """Read `mcp:INTEGRATION:TOOL` or `mcp:INTEGRATION:*`; None where it is nothing of the sort."""
    found = _IN_FILES.fullmatch(text)
    return Named(found[1], found[2]) if found else None


def for_models(integration: str, tool: str) -> str:
    """A name that every model's server takes, and that no other integration's tool can have."""
    plain = f"mcp__{integration}__{tool}"
    if _FOR_MODELS.fullmatch(plain) and "__" not in integration and not integration.endswith("_"):
        return plain
    digest = hashlib.sha256(f"{integration}:{tool}".encode()).hexdigest()[:8]
    return f"{re.sub('[^A-Za-z0-9_-]', '_', plain)[:LONGEST_START]}_{digest}"
