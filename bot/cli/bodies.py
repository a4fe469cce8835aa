"""What the HTTP API sends, as far as the commands read it."""

from __future__ import annotations

import json
from typing import Any

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, model_validator
from pydantic.alias_generators import to_camel, to_snake

from core.models import Agent, Approval, ApprovalState, Person, Status


class Body(BaseModel):
    """What the API sends; fields that a newer service adds are no error."""

    model_config = ConfigDict(frozen=True, extra="ignore", alias_generator=to_camel, populate_by_name=True)


class Listing(Body):
    """What the API answers as a bare list, under the name of the only field there is."""

    @model_validator(mode="before")
    @classmethod
    def _bare_list(cls, value: Any) -> Any:
        [name] = cls.model_fields
        return {name: value} if isinstance(value, list) else value


class AgentResult(Body):
    agent: str
    status: str
    output: str | None = None
    error: str | None = None
    attempts: int = 0
    execution_time_ms: int = 0


class Metrics(Body):
    total_ms: int = 0
    agents: int = 0
    succeeded: int = 0
    failed: int = 0
    retries: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cost_usd: float | None = 0.0


class Answer(Body):
    """A delegation as the API shows it; `body` is what it sent, for `--json`."""

    delegation_id: str
    """Empty for what is told at once, and not kept."""
    status: str | None = None
    answer: str | None = None
    results: tuple[AgentResult, ...] = ()
    metrics: Metrics = Metrics()
    body: str = Field(default="", exclude=True)

    @property
    def final(self) -> bool:
        return self.status in tuple(Status)


class Arrival(Body):
    """One line of the list of delegations, as far as an answer that comes by itself goes."""

    delegation_id: str
    instruction: str
    origin: str
    answer: str | None = None


class Arrivals(Body):
    delegations: tuple[Arrival, ...] = ()


class Happening(Body):
    """One event of a delegation."""

    sequence: int = 0
    kind: str
    at: AwareDatetime
    data: dict[str, Any] = Field(default_factory=dict)


class PlanStep(Body):
    agent: str
    task: str
    depends_on: tuple[int, ...] = ()


class PlanAnswer(Body):
    planner: str
    steps: tuple[PlanStep, ...] = ()
    question: str | None = None
    body: str = Field(default="", exclude=True)


class AgentCard(Body):
    name: str
    description: str = ""
    tools: tuple[str, ...] = ()
    model: str | None = None
    source: str = "file"
    version: int | None = None
    visibility: str = ""
    owner: str | None = None


class AgentWhole(AgentCard):
    """One agent, or one version of it, with all that its file would hold."""

    system_prompt: str = ""
    integrations: tuple[str, ...] = ()
    schedule: str | None = None
    examples: tuple[str, ...] = ()
    recurring: bool = False
    limits: dict[str, float | None] = Field(default_factory=dict)
    changed_at: AwareDatetime | None = None
    notes: tuple[str, ...] = ()

    @property
    def agent(self) -> Agent:
        """As the core knows it."""
        fields = set(Agent.model_fields) & set(type(self).model_fields) - {"limits"}
        limits = {to_snake(name): value for name, value in self.limits.items()}
        return Agent.model_validate({**self.model_dump(include=fields), "limits": limits})


class AgentVersions(Listing):
    versions: tuple[AgentWhole, ...] = ()


class AgentCards(Listing):
    agents: tuple[AgentCard, ...] = ()


class ScheduleRun(Body):
    slot: AwareDatetime
    outcome: str
    delegation_id: str | None = None


class ScheduleCard(Body):
    """A schedule as the API shows it."""

    id: str
    number: int
    instruction: str
    agent: str | None = None
    when: str
    zone: str
    post_to: str | None = None
    state: str
    reason: str = ""
    next_runs: tuple[AwareDatetime, ...] = ()
    last_runs: tuple[ScheduleRun, ...] = ()


class ScheduleCards(Listing):
    schedules: tuple[ScheduleCard, ...] = ()


class KindField(Body):
    name: str
    title: str
    secret: bool = False
    required: bool = True


class KindCard(Body):
    """A sort of service that can be connected."""

    name: str
    title: str
    fields: tuple[KindField, ...] = ()


class KindCards(Listing):
    kinds: tuple[KindCard, ...] = ()


class IntegrationTest(Body):
    at: AwareDatetime
    passed: bool
    note: str = ""


class IntegrationCard(Body):
    """A connected service as the API shows it."""

    id: str
    name: str
    kind: str
    workspace: str
    fields: dict[str, str] = Field(default_factory=dict)
    test: IntegrationTest | None = None


class IntegrationCards(Listing):
    integrations: tuple[IntegrationCard, ...] = ()


class ApprovalCard(Body):
    """A request for a yes as the API shows it."""

    id: str
    delegation_id: str
    agent: str
    tool: str
    arguments: dict[str, Any] = Field(default_factory=dict)
    unnamed: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    asked_by: str = ""
    asked_at: AwareDatetime
    expires_at: AwareDatetime
    state: ApprovalState
    always: bool = False
    decided_by: str | None = None
    decided_at: AwareDatetime | None = None

    def to_approval(self) -> Approval:
        """As far as it is shown."""
        by = None if self.decided_by is None else Person(id=self.decided_by, name=self.decided_by)
        given = self.model_dump(exclude={"arguments", "asked_by", "decided_by"})
        return Approval(
            **given,
            arguments=json.dumps(self.arguments),
            person=Person(id=self.asked_by, name=self.asked_by),
            decided_by=by,
            step_id="",
            run_id="",
        )


class ApprovalCards(Listing):
    approvals: tuple[ApprovalCard, ...] = ()


class PlatformStatus(Body):
    name: str
    title: str
    connected: bool = False
    summary: str = ""


class ServiceStatus(Body):
    """What is connected and who answers, for the summary of `up`."""

    platforms: tuple[PlatformStatus, ...] = ()
    model: str | None = None
    agents: tuple[str, ...] = ()
    """Those of files."""
    replaced_agents: tuple[str, ...] = ()
    """Built in, and replaced by a file of the team's own."""
    made_agents: int | None = None
    """How many people made; None where the service does not say."""


class PageLink(Body):
    """What opens the chat page."""

    url: str
    expires_at: AwareDatetime
