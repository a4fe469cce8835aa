"""The Budgets port, over every implementation."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import count
from typing import Any

import pytest

from adapters.sql.budgets import SqlBudgets
from adapters.sql.database import Database
from adapters.sql.runs import SqlRuns
from core.memory.budgets import InMemoryBudgets
from core.memory.clock import ManualClock
from core.memory.runs import InMemoryRuns
from core.models import Usage
from core.models.budget import (
    Allowance,
    Budget,
    Cap,
    Charge,
    Period,
    Scope,
    Spender,
    accounts_of,
    span_of,
)
from core.ports.budgets import Budgets
from core.ports.language_model import ModelTurn
from core.ports.runs import Runs
from tests.contracts.conftest import ALL

NOW = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
ZONE = "Europe/Vienna"
ADA = Spender(person="toy:W1:ada", person_name="Ada", workspace="toy:W1", agent="writer", delegation="d1")
_ids = count(1)


class Bench:
    """Budgets as several processes see them, and the runs beside them."""

    def __init__(self, kind: str, url: str | None) -> None:
        self.clock = ManualClock(NOW)
        self._url = url
        self._opened: list[Database] = []
        self.memory = InMemoryBudgets(clock=self.clock)

    def open(self) -> tuple[Budgets, Runs]:
        if self._url is None:
            return self.memory, InMemoryRuns(budgets=self.memory)
        database = Database(self._url)
        self._opened.append(database)
        return SqlBudgets(database, clock=self.clock), SqlRuns(database)

    def close(self) -> None:
        for database in self._opened:
            database.close()


@pytest.fixture(params=ALL)
def bench(request: pytest.FixtureRequest) -> Iterator[Bench]:
    url = None if request.param == "memory" else request.getfixturevalue(f"{request.param}_url")
    bench = Bench(request.param, url)
    yield bench
    bench.close()


@pytest.fixture
def budgets(bench: Bench) -> Budgets:
    return bench.open()[0]


def budget(
    scope: Scope = Scope.WORKSPACE, subject: str = "toy:W1", period: Period = Period.DAY, **allowance: Any
) -> Budget:
    return Budget(
        scope=scope,
        subject=subject,
        period=period,
        allowance=Allowance(**(allowance or {"tokens": 1000})),
        workspace="" if scope is Scope.AGENT else "toy:W1",
        set_by="local:local:operator",
    )


def cap(of: Budget, now: datetime = NOW) -> Cap:
    return Cap(budget=of, span=span_of(of.period, now, zone=ZONE))


def charge(*caps: Cap, tokens: int = 400, usd: float | None = None, **fields: Any) -> Charge:
    spender, at = fields.pop("spender", ADA), fields.pop("at", NOW)
    return Charge(
        id=f"c{next(_ids)}",
        spender=spender,
        model="m",
        at=at,
        expires_at=at + timedelta(seconds=90),
        estimate=Usage(input_tokens=tokens - 100, output_tokens=100, cost_usd=usd),
        caps=caps,
        accounts=accounts_of(spender, at, zone=ZONE),
        **fields,
    )


def took(made: Charge, tokens: int, usd: float | None = None) -> Charge:
    return made.model_copy(update={"actual": Usage(input_tokens=tokens, output_tokens=0, cost_usd=usd)})


async def test_budgets_read_back_as_they_were_set_and_go_when_they_are_removed(bench: Bench) -> None:
    budgets, other = bench.open()[0], bench.open()[0]
    mine = budget(usd=12.345678, tokens=5000)
    agents = budget(Scope.AGENT, "writer", Period.MONTH)
    theirs = budget(subject="toy:W2").model_copy(update={"workspace": "toy:W2"})
    for one in (mine, agents, theirs, mine):
        await budgets.set(one, now=NOW)
    assert await other.listed("toy:W1") == (agents, mine)
    assert len(await other.listed()) == 3
    assert await other.of(ADA.subjects) == (agents, mine)
    raised = budget(tokens=9999)
    await other.set(raised, now=NOW)
    assert await budgets.of([(Scope.WORKSPACE, "toy:W1")]) == (raised,)
    assert await budgets.remove(Scope.WORKSPACE, "toy:W1", Period.DAY)
    assert not await other.remove(Scope.WORKSPACE, "toy:W1", Period.DAY)
    assert await other.listed("toy:W1") == (agents,)


async def test_what_is_set_aside_is_given_back_when_the_call_is_settled(budgets: Budgets) -> None:
    day = cap(budget())
    made = charge(day)
    assert await budgets.reserve(made) is None
    standing = (await budgets.standings([day]))[0]
    assert (standing.tokens, standing.held_tokens) == (0, 400)
    for _ in range(2):
        await budgets.settle(took(made, 150))
    standing = (await budgets.standings([day]))[0]
    assert (standing.tokens, standing.held_tokens, standing.share) == (150, 0, 0.15)


async def test_a_call_that_does_not_fit_into_every_budget_is_set_aside_in_none(budgets: Budgets) -> None:
    wide, narrow = cap(budget()), cap(budget(Scope.PERSON, ADA.person, usd=0.01))
    refusal = await budgets.reserve(charge(wide, narrow, usd=0.02))
    assert refusal is not None
    assert refusal.standing.cap == narrow
    assert not refusal.waits
    assert [s.held_tokens for s in await budgets.standings([wide, narrow])] == [0, 0]


async def test_a_budget_that_is_only_set_aside_is_worth_waiting_for(budgets: Budgets) -> None:
    day = cap(budget())
    first = charge(day, tokens=800)
    assert await budgets.reserve(first) is None
    refusal = await budgets.reserve(charge(day))
    assert refusal is not None
    assert refusal.waits
    await budgets.settle(took(first, 100))
    assert await budgets.reserve(charge(day)) is None


async def test_money_is_only_counted_where_there_is_a_price_and_tokens_always(budgets: Budgets) -> None:
    day = cap(budget(usd=0.01, tokens=1000))
    unpriced, priced = charge(day, usd=None), charge(day, usd=0.02)
    assert await budgets.reserve(unpriced) is None
    assert await budgets.reserve(priced) is not None
    assert await budgets.reserve(charge(day, tokens=700, usd=None)) is not None


async def test_of_many_calls_at_once_in_several_processes_only_as_many_as_fit_are_made(bench: Bench) -> None:
    opened = [bench.open()[0] for _ in range(3)]
    day, month = cap(budget()), cap(budget(Scope.AGENT, "writer", Period.MONTH, tokens=5000))
    charges = [
        charge(day, month, tokens=100, spender=ADA.model_copy(update={"person": f"toy:W1:p{n % 7}"}))
        for n in range(40)
    ]
    answers = await asyncio.gather(*(opened[n % 3].reserve(one) for n, one in enumerate(charges)))
    made = [one for one, refusal in zip(charges, answers, strict=True) if refusal is None]
    assert len(made) == 10
    await asyncio.gather(*(opened[n % 3].settle(took(one, 90)) for n, one in enumerate(made)))
    assert [(s.tokens, s.held_tokens) for s in await opened[0].standings([day, month])] == [(900, 0)] * 2


async def test_a_call_whose_process_died_counts_as_spent_once_its_time_is_over(bench: Bench) -> None:
    budgets = bench.open()[0]
    day = cap(budget())
    dead = charge(day, tokens=900)
    assert await budgets.reserve(dead) is None
    await bench.clock.advance(100)
    standing = (await budgets.standings([day]))[0]
    assert (standing.tokens, standing.held_tokens) == (900, 0)
    refusal = await budgets.reserve(charge(day, tokens=200, at=bench.clock.now()))
    assert refusal is not None
    assert not refusal.waits
    # Its process was only slow: what it really took counts in the end.
    await budgets.settle(took(dead, 300))
    standing = (await budgets.standings([day]))[0]
    assert (standing.tokens, standing.held_tokens) == (300, 0)


async def test_a_call_that_took_nothing_leaves_nothing_behind(budgets: Budgets) -> None:
    day = cap(budget(usd=1.0))
    made = charge(day, usd=0.5)
    await budgets.reserve(made)
    for _ in range(2):
        await budgets.release(made)
    standing = (await budgets.standings([day]))[0]
    assert (standing.tokens, standing.held_tokens, standing.held_usd) == (0, 0, 0.0)
    assert (await spent(budgets)) == []


async def test_what_was_spent_before_a_budget_was_set_counts_too(budgets: Budgets) -> None:
    await budgets.settle(took(charge(), 250, 0.5))
    await budgets.settle(took(charge(at=NOW - timedelta(days=1)), 111, 0.25))
    day, month = cap(budget()), cap(budget(period=Period.MONTH, usd=2.0))
    assert [s.tokens for s in await budgets.standings([day, month])] == [250, 361]
    assert await budgets.reserve(charge(day, month, tokens=700, usd=0.1)) is None
    # From here on also what no budget was looked at for.
    await budgets.settle(took(charge(), 50, 0.125))
    standings = await budgets.standings([day, month])
    assert [(s.tokens, s.usd, s.held_tokens) for s in standings] == [(300, 0.625, 700), (411, 0.875, 700)]


async def test_one_delegation_alone_is_given_the_note_at_four_fifths(bench: Bench) -> None:
    budgets, other = bench.open()[0], bench.open()[0]
    day = cap(budget())
    for delegation, tokens in (("d1", 700), ("d2", 100), ("d3", 50)):
        made = charge(day, tokens=200, spender=ADA.model_copy(update={"delegation": delegation}))
        assert await budgets.reserve(made) is None
        await budgets.settle(took(made, tokens))
    assert await other.noted("d1") == ()
    noted = await other.noted("d2")
    assert [(standing.cap, standing.tokens) for standing in noted] == [(day, 800)]
    assert await other.noted("d3") == ()


async def test_a_turn_and_its_charge_are_saved_together_whichever_turn_stays(bench: Bench) -> None:
    budgets, runs = bench.open()
    day = cap(budget())
    first, second = charge(day), charge(day)
    for made in (first, second):
        assert await budgets.reserve(made) is None
        turn = ModelTurn(text=made.id, charge=took(made, 120))
        assert (await runs.save_turn("run-0", 0, turn)).text == first.id
    standing = (await budgets.standings([day]))[0]
    assert (standing.tokens, standing.held_tokens) == (240, 0)
    assert (await runs.turns("run-0"))[0].turn.charge is None


async def spent(budgets: Budgets, **wanted: Any) -> list[tuple[str, int, int, float]]:
    options: dict[str, Any] = {"workspace": None, "by": "person", "zone": ZONE} | wanted
    found = await budgets.spending(since=NOW - timedelta(days=2), until=NOW + timedelta(hours=1), **options)
    return [(row.name, row.calls, row.input_tokens, row.cost_usd) for row in found.rows]


async def test_what_was_spent_is_told_by_person_agent_schedule_and_day(budgets: Budgets) -> None:
    bob = ADA.model_copy(update={"person": "toy:W1:bob", "person_name": "Bob", "agent": "", "schedule": "s1"})
    eve = ADA.model_copy(update={"person": "toy:W2:eve", "workspace": "toy:W2"})
    await budgets.settle(took(charge(), 100, 0.25))
    await budgets.settle(took(charge(), 50, None))
    await budgets.settle(took(charge(spender=bob, at=NOW - timedelta(days=1)), 500, 0.5))
    await budgets.settle(took(charge(spender=eve), 7, 0.001))
    assert await spent(budgets, workspace="toy:W1") == [
        ("toy:W1:bob", 1, 500, 0.5),
        ("toy:W1:ada", 2, 150, 0.25),
    ]
    assert await spent(budgets, by="agent", workspace="toy:W1") == [
        ("", 1, 500, 0.5),
        ("writer", 2, 150, 0.25),
    ]
    assert [row[0] for row in await spent(budgets, by="schedule")] == ["s1", ""]
    found = await budgets.spending(
        workspace="toy:W1",
        since=NOW - timedelta(days=2),
        until=NOW + timedelta(hours=1),
        by="person",
        zone=ZONE,
    )
    assert [row.title for row in found.rows] == ["Bob", "Ada"]
    assert [row.unpriced for row in found.rows] == [0, 1]
    assert [(day.day, day.input_tokens, day.cost_usd) for day in found.days] == [
        (date(2026, 11, 18), 0, 0.0),
        (date(2026, 11, 19), 500, 0.5),
        (date(2026, 11, 20), 150, 0.25),
    ]


OPENED: list[tuple[Period, str, str, str]] = [
    (Period.DAY, "2026-11-19T23:30:00+00:00", "2026-11-20", "2026-11-20T23:00:00+00:00"),
    (Period.DAY, "2026-03-29T10:00:00+00:00", "2026-03-29", "2026-03-29T22:00:00+00:00"),
    (Period.MONTH, "2026-11-30T22:59:59+00:00", "2026-11", "2026-11-30T23:00:00+00:00"),
    (Period.MONTH, "2026-12-31T23:00:00+00:00", "2027-01", "2027-01-31T23:00:00+00:00"),
]


@pytest.mark.parametrize(("period", "now", "name", "opens"), OPENED)
def test_days_and_months_are_those_of_the_zone(period: Period, now: str, name: str, opens: str) -> None:
    span = span_of(period, datetime.fromisoformat(now), zone=ZONE)
    assert span.name == name
    assert span.until == datetime.fromisoformat(opens)
    assert span.since <= datetime.fromisoformat(now) < span.until
