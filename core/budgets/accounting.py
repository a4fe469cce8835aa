"""Looking at money and setting limits, the same from chat, terminal and API."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from core.budgets.metered import Unpriced
from core.budgets.rules import BudgetRules
from core.catalog import near
from core.errors import NotFound
from core.models import Frozen, Person
from core.models.budget import Budget, Cap, Period, Scope, Standing
from core.ports.budgets import Budgets, By, Spending, Spent
from core.ports.clock import Clock
from core.ports.schedules import Schedules
from core.rendering import budgets as words
from core.roster import Roster

KNOWN_DAYS = 62
"""How long somebody who used a model is known by name."""


class Overview(Frozen):
    """What was spent over some days, and how the budgets stand that limit those who spent it."""

    days: int
    by: By
    spending: Spending
    standings: tuple[Standing, ...]


@dataclass(frozen=True)
class Accounting:
    """Budgets as people see and set them."""

    budgets: Budgets
    rules: BudgetRules
    clock: Clock
    roster: Roster
    schedules: Schedules
    unpriced: Unpriced | None = None
    """None: no model is used."""

    async def overview(self, *, workspace: str | None, days: int, by: By) -> Overview:
        """The last `days` days, today among them, of `platform:workspace` or of all. Raises StoreUnavailable."""
        now = self.clock.now()
        spending = await self._spent(workspace, days=days, by=by, now=now)
        spenders = [(Scope(by), row.name) for row in spending.rows if row.name]
        standings = await self._standings(workspace, spenders, now=now)
        if by == "schedule":
            spending = spending.model_copy(update={"rows": await self._titled(spending.rows)})
        return Overview(days=days, by=by, spending=spending, standings=standings)

    async def listed(self, *, workspace: str | None) -> tuple[Standing, ...]:
        """Every budget that was set, and the workspace's own defaults, as they stand. Raises StoreUnavailable."""
        return await self._standings(workspace, (), now=self.clock.now())

    async def named(
        self, scope: Scope, word: str, *, workspace: str, person: Person | None = None
    ) -> tuple[str, str]:
        """The subject that people mean by this word, and whose it is. Raises NotFound with a sentence.

        A person's id, its last part, their name or "me"; a schedule's number or id; no word, or "-", for the workspace
        itself; an agent of the workspace, of any of them where none is named.
        """
        word = word.strip().lstrip("@")
        word = "" if word == "-" else word
        match scope:
            case Scope.WORKSPACE:
                whose = word if ":" in word else workspace
                return whose, whose
            case Scope.AGENT:
                return await self._agent(word.lower(), workspace), ""
            case Scope.SCHEDULE:
                return await self._schedule(word, workspace)
            case Scope.PERSON:
                whom = await self._person(word, workspace, person)
                return whom, ":".join(whom.split(":")[:2])

    async def set(self, budget: Budget) -> Standing:
        """Set it; how it stands now. Raises StoreUnavailable. Safe to repeat."""
        now = self.clock.now()
        await self.budgets.set(budget, now=now)
        subject = (budget.scope, budget.subject)
        caps = self.rules.caps_of([subject], [budget], workspace=budget.workspace, now=now)
        return next(
            standing
            for standing in await self._as_they_stand(caps)
            if standing.cap.budget.period is budget.period
        )

    async def remove(self, scope: Scope, subject: str, period: Period) -> None:
        """Take a budget away; a default holds again. Raises NotFound and StoreUnavailable."""
        if not await self.budgets.remove(scope, subject, period):
            raise NotFound(words.NO_SUCH_BUDGET)

    async def _spent(self, workspace: str | None, *, days: int, by: By, now: datetime) -> Spending:
        zone = ZoneInfo(self.rules.zone)
        midnight = datetime.combine(now.astimezone(zone).date(), datetime.min.time(), zone)
        since = midnight - timedelta(days=days - 1)
        until = now + timedelta(seconds=1)
        return await self.budgets.spending(
            workspace=workspace, since=since, until=until, by=by, zone=self.rules.zone
        )

    async def _titled(self, rows: tuple[Spent, ...]) -> tuple[Spent, ...]:
        """The rows with what people know schedules by, as far as they are shown."""
        titled = list(rows)
        for place, row in enumerate(rows[: words.ROWS_SHOWN]):
            with suppress(NotFound):
                schedule = await self.schedules.load(row.name)
                titled[place] = row.model_copy(update={"title": words.schedule(schedule)})
        return tuple(titled)

    async def _standings(
        self, workspace: str | None, spenders: Iterable[tuple[Scope, str]], *, now: datetime
    ) -> tuple[Standing, ...]:
        found = await self.budgets.listed(workspace)
        own = [] if workspace is None else [(Scope.WORKSPACE, workspace)]
        subjects = dict.fromkeys([*own, *spenders, *((budget.scope, budget.subject) for budget in found)])
        caps = self.rules.caps_of(subjects, found, workspace=workspace or "", now=now)
        return await self._as_they_stand(caps)

    async def _as_they_stand(self, caps: Sequence[Cap]) -> tuple[Standing, ...]:
        """With the model that can't be counted in dollars, on those that are set in dollars."""
        return tuple([await self._judged(standing) for standing in await self.budgets.standings(caps)])

    async def _judged(self, standing: Standing) -> Standing:
        budget = standing.cap.budget
        if self.unpriced is None or budget.allowance.usd is None:
            return standing
        agent = self.roster.files.get(budget.subject) if budget.scope is Scope.AGENT else None
        name = await self.unpriced(agent.model if agent is not None else None)
        return standing.model_copy(update={"unpriced": name})

    async def agents_of_all(self, workspace: str) -> frozenset[str]:
        """The agents that everybody in a workspace may use. Raises StoreUnavailable."""
        platform, _, name = workspace.partition(":")
        crew = await self.roster.of(platform, name)
        return frozenset(agent.name for agent in crew.usable_by(""))

    async def _agent(self, word: str, workspace: str) -> str:
        """Whoever may set budgets may limit everybody's agents; guesses name only what all may use."""
        if not workspace:
            named = guesses = await self.roster.everywhere()
        else:
            platform, _, name = workspace.partition(":")
            crew = await self.roster.of(platform, name)
            named = frozenset(crew.files.keys() | crew.made.keys())
            guesses = await self.agents_of_all(workspace)
        if word in named or await self._has_budget(word):
            return word
        raise NotFound(words.unknown_agent(word, meant=near(word, sorted(guesses))))

    async def _has_budget(self, agent: str) -> bool:
        """An agent may be gone, and its budget is still there to be taken away."""
        return any(
            (one.scope, one.subject) == (Scope.AGENT, agent) for one in await self.budgets.listed(None)
        )

    async def _schedule(self, word: str, workspace: str) -> tuple[str, str]:
        platform, _, name = workspace.partition(":")
        word = word.lstrip("#")
        try:
            if word.isdecimal() and len(word) < 7:
                schedule = await self.schedules.numbered(platform, name, int(word))
            else:
                schedule = await self.schedules.load(word[:32])
        except NotFound:
            raise NotFound(words.UNKNOWN_SCHEDULE) from None
        return schedule.id, f"{schedule.address.platform}:{schedule.address.workspace}"

    async def _person(self, word: str, workspace: str, person: Person | None) -> str:
        if person is not None and word.lower() in ("me", "myself"):
            return person.id
        if word.count(":") >= 2 and " " not in word:
            return word
        known = await self._spent(workspace, days=KNOWN_DAYS, by="person", now=self.clock.now())
        named = {row.name for row in known.rows if row.title and row.title.lower() == word.lower()}
        if len(named) == 1:
            return named.pop()
        if (
            len(named) > 1
            or not word
            or any(sign in word for sign in " :")
            or not any(c.isdigit() for c in word)
        ):
            raise NotFound(words.unknown_person(word))
        return f"{workspace}:{word}"
