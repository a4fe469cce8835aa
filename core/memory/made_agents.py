"""`InMemoryMadeAgents`: agents that people make, beside the in-memory store that counts their changes."""

from __future__ import annotations

from datetime import datetime

from core.errors import NotFound
from core.memory.store import InMemoryStore
from core.models import Address, AgentDraft, Event, EventKind, MadeAgent
from core.ports.made_agents import RosterState

Key = tuple[str, str, str]


class InMemoryMadeAgents:
    """The MadeAgents port in this process."""

    def __init__(self, *, store: InMemoryStore) -> None:
        self._store = store
        self._versions: dict[Key, list[MadeAgent]] = {}
        self._heads: dict[Key, MadeAgent] = {}
        self._drafts: dict[tuple[tuple[str, str, str, str], str], AgentDraft] = {}
        self.reads = 0
        """How often a whole roster was read."""

    async def roster_version(self, platform: str, workspace: str) -> int:
        await self._store.ping()
        return self._store.rosters.get((platform, workspace), 0)

    async def roster(self, platform: str, workspace: str) -> RosterState:
        await self._store.ping()
        self.reads += 1
        found = [m for (p, w, _), m in sorted(self._heads.items()) if (p, w) == (platform, workspace)]
        return RosterState(version=self._store.rosters.get((platform, workspace), 0), agents=tuple(found))

    async def save(self, made: MadeAgent, *, expected: int | None, now: datetime) -> MadeAgent | None:
        await self._store.ping()
        head = self._heads.get(_key(made))
        if head is not None and made.key and head.key == made.key and head.deleted_at is None:
            return head
        current = head.version if head is not None and head.deleted_at is None else None
        if current != expected:
            return None
        version = 1 + (head.version if head is not None else 0)
        saved = made.model_copy(update={"version": version, "at": now, "deleted_at": None})
        self._versions.setdefault(_key(made), []).append(saved.model_copy(update={"key": ""}))
        await self._put(saved, changed(saved, by=saved.owner.id, now=now))
        return saved

    async def delete(self, made: MadeAgent, *, by: str, key: str, now: datetime) -> bool:
        await self._store.ping()
        head = self._heads.get(_key(made))
        if head is None:
            return False
        if head.deleted_at is not None:
            return bool(key) and head.key == key
        if head.version != made.version:
            return False
        gone = head.model_copy(update={"deleted_at": now, "key": key})
        await self._put(gone, changed(gone, by=by, now=now))
        return True

    async def load(self, platform: str, workspace: str, name: str, version: int) -> MadeAgent:
        for made in await self.history(platform, workspace, name):
            if made.version == version:
                return made
        raise NotFound(f"There is no version {version} of {name}.")

    async def names(self) -> frozenset[str]:
        await self._store.ping()
        return frozenset(made.name for made in self._heads.values() if made.deleted_at is None)

    async def count(self) -> int:
        await self._store.ping()
        return sum(made.deleted_at is None for made in self._heads.values())

    async def history(self, platform: str, workspace: str, name: str) -> tuple[MadeAgent, ...]:
        await self._store.ping()
        return tuple(reversed(self._versions.get((platform, workspace, name), [])))

    async def move(self, place: Address, *, to: Address) -> int:
        await self._store.ping()
        moving = [key for key in self._heads if key[:2] == (place.platform, place.workspace)]
        new = {"platform": to.platform, "workspace": to.workspace}
        moved = 0
        for key in moving:
            target = (to.platform, to.workspace, key[2])
            if target not in self._heads:
                self._heads[target] = self._heads.pop(key).model_copy(update=new)
                versions = self._versions.pop(key)
                self._versions[target] = [made.model_copy(update=new) for made in versions]
                moved += 1
        for one in (place, to) if moved else ():
            self._count(one.platform, one.workspace)
        return moved

    async def draft(self, address: Address, person_id: str) -> AgentDraft | None:
        await self._store.ping()
        return self._drafts.get((address.conversation, person_id))

    async def save_draft(self, draft: AgentDraft, *, forget_before: datetime) -> None:
        await self._store.ping()
        self._drafts = {key: one for key, one in self._drafts.items() if one.at >= forget_before}
        self._drafts[draft.address.conversation, draft.person_id] = draft

    async def _put(self, made: MadeAgent, event: Event) -> None:
        self._heads[_key(made)] = made
        self._count(made.platform, made.workspace)
        await self._store.append(event)

    def _count(self, platform: str, workspace: str) -> None:
        rosters = self._store.rosters
        rosters[platform, workspace] = rosters.get((platform, workspace), 0) + 1


def changed(made: MadeAgent, *, by: str, now: datetime) -> Event:
    """The fact that is recorded for the audit."""
    data = {
        "workspace": f"{made.platform}:{made.workspace}",
        "agent": made.name,
        "version": made.version,
        "visibility": made.visibility.value,
        "deleted": made.deleted_at is not None,
        "by": by,
    }
    return Event(delegation_id=None, kind=EventKind.AGENT_CHANGED, at=now, data=data)


def _key(made: MadeAgent) -> Key:
    return made.platform, made.workspace, made.name
