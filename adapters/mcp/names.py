"""What tools of MCP servers are called where a model calls them."""

from __future__ import annotations

import hashlib
import re

KIND = "mcp"
EVERY = "*"
PINNED = "pinned:tools"
"""Beside an integration's secrets: what its server said of its tools when it was connected."""
_FOR_MODELS = re.compile(r"[A-Za-z0-9_-]{1,64}")
LONGEST_START = 55


def for_models(integration: str, tool: str) -> str:
    """A name that every model's server takes, and that no other integration's tool can have."""
    plain = f"mcp__{integration}__{tool}"
    if _FOR_MODELS.fullmatch(plain) and "__" not in integration and not integration.endswith("_"):
        return plain
    digest = hashlib.sha256(f"{integration}:{tool}".encode()).hexdigest()[:8]
    return f"{re.sub('[^A-Za-z0-9_-]', '_', plain)[:LONGEST_START]}_{digest}"
