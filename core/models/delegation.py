"""One instruction through its life: plan, steps, events."""

from __future__ import annotations

from enum import StrEnum
from typing import Any, Literal

from pydantic import AwareDatetime, Field

from core.models.instruction import Address, Instruction
from core.models.outcome import DelegationState, Reply, Result, Status, StepState, Usage
from core.models.values import Frozen

MAX_STEPS = 10


class PlannedStep(Frozen):
    """One task for one agent, before it is saved; `after` are indexes of earlier steps of the same plan."""

    agent: str
    task: str
    after: tuple[int, ...] = ()
    agent_version: int | None = None
    """Which version of an agent that somebody made; None: one that comes from a file, or its latest one."""


PlannerName = Literal["explicit", "rules", "model"]


class Plan(Frozen):
    """What is going to run; no steps and a `question` where nothing fits."""

    planner: PlannerName
    steps: tuple[PlannedStep, ...] = ()
    question: str | None = None
    """What is said instead of running anything: one question, or what FlowMate can do."""
    answered: bool = False
    """Whether `question` already answers the instruction (a greeting, a call for help)."""
    usage: Usage = Usage()


class Step(Frozen):
    """A planned step with its life so far."""

    id: str
    delegation_id: str
    index: int
    agent: str
    task: str
    after: tuple[int, ...] = ()
    agent_version: int | None = None
    """As it was planned; nothing once a person said "try again", since they may have changed the agent for it."""
    state: StepState = StepState.PENDING
    attempts: int = 0
    crashes: int = 0
    """How many times a worker died while it held this step."""
    generation: int = 0
    """Dispatch generation: part of the job id, raised when a dispatched job is known to be lost."""
    token: int = 0
    """Fencing token of the current claim."""
    lease_until: AwareDatetime | None = None
    started_at: AwareDatetime | None = None
    ended_at: AwareDatetime | None = None
    result: Result | None = None

    @property
    def outcome(self) -> StepState:
        """How far it is, or how it ended, as people are told."""
        return self.result.outcome if self.result is not None and self.state.terminal else self.state

    @property
    def execution_time_ms(self) -> int:
        if self.started_at is None or self.ended_at is None:
            return 0
        return max(0, round((self.ended_at - self.started_at).total_seconds() * 1000))


class Delegation(Frozen):
    """The durable record of one instruction through its life."""

    id: str
    instruction: Instruction
    state: DelegationState
    received_at: AwareDatetime
    round: int = 0
    """How many times it was started again on a person's request."""
    generation: int = 0
    planner: PlannerName | None = None
    planning_usage: Usage = Usage()
    steps: tuple[Step, ...] = ()
    cancelled_by: str | None = None
    status: Status | None = None
    reply: Reply | None = None
    planned_at: AwareDatetime | None = None
    answered_at: AwareDatetime | None = None
    delivered_at: AwareDatetime | None = None
    check_at: AwareDatetime | None = None
    """When reconcile should look at it next; None once it is delivered."""

    @property
    def usage(self) -> Usage:
        total = self.planning_usage
        for step in self.steps:
            if step.result is not None:
                total += step.result.usage
        return total


class Exchange(Frozen):
    """One earlier instruction of the same conversation, with its answer."""

    instruction: str
    answer: str
    at: AwareDatetime
    tainted: bool = False
    """Whether untrusted text went into the answer."""
    person_id: str = ""
    """Whose instruction it was."""
    addresses: tuple[str, ...] = ()
    """The addresses in the answer that somebody else than a model supplied."""


class ConversationOutline(Frozen):
    """One line of a list of conversations."""

    address: Address
    title: str
    """The instruction that began it."""
    latest_at: AwareDatetime
    """When something was last asked in it."""


class EventKind(StrEnum):
    INSTRUCTION_RECEIVED = "instruction.received"
    INSTRUCTION_REFUSED = "instruction.refused"
    DELEGATION_PLANNED = "delegation.planned"
    STEP_STARTED = "step.started"
    STEP_RETRYING = "step.retrying"
    STEP_ENDED = "step.ended"
    STEP_TOOL = "step.tool"
    TOOL_DENIED = "tool.denied"
    APPROVAL_REQUESTED = "approval.requested"
    APPROVAL_DECIDED = "approval.decided"
    DELEGATION_CANCELLED = "delegation.cancelled"
    DELEGATION_RETRIED = "delegation.retried"
    DELEGATION_ANSWERED = "delegation.answered"
    DELEGATION_DELIVERED = "delegation.delivered"
    DELIVERY_FAILED = "delivery.failed"
    DELEGATION_REVISED = "delegation.revised"
    SCHEDULE_CHANGED = "schedule.changed"
    SCHEDULE_ASKED = "schedule.asked"
    AGENT_CHANGED = "agent.changed"


class Event(Frozen):
    """One appended fact about a delegation; `sequence` grows by commit order within a delegation."""

    sequence: int = 0
    delegation_id: str | None
    kind: EventKind
    at: AwareDatetime
    data: dict[str, Any] = Field(default_factory=dict)
