"""Where approvals live: what was asked, what was said, and which step that lets go on."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Protocol

from core.models import Approval, ApprovalState, Decision, Delegation, Person, Ruling


class Asking(Protocol):
    """What an agent's run needs of it."""

    async def ask(self, wanted: Approval) -> Approval:
        """Save the request, or return the one that has its id, whatever became of it.

        One that a person's "always" covers is saved as approved. Safe to repeat. Raises StoreUnavailable.
        """
        ...


class Approvals(Asking, Protocol):
    """Every method is one transaction with its events; all raise StoreUnavailable, and are safe to repeat."""

    async def wait(
        self, step_id: str, *, token: int, approval_ids: Collection[str], now: datetime
    ) -> Delegation | None:
        """running → waiting, without a lease; back to pending, to be dispatched anew, where one of these was decided
        meanwhile. None where the token is no longer the current one."""
        ...

    async def decide(
        self, approval_id: str, decision: Decision, *, by: Person, key: str, now: datetime
    ) -> Ruling:
        """Decide one that is pending, and let its step go on; "always" decides the run's other ones of that tool, too.

        Of any number of decisions exactly one wins. One that comes too late finds the approval expired, or withdrawn
        where its run is over, and makes it so. Raises NotFound.
        """
        ...

    async def close(self, approval_id: str, state: ApprovalState, *, now: datetime) -> Approval:
        """pending → expired or withdrawn, and let its step go on; decided ones stay. Raises NotFound."""
        ...

    async def wake(self, step_id: str, *, now: datetime) -> bool:
        """Let a waiting step go on that waits for nothing; False where it is not one."""
        ...

    async def load(self, approval_id: str) -> Approval:
        """Raises NotFound."""
        ...

    async def of(self, delegation_ids: Sequence[str]) -> tuple[Approval, ...]:
        """All of these delegations, in the order in which they were asked."""
        ...

    async def pending(self, *, limit: int) -> tuple[Approval, ...]:
        """Those that wait now, longest waiting first."""
        ...

    async def beginning(self, start: str, *, limit: int) -> tuple[Approval, ...]:
        """Those whose id begins so, whatever became of them: those that wait first, then the latest."""
        ...

    async def to_check(self, *, now: datetime, limit: int) -> tuple[Approval, ...]:
        """Those whose `check_at` has come (or lies so far ahead that a clock was set back), longest waiting first."""
        ...

    async def check_later(self, approval: Approval, *, at: datetime | None) -> None:
        """Look at it again then, unless its state or message is another by now."""
        ...

    async def record_message(self, approval_id: str, message_id: str) -> str:
        """Compare-and-set the message that carries the buttons; returns the one that won."""
        ...
