"""A person's yes or no to one call of a tool that changes the world."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum
from typing import Any, Literal, get_args

from pydantic import AwareDatetime

from core.models.instruction import Person
from core.models.values import Frozen


class ApprovalPolicy(StrEnum):
    """When a call of a `write` tool needs a yes, from the mildest to the strictest."""

    NEVER = "never"
    TAINTED = "tainted"
    """Once the run has read untrusted text."""
    ALWAYS = "always"

    @staticmethod
    def strictest(policies: Iterable[ApprovalPolicy]) -> ApprovalPolicy:
        return max(policies, key=list(ApprovalPolicy).index)


class ApprovalState(StrEnum):
    PENDING = "pending"
    APPROVED = "approved"
    DENIED = "denied"
    EXPIRED = "expired"
    """Nobody said anything in time."""
    WITHDRAWN = "withdrawn"
    """Its run ended otherwise: there is nothing to decide any more."""


Decision = Literal["approve", "always", "deny"]
DECISIONS: tuple[Decision, ...] = get_args(Decision)


class Approval(Frozen):
    """One call that waits, or waited, for a person."""

    id: str
    """A hash of the run, the call's place in it, the tool and its arguments: a yes is for exactly these."""
    delegation_id: str
    step_id: str
    run_id: str
    agent: str
    tool: str
    arguments: str
    """JSON of all that the tool gets."""
    sources: tuple[str, ...] = ()
    """The untrusted text that was read before, one line each."""
    unnamed: tuple[str, ...] = ()
    """Its targets (recipients, addresses) that the person's own words don't hold."""
    person: Person
    """Whose instruction it is."""
    asked_at: AwareDatetime
    expires_at: AwareDatetime
    state: ApprovalState = ApprovalState.PENDING
    always: bool = False
    """Whether the yes is also for every later call of the same tool in the same run."""
    decided_by: Person | None = None
    decided_at: AwareDatetime | None = None
    key: str = ""
    """Idempotency key of the press that decided it."""
    message_id: str | None = None
    """The message that carries the buttons, once it stands."""
    check_at: AwareDatetime | None = None
    """When somebody should look whether its message says what is so; None: never again."""

    @property
    def round(self) -> str:
        """Of which round of its delegation the run is: what the run's id adds to the step's."""
        return self.run_id.removeprefix(f"{self.step_id}-")

    def decided(self, decision: Decision, *, by: Person, key: str, now: datetime) -> Approval:
        """As it is once this person has decided so."""
        state = ApprovalState.DENIED if decision == "deny" else ApprovalState.APPROVED
        always = decision == "always"
        given = {"state": state, "always": always, "decided_by": by, "decided_at": now, "key": key}
        return self.model_copy(update={**given, "check_at": now})

    def covered(self, granted: Approval) -> Approval:
        """As it is where an earlier "always" covers it: nobody is asked, and there is nothing to show."""
        given = {"state": ApprovalState.APPROVED, "decided_by": granted.decided_by, "check_at": None}
        return self.model_copy(update={**given, "decided_at": self.asked_at})

    def closed(self, state: ApprovalState, *, now: datetime) -> Approval:
        """As it is once nobody can decide it any more."""
        return self.model_copy(update={"state": state, "decided_at": now, "check_at": now})

    @property
    def facts(self) -> dict[str, Any]:
        """What events say about it; the arguments are not repeated there."""
        _, _, index = self.step_id.rpartition("-")
        about = {"approval": self.id, "agent": self.agent, "tool": self.tool, "state": self.state.value}
        if self.state is ApprovalState.PENDING:
            about["expiresAt"] = self.expires_at.isoformat()
        if self.decided_by is not None:
            about["by"] = self.decided_by.id
        return {"step": int(index) if index.isdigit() else None, **about}


class Ruling(Frozen):
    """What came of a decision: the approval as it stands, and whether this decision is the one that made it so."""

    approval: Approval
    won: bool
