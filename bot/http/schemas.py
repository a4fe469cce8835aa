"""What the API takes and gives: camelCase JSON."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from core.live_words import WORDS, Piece
from core.models import MAX_INSTRUCTION_CHARACTERS, Delegation, Event, Plan, Step, StepState

MAX_WAIT_MS = 600_000
DEFAULT_WAIT_MS = 120_000


class Schema(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, extra="forbid", strict=True)


class StrictSchema(Schema):
    """What is taken has one spelling each: the documented one."""

    model_config = ConfigDict(populate_by_name=False)


class PlanIn(StrictSchema):
    # Its lower bound is the core's to say: what holds nothing visible is as empty as what holds nothing.
    instruction: str = Field(
        max_length=MAX_INSTRUCTION_CHARACTERS,
        description="what you want, in plain words",
        json_schema_extra={"minLength": 1},
    )
    preferred_agents: list[str] = Field(
        default=[],
        max_length=10,
        description="names of the agents that should do it; default: the best fitting",
    )


class TaskIn(PlanIn):
    timeout: int = Field(
        default=DEFAULT_WAIT_MS, ge=0, le=MAX_WAIT_MS, description="how long the answer is waited for, in ms"
    )


class PlannedStepOut(Schema):
    agent: str
    task: str
    depends_on: list[int]


class Estimate(Schema):
    input_tokens: int
    output_tokens: int
    cost_usd: float | None


class PlanOut(Schema):
    planner: Literal["explicit", "rules", "model"]
    steps: list[PlannedStepOut]
    question: str | None
    estimate: Estimate


class ResultOut(Schema):
    agent: str
    status: StepState
    output: str
    error: str | None
    attempts: int
    execution_time_ms: int


class MadeResultOut(ResultOut):
    """What an agent that somebody made gave."""

    agent_version: int | None
    note: str | None = Field(description="one sentence where the agent is no longer there")


class Metrics(Schema):
    total_ms: int
    agents: int
    succeeded: int
    failed: int
    retries: int
    input_tokens: int
    output_tokens: int
    cost_usd: float | None


class AnswerOut(Schema):
    """A delegation with its answer, once there is one."""

    delegation_id: str
    status: Literal["running", "success", "partial", "failed", "cancelled"]
    answer: str | None = Field(description="Markdown; null while it is running")
    results: list[ResultOut | MadeResultOut]
    metrics: Metrics


class AcceptedOut(AnswerOut):
    """It is still running: look at `Location` for more."""

    notice: str | None = Field(
        default=None, description="there only where the work will start late: says why"
    )


class ToldOut(Schema):
    """What the terminal is told at once: nothing is delegated, and nothing kept."""

    delegation_id: Literal[""] = ""
    status: Literal["success"] = "success"
    answer: str = Field(description="Markdown")


class SummaryOut(Schema):
    """One line of the list of delegations."""

    delegation_id: str
    status: Literal["running", "success", "partial", "failed", "cancelled"]
    instruction: str
    origin: str = Field(description="the door it came through")
    received_at: datetime
    answered_at: datetime | None
    answer: str | None


class Page(Schema):
    delegations: list[SummaryOut]
    next: str | None = Field(
        description="where the next page begins: pass it as `before`; null on the last page"
    )


class AgentOut(Schema):
    """One line of the list of agents."""

    name: str
    description: str
    tools: list[str]
    model: str | None
    source: Literal["file", "made"]
    version: int | None = Field(description="null where it comes from a file")
    visibility: Literal["me", "workspace"] = Field(description="who may use it")
    owner: str | None = Field(description="who made it; null where it comes from a file")


class FieldProblem(Schema):
    field: str
    message: str


class ProblemOut(Schema):
    """An error (RFC 9457)."""

    type: str
    title: str
    status: int
    detail: str = Field(description="a sentence for people")
    correlation_id: str = Field(description="the same as in the response's X-Correlation-ID")
    errors: list[FieldProblem] = Field(default=[], description="what is wrong with which field")


def from_plan(plan: Plan, *, estimate: Estimate) -> PlanOut:
    steps = [PlannedStepOut(agent=s.agent, task=s.task, depends_on=list(s.after)) for s in plan.steps]
    return PlanOut(planner=plan.planner, steps=steps, question=plan.question, estimate=estimate)


def from_delegation(
    delegation: Delegation, *, now: datetime, notes: Mapping[str, str] | None = None
) -> AnswerOut:
    """`notes`: by agent, a sentence about those that are no longer there."""
    succeeded = sum(step.outcome is StepState.SUCCEEDED for step in delegation.steps)
    failed = sum(step.state.terminal for step in delegation.steps) - succeeded
    usage = delegation.usage
    until = delegation.answered_at or now
    return AnswerOut(
        delegation_id=delegation.id,
        status=_status(delegation),
        answer=delegation.reply.text if delegation.reply else None,
        results=[_result(step, (notes or {}).get(step.agent)) for step in delegation.steps],
        metrics=Metrics(
            total_ms=max(0, round((until - delegation.received_at).total_seconds() * 1000)),
            agents=len(delegation.steps),
            succeeded=succeeded,
            failed=failed,
            retries=sum(max(0, step.attempts - 1) for step in delegation.steps),
            input_tokens=usage.input_tokens,
            output_tokens=usage.output_tokens,
            cost_usd=usage.cost_usd,
        ),
    )


def accepted(delegation_id: str) -> AnswerOut:
    """What is known of a delegation that was saved, and can't be read just now."""
    nothing = dict.fromkeys(Metrics.model_fields, 0)
    return AnswerOut(
        delegation_id=delegation_id,
        status="running",
        answer=None,
        results=[],
        metrics=Metrics.model_validate({**nothing, "cost_usd": 0.0}),
    )


def to_summary(delegation: Delegation) -> SummaryOut:
    return SummaryOut(
        delegation_id=delegation.id,
        status=_status(delegation),
        instruction=delegation.instruction.text,
        origin=delegation.instruction.origin,
        received_at=delegation.received_at,
        answered_at=delegation.answered_at,
        answer=delegation.reply.text if delegation.reply else None,
    )


def _status(delegation: Delegation) -> Literal["running", "success", "partial", "failed", "cancelled"]:
    return delegation.status.value if delegation.status is not None else "running"


def from_event(event: Event) -> dict[str, Any]:
    """One message of the event stream."""
    return {
        "sequence": event.sequence,
        "delegationId": event.delegation_id,
        "kind": event.kind.value,
        "at": event.at.isoformat(),
        "data": event.data,
    }


def from_piece(delegation_id: str, piece: Piece, *, at: datetime) -> dict[str, Any]:
    """A message between the events: words that are being written."""
    return {
        "delegationId": delegation_id,
        "kind": WORDS,
        "at": at.isoformat(),
        "data": {"step": piece.step, "agent": piece.agent, "from": piece.start, "text": piece.text},
    }


def _result(step: Step, note: str | None) -> ResultOut | MadeResultOut:
    result = ResultOut(
        agent=step.agent,
        status=step.outcome,
        output=step.result.output if step.result else "",
        error=step.result.error if step.result else None,
        attempts=step.attempts,
        execution_time_ms=step.execution_time_ms,
    )
    version = step.result.agent_version if step.result is not None else step.agent_version
    if version is None and note is None:
        return result
    return MadeResultOut(**result.model_dump(), agent_version=version, note=note)
