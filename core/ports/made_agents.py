"""Where agents that people make live: every version of each, and which of them is the current one."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from core.models import Address, AgentDraft, Frozen, MadeAgent


class RosterState(Frozen):
    """All agents of one workspace as of one version of its roster, by name; those that are gone, too."""

    version: int
    agents: tuple[MadeAgent, ...]


class MadeAgents(Protocol):
    """Every method is one transaction and raises StoreUnavailable; all are safe to repeat, since a change with the
    same key finds itself done.

    The version of a workspace's roster grows with each change of any of its agents.
    """

    async def roster_version(self, platform: str, workspace: str) -> int:
        """0 where nobody ever made an agent there."""
        ...

    async def roster(self, platform: str, workspace: str) -> RosterState:
        """The current version of each agent, and the last one of each that is gone."""
        ...

    async def save(self, made: MadeAgent, *, expected: int | None, now: datetime) -> MadeAgent | None:
        """A new version, numbered by the store, where `expected` is the current one; None: there is no agent of
        this name (any more), which is then made. Returns None where that is no longer so.

        The fact is recorded for the audit.
        """
        ...

    async def delete(self, made: MadeAgent, *, by: str, key: str, now: datetime) -> bool:
        """The agent is gone, its versions stay. False where `made` is no longer the current version."""
        ...

    async def load(self, platform: str, workspace: str, name: str, version: int) -> MadeAgent:
        """One version, for ever the same. Raises NotFound."""
        ...

    async def names(self) -> frozenset[str]:
        """The names of all agents that there are now, in whatever workspace."""
        ...

    async def count(self) -> int:
        """How many agents there are now, in all workspaces together."""
        ...

    async def history(self, platform: str, workspace: str, name: str) -> tuple[MadeAgent, ...]:
        """Every version, the newest first; empty where there never was such an agent."""
        ...

    async def move(self, place: Address, *, to: Address) -> int:
        """The platform gave a workspace another name: its agents go along, but for names that are taken there.
        Returns how many."""
        ...

    async def draft(self, address: Address, person_id: str) -> AgentDraft | None:
        """What this person is making in this conversation, question by question."""
        ...

    async def save_draft(self, draft: AgentDraft, *, forget_before: datetime) -> None:
        """Keep it, and forget those that nobody went on with since then."""
        ...
