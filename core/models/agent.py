"""Micro agents, and what one is told about its work."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import Field

from core.models.approval import ApprovalPolicy
from core.models.budget import Spender
from core.models.delegation import Exchange
from core.models.instruction import Person
from core.models.outcome import Artifact
from core.models.values import Frozen

MAX_PROMPT_CHARACTERS = 20_000
MAX_TIMEOUT_SECONDS = 600.0


class AgentLimits(Frozen):
    """What one run of an agent may take."""

    timeout_seconds: float | None = Field(default=None, gt=0, le=MAX_TIMEOUT_SECONDS)
    """For one attempt. None: the deployment's default."""
    rounds: int = Field(default=8, ge=1, le=8)
    parallel_calls: int = Field(default=5, ge=1, le=5)
    output_tokens: int = Field(default=2000, ge=1, le=32_000)


AgentName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]{0,39}$")]
ToolName = Annotated[str, Field(min_length=1, max_length=100)]
Example = Annotated[str, Field(min_length=1, max_length=300)]


class Agent(Frozen):
    """A micro agent: what it is for, how it is prompted, and all that it may use."""

    name: AgentName
    description: str = Field(min_length=1, max_length=500)
    system_prompt: str = Field(default="", max_length=MAX_PROMPT_CHARACTERS)
    tools: tuple[ToolName, ...] = Field(default=(), max_length=30)
    integrations: tuple[ToolName, ...] = Field(default=(), max_length=30)
    model: str | None = Field(default=None, min_length=1, max_length=100)
    examples: tuple[Example, ...] = Field(default=(), max_length=1000)
    """Instructions this agent is right for; the rule planner learns from them."""
    schedule: str | None = Field(default=None, max_length=10_000)
    """When it runs by itself: words or five cron fields, with a zone, then perhaps a colon and its instruction."""
    post_to: str | None = None
    """Where the answers of its schedule go, as `platform:workspace:place`; else into a conversation of its own."""
    recurring: bool = False
    """Whether its answer changes with time, so that an answer of its offers to become a schedule."""
    approval: ApprovalPolicy | None = None
    """When its `write` tools need a person's yes; it can only ask for more than the deployment does."""
    limits: AgentLimits = AgentLimits()


class Upstream(Frozen):
    """What an earlier step of the same plan gave."""

    agent: str
    task: str
    output: str
    succeeded: bool = True
    tainted: bool = False
    addresses: tuple[str, ...] = ()
    """As in Result."""
    artifacts: tuple[Artifact, ...] = ()


class Task(Frozen):
    """All that an agent is told about its work."""

    text: str
    instruction: str
    """The whole instruction, in the person's own words."""
    person: Person
    workspace: str
    now: datetime
    zone: str
    """The IANA zone that "here" means: the person's, else the deployment's."""
    upstream: tuple[Upstream, ...] = ()
    history: tuple[Exchange, ...] = ()
    integration: str = ""
    """At a call: the id of the integration that it may use, where its tool needs one. Never its secrets."""
    delegation_id: str = ""
    schedule_id: str = ""
    """The schedule that asks, if it is one."""

    def spender(self, *, agent: str = "", run: str = "") -> Spender:
        """On whose account a model call for this task is made."""
        return Spender(
            person=self.person.id,
            person_name=self.person.name,
            workspace=self.workspace,
            agent=agent,
            schedule=self.schedule_id,
            delegation=self.delegation_id,
            run=run,
        )
