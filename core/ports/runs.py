"""The saved life of an agent's run: what was paid for and what was done, so that a resumed run goes on from there.

What an implementation stores, under the run's id (`step_id`; a step that a person starts again needs a fresh one):

    turn   (step_id, index)     -> ModelTurn as JSON          index counts from 0, without gaps
    call   (step_id, call_key)  -> effect, attempting or done, CallOutcome as JSON once done

Every method raises StoreUnavailable. Nothing is ever changed after it was saved, but for a mark that is taken back.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from core.models import Artifact, Frozen
from core.ports.language_model import ModelTurn
from core.ports.tool import Effect


class SavedTurn(Frozen):
    """One model turn that was paid for."""

    index: int
    turn: ModelTurn


@dataclass
class Ending:
    """Where a run leaves the turn that ended it, for whoever saves it together with the end of the step."""

    last: LastTurn | None = None


@dataclass(frozen=True)
class LastTurn:
    """A turn that is paid for and not saved yet."""

    step_id: str
    index: int
    turn: ModelTurn


class OutcomeKind(StrEnum):
    """How a tool call ended."""

    DONE = "done"
    FAILED = "failed"
    """The tool could not do it, and said why."""
    INVALID = "invalid"
    """Unknown tool or arguments that don't fit; nothing ran."""
    DENIED = "denied"
    """Not this agent's to call; nothing ran."""
    REFUSED = "refused"
    """A person said no, or nobody said yes in time; nothing ran."""
    SKIPPED = "skipped"
    """Over a limit; nothing ran."""
    UNKNOWN = "unknown"
    """Begun in an earlier attempt that was cut off: it may or may not have happened, and was not repeated."""

    @property
    def ran(self) -> bool:
        return self in (OutcomeKind.DONE, OutcomeKind.FAILED, OutcomeKind.UNKNOWN)


class CallOutcome(Frozen):
    """What a tool call gave: `text` is what the model is told."""

    kind: OutcomeKind
    text: str
    artifacts: tuple[Artifact, ...] = ()


class CallStatus(StrEnum):
    NEW = "new"
    ATTEMPTING = "attempting"
    DONE = "done"


class CallState(Frozen):
    """What is known of a call when it is about to begin; `outcome` is there exactly when it is done."""

    status: CallStatus
    outcome: CallOutcome | None = None


class Runs(Protocol):
    """Turns and calls of agents' runs."""

    async def turns(self, step_id: str) -> tuple[SavedTurn, ...]:
        """All saved turns of the run, by index. Safe to repeat. Raises StoreUnavailable."""
        ...

    async def save_turn(self, step_id: str, index: int, turn: ModelTurn) -> ModelTurn:
        """Save a turn unless one is saved under its index, and return the one that is saved there now.

        Of two workers that both think they hold the step, the later one goes on with the first one's turn. The
        turn's `charge` is settled in the same transaction, whichever turn stays: both were paid for.
        Safe to repeat. Raises StoreUnavailable (then the turn may or may not be saved).
        """
        ...

    async def begin_call(self, step_id: str, call_key: str, effect: Effect) -> CallState:
        """What was known of this call *before* now; an unknown `write` call is marked as attempting, atomically.

        Of two simultaneous calls with one key exactly one gets `new`. For `read` nothing is stored, so
        that the call is made again: `attempting` always means that a `write` call was begun under this key.
        NOT safe to repeat for `write`: the second answer is `attempting`, even if the first never arrived
        (that errs on the side of not repeating). Raises StoreUnavailable.
        """
        ...

    async def finish_call(self, step_id: str, call_key: str, outcome: CallOutcome) -> None:
        """Save how the call ended; the first outcome stays. Works without `begin_call`. Safe to repeat.

        Raises StoreUnavailable.
        """
        ...

    async def abandon_call(self, step_id: str, call_key: str) -> None:
        """Take the attempting mark back: it is certain that nothing happened. A call that is done stays done.

        Safe to repeat. Raises StoreUnavailable.
        """
        ...
