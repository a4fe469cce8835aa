"""Where agents are made, changed, shared and deleted, whatever door the wish came through."""

from __future__ import annotations

import logging
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from core.catalog import check_agent, near
from core.errors import Conflict, InvalidAgent, NotFound, StoreUnavailable
from core.integrations.needs import Needs
from core.making.prompt import default_prompt
from core.making.routine import MadeRoutines
from core.models import Address, Agent, MadeAgent, Person, Visibility
from core.ports.clock import Clock
from core.ports.made_agents import MadeAgents
from core.rendering import making as words
from core.roster import Crew, Roster

logger = logging.getLogger(__name__)
RESERVED = frozenset({"agent", "agents", "delegate", "templates", "new", "flowmate"})
"""Names that stand for something else in an address of the API or in what people write."""


@dataclass(frozen=True)
class MakingLimits:
    """What people may make."""

    timeout_seconds: float = 30.0
    """The longest attempt: a job ends by itself not long after that."""
    examples: int = 30
    """What planners learn of an agent is learned in the middle of somebody's work."""
    per_person: int = 50
    per_workspace: int = 200


class Shop:
    """Makes agents. Everything is checked by the one parser of files, chat and API, and by who may do it."""

    def __init__(
        self,
        *,
        made: MadeAgents,
        roster: Roster,
        tools: Collection[str],
        clock: Clock,
        limits: MakingLimits | None = None,
        routines: MadeRoutines | None = None,
        needs: Needs | None = None,
    ) -> None:
        self._made = made
        self._needs = needs
        self._roster = roster
        self._clock = clock
        self._limits = limits or MakingLimits()
        self._routines = routines
        self.tools = tuple(sorted(tools))

    async def check(self, fields: Mapping[str, Any], *, at: Address) -> Agent:
        """The agent of these fields, prompt included. Raises InvalidAgent naming every wrong field."""
        agent = check_agent(fields, tools=self.tools)
        if problems := [*self._too_much(agent), *await self._unknown(agent.tools, at)]:
            raise InvalidAgent(problems)
        if agent.system_prompt:
            return agent
        return agent.model_copy(update={"system_prompt": default_prompt(agent.name, agent.description)})

    async def wrong_tools(self, tools: Sequence[str], *, at: Address) -> str | None:
        """What is wrong with the names of tools that integrations bring, for people. Raises StoreUnavailable."""
        return " ".join(sentence for _, sentence in await self._unknown(tools, at)) or None

    async def choices(self, tools: Sequence[str], *, at: Address) -> Mapping[str, tuple[str, ...]]:
        """See Needs.choices."""
        if self._needs is None:
            return {}
        return await self._needs.choices(tools, workspace=f"{at.platform}:{at.workspace}")

    async def unmet(self, agent: Agent, *, platform: str, workspace: str) -> tuple[str, ...]:
        """A sentence for each integration that its tools need and don't have here, saying how to mend that.

        Never raises: what was made is made, whether or not that could be looked up.
        """
        if self._needs is None:
            return ()
        try:
            return await self._needs.unmet(agent, workspace=f"{platform}:{workspace}")
        except StoreUnavailable as error:
            logger.warning("what %s needs was not looked up: %s", agent.name, error.sentence)
            return ()

    async def crew(self, at: Address) -> Crew:
        """Everybody's agents of this workspace, as of now."""
        return await self._roster.of(at.platform, at.workspace)

    async def taken(self, name: str, *, at: Address) -> str | None:
        """Why this name can't be a new agent's, for people; None where it can."""
        crew = await self.crew(at)
        if name in RESERVED:
            return words.reserved(name)
        if name in self._roster.files:
            return words.has_a_file(name)
        return words.taken(name) if name in crew.made else None

    async def create(
        self,
        fields: Mapping[str, Any],
        *,
        by: Person,
        at: Address,
        visibility: Visibility = Visibility.ME,
        key: str = "",
    ) -> MadeAgent:
        """Make an agent; `at`: where the answers of its schedule go. The same `key` makes it once.

        Raises InvalidAgent, and Conflict where the name is taken or there are too many.
        """
        agent = await self.check(fields, at=at)
        crew = await self.crew(at)
        there = crew.made.get(agent.name)
        mine = there is not None and bool(key) and there.key == key
        sentence = None if mine else await self.taken(agent.name, at=at) or self._full(crew, by)
        if sentence:
            raise Conflict(sentence)
        if self._routines is not None:
            await self._routines.check(agent, by=by, at=at)
        made = MadeAgent(
            platform=at.platform,
            workspace=at.workspace,
            agent=agent,
            owner=by.model_copy(update={"zone": None}),
            visibility=visibility,
            at=self._clock.now(),
            key=key,
        )
        saved = await self._made.save(made, expected=None, now=self._clock.now())
        if saved is None:
            raise Conflict(words.taken(agent.name))
        if self._routines is not None and agent.schedule is not None:
            await self._routines.follow(saved, by=by, at=at)
        return saved

    async def change(
        self,
        found: MadeAgent,
        fields: Mapping[str, Any] | None = None,
        *,
        by: Person,
        at: Address,
        visibility: Visibility | None = None,
        key: str = "",
    ) -> MadeAgent:
        """A new version of the agent as it was found. Raises InvalidAgent, and Conflict where it is somebody else's or
        has changed meanwhile."""
        self._own(found, by)
        agent = found.agent if fields is None else await self.check({**fields, "name": found.name}, at=at)
        if self._routines is not None:
            await self._routines.check(agent, by=by, at=at)
        made = found.model_copy(
            update={"agent": agent, "visibility": visibility or found.visibility, "key": key}
        )
        saved = await self._made.save(made, expected=found.version, now=self._clock.now())
        if saved is None:
            raise Conflict(words.changed_meanwhile(found.name))
        if self._routines is not None and (agent.schedule or found.agent.schedule) is not None:
            await self._routines.follow(saved, by=by, at=at)
        return saved

    async def delete(self, found: MadeAgent, *, by: Person, key: str = "") -> None:
        """End it; its versions, and what it did, stay. Raises Conflict as `change` does."""
        self._own(found, by)
        now = self._clock.now()
        if not await self._made.delete(found, by=by.id, key=key, now=now):
            raise Conflict(words.changed_meanwhile(found.name))
        if self._routines is not None:
            await self._routines.end(found.model_copy(update={"deleted_at": found.deleted_at or now}))

    async def find(self, name: str, *, by: Person, at: Address, key: str = "") -> MadeAgent:
        """The agent of this name that this person may use. With `key`, also one that the same change has ended.

        Raises NotFound, saying so where it was deleted, and Conflict where the agent comes from a file.
        """
        crew = await self.crew(at)
        if name in self._roster.files:
            raise Conflict(words.from_file(name))
        made = crew.find(name, by.id)
        if made is not None:
            return made
        gone = crew.gone.get(name)
        if gone is not None and key and gone.key == key:
            return gone
        if gone is not None and gone.readable_by(by.id):
            raise NotFound(words.was_deleted(name, at=gone.deleted_at or gone.at))
        raise NotFound(words.unknown(name))

    async def history(self, name: str, *, by: Person, at: Address) -> tuple[MadeAgent, ...]:
        """The versions that this person may look at, the newest first, of an agent that is gone, too.

        Raises NotFound where there is none.
        """
        versions = await self._made.history(at.platform, at.workspace, name)
        found = tuple(made for made in versions if made.readable_by(by.id))
        if not found:
            raise NotFound(words.unknown(name))
        return found

    async def _unknown(self, tools: Sequence[str], at: Address) -> list[tuple[str, str]]:
        """As `unknown_tools`, of what connected integrations bring."""
        if self._needs is None:
            return []
        unusable = await self._needs.unusable(tools, workspace=f"{at.platform}:{at.workspace}")
        return [
            (f"tools.{place}", _no_such(name, known))
            for place, name in enumerate(tools)
            if name in unusable and (known := unusable[name].known) is not None
        ]

    def _own(self, found: MadeAgent, by: Person) -> None:
        if found.owner.id != by.id:
            raise Conflict(words.not_yours(found.name, owner=found.owner.name))

    def _full(self, crew: Crew, by: Person) -> str | None:
        if sum(made.owner.id == by.id for made in crew.made.values()) >= self._limits.per_person:
            return words.too_many(self._limits.per_person)
        if len(crew.made) >= self._limits.per_workspace:
            return words.too_many_here(self._limits.per_workspace)
        return None

    def _too_much(self, agent: Agent) -> list[tuple[str, str]]:
        problems = []
        if agent.post_to is not None:
            # It would let anybody write anywhere, whatever workspace they belong to.
            problems.append(("post_to", words.ONLY_IN_FILES))
        if len(agent.examples) > self._limits.examples:
            problems.append(("examples", words.too_many_examples(self._limits.examples)))
        if (agent.limits.timeout_seconds or 0) > self._limits.timeout_seconds:
            problems.append(("limits.timeout_seconds", words.too_long(self._limits.timeout_seconds)))
        if agent.schedule is not None and len(agent.schedule) > 300:
            problems.append(("schedule", words.long_schedule(300)))
        return problems


def _no_such(name: str, known: Sequence[str]) -> str:
    """Only what a server calls its tools is compared: the rest is the same for all of them."""
    where, _, tool = name.rpartition(":")
    return words.no_such_tool(
        name[:60],
        meant=[f"{where}:{one}" for one in near(tool, known)],
        tools=[f"{where}:{one}" for one in sorted(known)],
    )
