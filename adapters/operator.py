"""The local operator and where they talk: the terminal, the API, and the agents that run by themselves."""

from __future__ import annotations

from core.models import Address, Person

PLATFORM = "local"
WORKSPACE = "local"
TERMINAL = "terminal"
"""The origin of what is said in the terminal, which talks through the API."""
OPERATOR = Person(id=f"{PLATFORM}:{WORKSPACE}:operator", name="operator")


def to_own_place(agent: str) -> Address:
    """The conversation that an agent which runs by itself answers into."""
    return Address(platform=PLATFORM, workspace=WORKSPACE, place=f"agent-{agent}")
