"""Where delegations live: the truth that everything else is rebuilt from."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple, Protocol

from core.models import (
    Address,
    ConversationOutline,
    Delegation,
    Event,
    Exchange,
    Frozen,
    Instruction,
    Plan,
    Reply,
    Result,
    Status,
    Step,
)
from core.ports.runs import LastTurn


class Posted(Frozen):
    """One part of an answer as it stands in the conversation; no `message_id`: about to be posted, or lost."""

    part: int
    message_id: str | None


class Answer(Frozen):
    """What a delegation comes to; `delivered` where saving it is all that delivering takes."""

    status: Status
    reply: Reply
    delivered: bool = False


Answering = Callable[[Delegation], Answer | None]
"""The answer to a delegation, where it is due. Never raises, asks nobody, and may be asked again."""


class ToPlan(NamedTuple):
    """A delegation that is to be planned."""

    delegation: Delegation
    roster: int
    """The version of its workspace's roster of made agents; 0: there is none."""
    history: tuple[Exchange, ...]
    """What was said before it in its conversation, as `Store.conversation` gives it."""


class Store(Protocol):
    """Every method is one transaction, which appends the events of its transition too.

    All raise StoreUnavailable, after which nothing (or, where the commit's answer was lost, everything) has
    happened; all are safe to repeat, since each move is a compare-and-set that a repeat finds done.
    """

    async def accept(
        self, instruction: Instruction, *, delegation_id: str, now: datetime
    ) -> tuple[Delegation, bool]:
        """Save a new delegation, or return the one that has this key (False).

        Raises Conflict where the key was used for another request (`fingerprint`).
        """
        ...

    async def known(self, key: str) -> str | None:
        """The id of the delegation that has this idempotency key, if there is one."""
        ...

    async def load(self, delegation_id: str) -> Delegation:
        """The delegation with its steps. Raises NotFound."""
        ...

    async def load_shown(self, delegation_id: str) -> tuple[Delegation, Posted | None]:
        """The delegation, and the first part of what stands of it in its conversation, as by `posted`.

        Raises NotFound.
        """
        ...

    async def replied(self, delegation_id: str) -> bool:
        """Whether it has an answer, delivered or not. False where there is no such delegation."""
        ...

    async def load_to_plan(self, delegation_id: str, *, exchanges: int) -> ToPlan:
        """All that planning begins with, with so many `exchanges` at most. Raises NotFound."""
        ...

    async def load_step(self, step_id: str) -> tuple[Delegation, Step]:
        """The step and its delegation. Raises NotFound."""
        ...

    async def recent(
        self, *, workspace: str, before: datetime | None = None, limit: int = 50
    ) -> tuple[Delegation, ...]:
        """A workspace's delegations, newest first, without their steps."""
        ...

    async def save_plan(self, delegation_id: str, plan: Plan, *, now: datetime) -> Delegation | None:
        """received → planned: the delegation as it is now. None where it is planned (or answered) already."""
        ...

    async def claim_step(
        self, step_id: str, *, now: datetime, lease_until: datetime
    ) -> tuple[Delegation, Step] | None:
        """Take the step with a new fencing token; None where it is terminal or held under a living lease.

        A claim over an expired lease counts a crash. The delegation is given as it is with the claim.
        """
        ...

    async def renew(self, held: Mapping[str, int], *, now: datetime, lease_until: datetime) -> frozenset[str]:
        """Extend the leases of these steps (id → token); returns the ids that are still held."""
        ...

    async def retrying(
        self, step_id: str, *, token: int, delay_seconds: float, reason: str, now: datetime
    ) -> bool:
        """Record that an attempt failed and another follows. False where the claim is lost."""
        ...

    async def release_step(self, step_id: str, *, token: int, now: datetime) -> bool:
        """Give a claimed step back unfinished, for another worker; no crash is counted."""
        ...

    async def end_step(
        self,
        step_id: str,
        *,
        token: int,
        result: Result,
        now: datetime,
        answering: Answering | None = None,
        last: LastTurn | None = None,
    ) -> Delegation | None:
        """Save the result: the delegation as it is now. None where the token is no longer the current one: the result
        is dropped, but for the `last` turn of its run, which was paid for and is saved as by `Runs.save_turn`.

        Of several steps that end at once the last one to be saved sees all of them ended. What `answering` then gives
        is saved with it, as by `save_answer`.
        """
        ...

    async def skip_steps(self, step_ids: Sequence[str], *, reason: str, now: datetime) -> None:
        """End pending steps as cancelled, since what they wait for failed."""
        ...

    async def save_answer(
        self,
        delegation_id: str,
        *,
        round: int,
        status: Status,
        reply: Reply,
        now: datetime,
        delivered: bool = False,
    ) -> bool:
        """planned (or received, where there is nothing to run) → answered. False where another was faster.

        With `delivered`, where nothing is posted anywhere, → delivered at the same moment.
        Once it is cancelled, only an answer that says so is taken.
        """
        ...

    async def mark_delivered(
        self, delegation_id: str, *, round: int, now: datetime, failure: str | None = None
    ) -> bool:
        """answered → delivered; `failure` says why the platform will never take it."""
        ...

    async def cancel(self, delegation_id: str, *, by: str, now: datetime) -> bool:
        """End everything that has not ended as cancelled. False where it is answered already."""
        ...

    async def retry(self, delegation_id: str, *, by: str, now: datetime) -> bool:
        """Start what failed again: answered or delivered → planned. False in any other state, or if nothing failed."""
        ...

    async def revise(self, delegation_id: str, reply: Reply, *, now: datetime) -> bool:
        """Put another reply in place of a delivered or answered one's: it is answered anew. False in other states."""
        ...

    async def redispatch(
        self, delegation_id: str, *, step_ids: Sequence[str], stage: bool, now: datetime
    ) -> None:
        """Raise the dispatch generations, so that jobs known to be lost get new ids."""
        ...

    async def check_later(self, delegation_id: str, *, at: datetime) -> None:
        """Ask reconcile to look at it then, if it is not delivered by that time."""
        ...

    async def to_check(self, *, now: datetime, limit: int) -> tuple[str, ...]:
        """Undelivered delegations whose time to be looked at has come (or is too far away to be meant), longest waiting
        first."""
        ...

    async def posted(self, delegation_id: str) -> tuple[Posted, ...]:
        """The parts of the answer that were posted or tried, in order."""
        ...

    async def attempt_post(self, delegation_id: str, *, part: int) -> Posted:
        """Record that this part is about to be posted; returns it as it was known before (part exists: unchanged)."""
        ...

    async def abandon_post(self, delegation_id: str, *, part: int) -> None:
        """The attempt surely posted nothing: forget it."""
        ...

    async def record_post(self, delegation_id: str, *, part: int, message_id: str) -> str:
        """Compare-and-set the part's message id if it has none; returns the id that won."""
        ...

    async def forget_post(self, delegation_id: str, *, part: int, message_id: str) -> None:
        """The message is gone from the platform: drop its id, if it is still this one."""
        ...

    async def conversation(self, address: Address, *, before: datetime, limit: int) -> tuple[Exchange, ...]:
        """Earlier instructions and answers of the same conversation, oldest first."""
        ...

    async def in_conversation(
        self, address: Address, *, before: datetime | None = None, limit: int
    ) -> tuple[Delegation, ...]:
        """The newest delegations of this conversation with their steps, oldest first; none asked at `before` or
        later."""
        ...

    async def conversations(
        self, *, platform: str, workspace: str, before: datetime | None = None, limit: int
    ) -> tuple[ConversationOutline, ...]:
        """A workspace's conversations, the one that was last talked in first; only those that were silent since
        `before`. Of a workspace that is very busy, those of its latest 2,000 delegations up to then."""
        ...

    async def knows(self, address: Address) -> bool:
        """Whether this thread holds a delegation or hangs below a message of ours."""
        ...

    async def append(self, event: Event) -> None:
        """Append a fact that is no transition. Repeating appends again."""
        ...

    async def events(self, delegation_id: str, *, after: int = 0) -> tuple[Event, ...]:
        """The delegation's events with a higher sequence than `after`, in order."""
        ...

    async def ping(self) -> None:
        """Do the smallest possible round trip."""
        ...

    async def aclose(self) -> None: ...
