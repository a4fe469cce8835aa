"""Which agents a person may use: those of files, and beside them what was made in their workspace.

What was made is read from the database once for each version of a workspace's roster. That version comes along with
every delegation that is loaded to be planned: knowing whether there is something new takes no question of its own.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field

from core.errors import NotFound
from core.models import Agent, Delegation, MadeAgent, Plan, Step
from core.ports.made_agents import MadeAgents
from core.rendering import failures
from core.rendering import making as words

KEPT_CREWS = 256
KEPT_VERSIONS = 256


@dataclass(frozen=True)
class Crew:
    """The agents of one workspace as of one version of its roster."""

    version: int
    files: Mapping[str, Agent]
    made: Mapping[str, MadeAgent] = field(default_factory=dict)
    """By name, without those whose name a file has: files come first."""
    gone: Mapping[str, MadeAgent] = field(default_factory=dict)
    shadowed: Mapping[str, MadeAgent] = field(default_factory=dict)
    _shown: dict[str, tuple[Agent, ...]] = field(default_factory=dict)

    def usable_by(self, person_id: str) -> tuple[Agent, ...]:
        """What this person's plans may hold: files, then what is shared, then their own, each by name.

        People who have none of their own get the very same tuple: what planners learn of it is learned once.
        """
        owner = person_id if any(made.owner.id == person_id for made in self.made.values()) else ""
        if owner not in self._shown:
            usable = [made for made in self.made.values() if made.usable_by(owner)]
            usable.sort(key=lambda made: (made.owner.id == owner, made.name))
            self._shown[owner] = (*self.files.values(), *(made.agent for made in usable))
        return self._shown[owner]

    def private_to(self, person_id: str) -> frozenset[str]:
        """The names of this person's agents that nobody else may use."""
        return frozenset(
            made.name for made in self.made.values() if made.private and made.owner.id == person_id
        )

    def find(self, name: str, person_id: str) -> MadeAgent | None:
        """The made agent of this name, if this person may use it."""
        made = self.made.get(name)
        return made if made is not None and made.usable_by(person_id) else None

    def named(self, name: str) -> Agent | None:
        """The agent of this name, whoever's it is."""
        made = self.made.get(name)
        return self.files.get(name) or (made.agent if made is not None else None)

    def cast(self, plan: Plan) -> tuple[Agent, ...]:
        """The agents of a plan's steps."""
        agents = (self.named(step.agent) for step in plan.steps)
        return tuple(agent for agent in agents if agent is not None)

    def pinned(self, plan: Plan) -> Plan:
        """The plan with the version of each agent that somebody made: what was planned is what runs."""
        if not any(step.agent in self.made for step in plan.steps):
            return plan
        steps = tuple(
            step.model_copy(update={"agent_version": self.made[step.agent].version})
            if step.agent in self.made
            else step
            for step in plan.steps
        )
        return plan.model_copy(update={"steps": steps})

    def missed(self, text: str) -> Plan | None:
        """What is said instead of planning where the text begins with an agent that is gone."""
        words_of_it = text.split(maxsplit=1)
        name = words_of_it[0].lower().rstrip(":,") if words_of_it else ""
        made = self.gone.get(name[1:]) if name.startswith("@") else None
        if made is None or self.named(made.name) is not None:
            return None
        return Plan(planner="explicit", question=words.was_deleted(made.name, at=made.deleted_at or made.at))


class Roster:
    """Knows everybody's agents, and looks again only where something has changed."""

    def __init__(self, *, files: Mapping[str, Agent], made: MadeAgents | None = None) -> None:
        self.files = files
        self._made = made
        self._bare = Crew(version=0, files=files)
        self._crews: OrderedDict[tuple[str, str], Crew] = OrderedDict()
        self._versions: OrderedDict[tuple[str, str, str, int], MadeAgent] = OrderedDict()

    async def of(self, platform: str, workspace: str, *, version: int | None = None) -> Crew:
        """The workspace's agents, as of this version of its roster or a later one; None: as of now.

        Raises StoreUnavailable.
        """
        if self._made is None or version == 0:
            return self._bare
        if version is None:
            version = await self._made.roster_version(platform, workspace)
        if version == 0:
            return self._bare
        known = self._crews.get((platform, workspace))
        if known is None or known.version < version:
            known = await self._read(self._made, platform, workspace)
        self._crews[platform, workspace] = known
        self._crews.move_to_end((platform, workspace))
        if len(self._crews) > KEPT_CREWS:
            self._crews.popitem(last=False)
        return known

    async def made_count(self) -> int:
        """How many agents people made, in all workspaces together. Raises StoreUnavailable."""
        return await self._made.count() if self._made is not None else 0

    async def everywhere(self) -> frozenset[str]:
        """The names of all agents of all workspaces. Raises StoreUnavailable."""
        made = await self._made.names() if self._made is not None else frozenset()
        return made | self.files.keys()

    async def crew(self, delegation: Delegation, *, version: int | None = None) -> Crew:
        """The agents of the delegation's workspace."""
        address = delegation.instruction.address
        return await self.of(address.platform, address.workspace, version=version)

    def seen(self, delegation: Delegation) -> list[Agent | None]:
        """The agent of each step, as far as this process knows it: whoever ran a step has just looked."""
        address = delegation.instruction.address
        crew = self._crews.get((address.platform, address.workspace), self._bare)
        return [crew.named(step.agent) for step in delegation.steps]

    async def notes(self, delegation: Delegation) -> dict[str, str]:
        """By name, a sentence about each of its agents that is no longer there. Raises StoreUnavailable."""
        made = {step.agent for step in delegation.steps if step.agent not in self.files}
        crew = await self.crew(delegation) if made else self._bare
        gone = {name: crew.gone[name] for name in made & crew.gone.keys()}
        return {name: words.was_deleted(name, at=one.deleted_at or one.at) for name, one in gone.items()}

    async def cast(self, delegation: Delegation, step: Step) -> tuple[Agent, int | None] | str:
        """The agent that runs this step and its version (None: it comes from a file), or why nobody does.

        Whether the person may still use it is looked up now, whatever was planned. Raises StoreUnavailable.
        """
        if step.agent in self.files:
            return self.files[step.agent], None
        crew = await self.crew(delegation)
        made = crew.find(step.agent, delegation.instruction.person.id)
        if made is None:
            gone = crew.gone.get(step.agent)
            if gone is None:
                return failures.unknown_agent(step.agent)
            return words.was_deleted(step.agent, at=gone.deleted_at or gone.at)
        if step.agent_version in (None, made.version):
            return made.agent, made.version
        planned = await self._version(made, step.agent_version or made.version)
        return planned.agent, planned.version

    async def _version(self, made: MadeAgent, version: int) -> MadeAgent:
        key = (made.platform, made.workspace, made.name, version)
        if key not in self._versions:
            assert self._made is not None
            try:
                self._versions[key] = await self._made.load(*key)
            except NotFound:
                return made
            if len(self._versions) > KEPT_VERSIONS:
                self._versions.popitem(last=False)
        return self._versions[key]

    async def _read(self, port: MadeAgents, platform: str, workspace: str) -> Crew:
        state = await port.roster(platform, workspace)
        live = {made.name: made for made in state.agents if made.deleted_at is None}
        return Crew(
            version=state.version,
            files=self.files,
            made={name: made for name, made in live.items() if name not in self.files},
            gone={made.name: made for made in state.agents if made.deleted_at is not None},
            shadowed={name: made for name, made in live.items() if name in self.files},
        )
