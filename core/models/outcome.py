"""How things end: states, results, what they took and what is posted."""

from __future__ import annotations

from enum import StrEnum
from typing import Literal, get_args

from core.models.values import Frozen


class StepState(StrEnum):
    PENDING = "pending"
    RUNNING = "running"
    WAITING = "waiting"
    """For a person's yes: no worker holds it, and no time limit runs."""
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    TIMED_OUT = "timed_out"
    CANCELLED = "cancelled"
    DENIED = "denied"

    @property
    def terminal(self) -> bool:
        return self not in (StepState.PENDING, StepState.RUNNING, StepState.WAITING)


class DelegationState(StrEnum):
    """How far along the path a delegation is; each move is one compare-and-set."""

    RECEIVED = "received"
    PLANNED = "planned"
    ANSWERED = "answered"
    DELIVERED = "delivered"


class Status(StrEnum):
    """A delegation's outcome as people and programs see it."""

    SUCCESS = "success"
    PARTIAL = "partial"
    FAILED = "failed"
    CANCELLED = "cancelled"


class Usage(Frozen):
    """What model calls took: tokens as the server counted them, cost in US dollars (None: price unknown)."""

    input_tokens: int = 0
    output_tokens: int = 0
    cost_usd: float | None = 0.0

    def __add__(self, other: Usage) -> Usage:
        unknown = self.cost_usd is None or other.cost_usd is None
        return Usage(
            input_tokens=self.input_tokens + other.input_tokens,
            output_tokens=self.output_tokens + other.output_tokens,
            cost_usd=None if unknown else (self.cost_usd or 0.0) + (other.cost_usd or 0.0),
        )


class Artifact(Frozen):
    """A file that an agent made: `path` is where it lies on the machine that made it."""

    name: str
    path: str
    media_type: str
    size_bytes: int


class Result(Frozen):
    """A step's outcome."""

    state: StepState
    output: str = ""
    error: str | None = None
    """One plain sentence for the person; never an exception's text."""
    usage: Usage = Usage()
    used_model: bool = False
    tainted: bool = False
    """Whether untrusted text (a page, a feed, a file) went into the output."""
    partial: bool = False
    """Whether a limit cut the output short."""
    agent_version: int | None = None
    """Which version of an agent that somebody made ran; None: one from a file."""
    artifacts: tuple[Artifact, ...] = ()
    denied: bool = False
    """Whether a person said no to what it was to change, and it went on and changed nothing."""
    addresses: tuple[str, ...] = ()
    """The addresses in the output that somebody else than a model supplied: a person, a page that was read."""

    @property
    def outcome(self) -> StepState:
        """How it ended, as people are told: what only went on after a no is not a success."""
        return StepState.DENIED if self.denied else self.state


Action = Literal[
    "cancel", "retry", "schedule",
    "approve", "always", "deny",
    "save", "discard", "pause", "resume", "run", "delete",
]  # fmt: skip
"""What a press asks for: of a delegation, of an approval, of a schedule."""
ACTIONS: tuple[Action, ...] = get_args(Action)


class Button(Frozen):
    """Something a person can press; `action` is one of the controls, `value` what it applies to."""

    action: Action
    label: str
    value: str
    row: int = 0
    """Buttons of one row belong together; platforms show them side by side where there is room."""


class Reply(Frozen):
    """What is posted: Markdown text, and what can be pressed under it."""

    text: str
    buttons: tuple[Button, ...] = ()
    files: tuple[Artifact, ...] = ()
    tainted: bool = False
    """Whether untrusted text went into it though no step gave it: a model that only asked back had read some."""
    addresses: tuple[str, ...] = ()
    """The addresses in the text that somebody else than a model supplied."""

    @property
    def is_progress(self) -> bool:
        """Whether this is on the way to an answer: what can still be cancelled isn't one."""
        return any(button.action == "cancel" for button in self.buttons)
