"""What the API takes and gives about agents."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Literal

from pydantic import Field

from bot.http.schemas import DEFAULT_WAIT_MS, MAX_WAIT_MS, AgentOut, Schema, StrictSchema
from core.models import MAX_INSTRUCTION_CHARACTERS, Agent, MadeAgent, Visibility

# The bounds are the parser's to hold, in the words that people in a chat would read; here they are only shown.
_SHOWN: dict[str, Any] = {"minLength": 1, "maxLength": 40}


IF_MATCH = (
    "The version that you have seen (its `ETag`): nothing is changed, with 412, where somebody was faster. Without it "
    "the current version is changed, whatever it is."
)


class LimitsIn(StrictSchema):
    """What one run may take."""

    timeout_seconds: float | None = Field(
        None, description="for one attempt; null: the deployment's default, which is also the most"
    )
    rounds: int = Field(8, description="turns of the model with tool calls", json_schema_extra={"maximum": 8})
    parallel_calls: int = Field(5, description="tool calls at once", json_schema_extra={"maximum": 5})
    output_tokens: int = Field(2000, description="of one turn", json_schema_extra={"maximum": 32_000})


class AgentChange(StrictSchema):
    """What changes; what is left out stays as it is."""

    description: str = Field("", description="what it does, in one sentence: the planner chooses by it")
    system_prompt: str = Field("", description="what it is told; empty: made from the description")
    tools: list[str] = Field([], description="names of the tools that it may call")
    integrations: list[str] = Field([], description="names of the integrations that it may use")
    schedule: str | None = Field(
        None, description='when it runs by itself, in words or cron fields: "every weekday at 9: the news"'
    )
    model: str | None = Field(None, description="null: the deployment's model")
    examples: list[str] = Field([], description="instructions that it is right for, 30 at most")
    recurring: bool = Field(False, description="whether its answers offer to become a schedule")
    limits: LimitsIn = Field(default_factory=LimitsIn, description="what one run may take")
    visibility: Literal["me", "workspace"] = Field("me", description="who may use it")


class AgentIn(AgentChange):
    """A whole agent."""

    name: str = Field(description="small letters, digits, - and _", json_schema_extra=_SHOWN)
    description: str = Field(description="what it does, in one sentence: the planner chooses by it")


class RunIn(StrictSchema):
    input: str = Field(
        max_length=MAX_INSTRUCTION_CHARACTERS,
        description="what the agent is told to do",
        json_schema_extra={"minLength": 1},
    )
    timeout: int = Field(
        default=DEFAULT_WAIT_MS, ge=0, le=MAX_WAIT_MS, description="how long the answer is waited for, in ms"
    )


class LimitsOut(Schema):
    timeout_seconds: float | None
    rounds: int
    parallel_calls: int
    output_tokens: int


class AgentDetail(AgentOut):
    """One agent, whole; also one version of it."""

    system_prompt: str
    integrations: list[str]
    schedule: str | None
    examples: list[str]
    recurring: bool
    limits: LimitsOut
    changed_at: datetime | None = Field(
        description="when this version was made; null where it comes from a file"
    )
    notes: list[str] = Field(
        description="what its tools need and don't have here, each with how to mend it; none among versions"
    )


class TemplateOut(Schema):
    """A ready-made agent, in the fields of a new one."""

    name: str
    description: str
    system_prompt: str
    tools: list[str]
    examples: list[str]
    recurring: bool


def to_fields(given: AgentChange, *, only_given: bool = False) -> dict[str, Any]:
    """What was given, in the parser's words; with `only_given`, without what was left out."""
    return given.model_dump(exclude={"visibility"}, exclude_unset=only_given)


def to_visibility(given: AgentChange, *, only_given: bool = False) -> Visibility | None:
    if only_given and "visibility" not in given.model_fields_set:
        return None
    return Visibility(given.visibility)


def from_file(agent: Agent) -> AgentOut:
    """One line for an agent that comes from a file."""
    return AgentOut(
        name=agent.name,
        description=agent.description,
        tools=list(agent.tools),
        model=agent.model,
        source="file",
        version=None,
        visibility="workspace",
        owner=None,
    )


def from_made(made: MadeAgent) -> AgentOut:
    """One line for an agent that somebody made."""
    line = from_file(made.agent)
    more = {
        "source": "made",
        "version": made.version,
        "visibility": made.visibility.value,
        "owner": made.owner.name,
    }
    return line.model_copy(update=more)


def to_detail(
    line: AgentOut, agent: Agent, *, changed_at: datetime | None = None, notes: Sequence[str] = ()
) -> AgentDetail:
    return AgentDetail(
        **line.model_dump(),
        system_prompt=agent.system_prompt,
        integrations=list(agent.integrations),
        schedule=agent.schedule,
        examples=list(agent.examples),
        recurring=agent.recurring,
        limits=LimitsOut(**agent.limits.model_dump()),
        changed_at=changed_at,
        notes=list(notes),
    )


def to_template(agent: Agent) -> TemplateOut:
    return TemplateOut(
        name=agent.name,
        description=agent.description,
        system_prompt=agent.system_prompt,
        tools=list(agent.tools),
        examples=list(agent.examples),
        recurring=agent.recurring,
    )


REQUEST = {
    "name": "page-digest",
    "description": "Sums up the pages behind links, one sentence each.",
    "systemPrompt": "Read every link with read_page. One sentence for each page, with its title as a link.",
    "tools": ["read_page"],
    "integrations": [],
    "schedule": None,
    "visibility": "workspace",
}
CHANGE = {"description": "Sums up the pages behind links, two sentences each.", "visibility": "me"}
RUN = {"input": "sum up https://example.org/article", "timeout": 60_000}
LINE = {
    "name": "page-digest",
    "description": "Sums up the pages behind links, one sentence each.",
    "tools": ["read_page"],
    "model": None,
    "source": "made",
    "version": 1,
    "visibility": "workspace",
    "owner": "operator",
}
MADE: dict[str, Any] = {
    **LINE,
    "systemPrompt": "Read every link with read_page. One sentence for each page, with its title as a link.",
    "integrations": [],
    "schedule": None,
    "examples": [],
    "recurring": False,
    "limits": {"timeoutSeconds": None, "rounds": 8, "parallelCalls": 5, "outputTokens": 2000},
    "changedAt": "2026-11-22T10:04:07.120000Z",
    "notes": [],
}
TEMPLATE = {
    "name": "link-summary",
    "description": "Sums up the page behind a link, what it says and what matters in it for the team.",
    "systemPrompt": "You sum up pages for a busy team. …",
    "tools": ["read_page"],
    "examples": ["sum up https://example.org/article"],
    "recurring": False,
}
EXAMPLES = {
    "agents": [LINE],
    "agentRequest": REQUEST,
    "agentChange": CHANGE,
    "agentRun": RUN,
    "agent": MADE,
    "agentVersions": [MADE],
    "agentTemplates": [TEMPLATE],
}
