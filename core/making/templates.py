"""Ready-made agents for common work: files like any other, to begin from."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from core.catalog import TEMPLATES, load_agents
from core.models import Agent


@cache
def templates() -> Mapping[str, Agent]:
    """By name. Read when the first one is wanted."""
    return load_agents([TEMPLATES])
