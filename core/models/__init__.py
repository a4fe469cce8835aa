"""The words of the domain, as frozen values that cross every boundary."""

from core.models.agent import Agent, AgentLimits, AgentName, Task, Upstream
from core.models.approval import DECISIONS, Approval, ApprovalPolicy, ApprovalState, Decision, Ruling
from core.models.checks import Finding, Verdict
from core.models.delegation import (
    MAX_STEPS,
    ConversationOutline,
    Delegation,
    Event,
    EventKind,
    Exchange,
    Plan,
    PlannedStep,
    PlannerName,
    Step,
)
from core.models.instruction import MAX_INSTRUCTION_CHARACTERS, Address, Instruction, Person, Press, Receipt
from core.models.outcome import (
    ACTIONS,
    Action,
    Artifact,
    Button,
    DelegationState,
    Reply,
    Result,
    Status,
    StepState,
    Usage,
)
from core.models.schedule import Schedule, ScheduleState, Slot, SlotOutcome
from core.models.values import Frozen

__all__ = [
    "ACTIONS",
    "DECISIONS",
    "MAX_INSTRUCTION_CHARACTERS",
    "MAX_STEPS",
    "Action",
    "Address",
    "Agent",
    "AgentLimits",
    "AgentName",
    "Approval",
    "ApprovalPolicy",
    "ApprovalState",
    "Artifact",
    "Button",
    "ConversationOutline",
    "Decision",
    "Delegation",
    "DelegationState",
    "Event",
    "EventKind",
    "Exchange",
    "Finding",
    "Frozen",
    "Instruction",
    "Person",
    "Plan",
    "PlannedStep",
    "PlannerName",
    "Press",
    "Receipt",
    "Reply",
    "Result",
    "Ruling",
    "Schedule",
    "ScheduleState",
    "Slot",
    "SlotOutcome",
    "Status",
    "Step",
    "StepState",
    "Task",
    "Upstream",
    "Usage",
    "Verdict",
]
