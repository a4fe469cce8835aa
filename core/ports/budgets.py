"""Budgets and what is spent: the truth about money, kept where several processes can't spend the same dollar twice."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime
from typing import Literal, Protocol

from core.models import Frozen
from core.models.budget import Budget, Cap, Charge, Period, Scope, Standing

By = Literal["person", "agent", "schedule"]


class Refusal(Frozen):
    """Why a call may not be made now."""

    standing: Standing
    waits: bool
    """Whether there would be room if the calls that are under way took nothing: it may be worth asking again."""


class Spent(Frozen):
    """What one person, agent or schedule spent (or everybody together); planning has no agent."""

    name: str
    """A person's id, an agent's name, a schedule's id; empty: none."""
    title: str = ""
    """What people know it by, where that is known: a person's own name, say."""
    calls: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cost_usd: float = 0.0
    unpriced: int = 0
    """Calls whose price is not known."""


class SpentDay(Frozen):
    """What was spent on one day of the deployment's zone."""

    day: date
    input_tokens: int = 0
    output_tokens: int = 0
    cost_usd: float = 0.0


class Spending(Frozen):
    """What was spent over some days: every one of them, oldest first; the others most expensive first."""

    days: tuple[SpentDay, ...] = ()
    rows: tuple[Spent, ...] = ()


class Budgets(Protocol):
    """Budgets that were set, and every model call that was charged. Every method raises StoreUnavailable."""

    async def exist(self) -> bool:
        """Whether any budget is set, as it was seconds ago where another process has set the first. Safe to repeat."""
        ...

    async def of(self, subjects: Collection[tuple[Scope, str]]) -> tuple[Budget, ...]:
        """The budgets that were set for these. Safe to repeat."""
        ...

    async def listed(self, workspace: str | None = None) -> tuple[Budget, ...]:
        """All that were set, or those of `platform:workspace` and of agents. Safe to repeat."""
        ...

    async def set(self, budget: Budget, *, now: datetime) -> None:
        """Set a budget, in place of the one for the same scope, subject and period. Safe to repeat."""
        ...

    async def remove(self, scope: Scope, subject: str, period: Period) -> bool:
        """Take a budget that was set away; whether there was one. Safe to repeat."""
        ...

    async def reserve(self, charge: Charge) -> Refusal | None:
        """Set the charge's estimate aside in each of its caps, in all or in none; None: it is done.

        Compare and add in one transaction: however many processes ask at once, what is spent and set aside never
        exceeds a budget. Calls whose time is over count as spent first, where room is needed. NOT safe to repeat:
        use a new id (the first reservation is counted as spent when it expires).
        """
        ...

    async def settle(self, charge: Charge) -> None:
        """Count what the call really took (`actual`) in place of what was set aside, and claim the note at 80%.

        Safe to repeat; also for a charge without caps, which was never reserved.
        """
        ...

    async def release(self, charge: Charge) -> None:
        """Give back all that was set aside: the call took nothing. Safe to repeat."""
        ...

    async def standings(self, caps: Collection[Cap]) -> tuple[Standing, ...]:
        """How these stand, in this order. Safe to repeat."""
        ...

    async def noted(self, delegation_id: str) -> tuple[Standing, ...]:
        """The budgets that this delegation brought over 80%, as they stood then: each is given to one delegation only.

        Safe to repeat.
        """
        ...

    async def spending(
        self, *, workspace: str | None, since: datetime, until: datetime, by: By, zone: str
    ) -> Spending:
        """What was spent in [since, until), in one workspace or in all. Safe to repeat.

        Calls that are under way, or whose process died, are in it with their estimate.
        """
        ...
