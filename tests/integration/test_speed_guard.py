"""What was once made quick stays quick: ratios of two things measured in turn within one run, never times.

Each limit is two to three times of what was measured, so that a busy machine, which slows both alike, fails nothing.
"""

# mypy: allow-untyped-calls
# (RQ is only partly annotated.)

from __future__ import annotations

import asyncio
import statistics
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from adapters.assembly import Assembly, assembled
from adapters.settings import Settings
from adapters.sql.database import Database
from adapters.sql.migrations import migrate
from benchmarks import metering
from benchmarks.evaluate import to_request
from benchmarks.understanding_time import texts, with_agents
from core.models import Address, Event, EventKind, Instruction, Person, Status
from core.planning import RulePlanner
from core.ports.planner import PlanRequest
from tests.contracts.worker_harness import JOBS, client, queue_on, work_off
from tests.services.valkey import Valkey

pytestmark = pytest.mark.slow
ROUNDS = 3
JOBS_A_ROUND = 250
FASTER_THAN_RQ = 1.2
PLANS_A_ROUND = 30
SLOWER_WITH_500_AGENTS = 8.0
PAID_TURNS = 40
DEAREST_PAID_TURN = 15.0
"""Processor time of a turn that eight budgets pay for, in turns that nobody pays for (measured: 5 to 6)."""
PATHS = 20
DEAREST_PATH = 150.0
"""A delegation of one step, in single transactions on the same database."""


def test_the_worker_is_faster_than_rqs_own(valkey: Valkey) -> None:
    """On jobs that wait for nothing, where holding many at once gains nothing."""
    seconds: dict[str, list[float]] = {"async": [], "simple": []}
    for _ in range(ROUNDS):
        for kind, taken in seconds.items():
            taken.append(_work_off(kind, valkey))
    ratio = statistics.median(
        simple / ours for ours, simple in zip(seconds["async"], seconds["simple"], strict=True)
    )

    assert ratio >= FASTER_THAN_RQ, f"only {ratio:.1f} times as fast as RQ's own: {seconds}"


async def test_paying_from_eight_budgets_costs_a_few_unpaid_turns_at_most(tmp_path: Path) -> None:
    settings = Settings(_env_file=None, flowmate_data_dir=tmp_path)
    migrate(settings)
    database = Database(settings.database)
    taken = await metering.measure(database, rounds=PAID_TURNS)
    database.close()
    unpaid, paid = (statistics.median(cpu for _, cpu in taken[name]) for name in ("unpaid", "eight budgets"))
    assert paid / unpaid <= DEAREST_PAID_TURN, f"{paid * 1e3:.1f} ms instead of {unpaid * 1e3:.1f}"


async def test_planning_hardly_minds_how_many_agents_there_are() -> None:
    few, many = [await _learned(*with_agents(count)) for count in (10, 500)]
    ratios = []
    for place in range(PLANS_A_ROUND):
        ratios.append(await _seconds(many(place)) / await _seconds(few(place)))
    ratio = statistics.median(ratios)
    assert ratio <= SLOWER_WITH_500_AGENTS, f"{ratio:.1f} times as slow with 500 agents as with 10"


async def test_a_delegation_costs_a_bounded_number_of_transactions(valkey: Valkey, tmp_path: Path) -> None:
    """All of the path in one process: receive, plan, run, finish, deliver, on SQLite and Valkey."""
    settings = Settings(
        _env_file=None, redis_url=valkey.url, flowmate_data_dir=tmp_path, rate_limit_max_requests=10_000
    )
    migrate(settings)
    async with assembled(settings) as assembly:
        await _delegate(assembly, 0)
        paths, plain = [], []
        for number in range(1, PATHS + 1):
            plain += [await _seconds(_transaction(assembly)) for _ in range(5)]
            paths.append(await _seconds(_delegate(assembly, number)))
    ratio = statistics.median(paths) / statistics.median(plain)
    assert ratio <= DEAREST_PATH, f"a delegation takes as long as {ratio:.0f} transactions"


def _work_off(kind: str, valkey: Valkey) -> float:
    with client(valkey.socket) as connection:
        queue = queue_on(connection)
        queue.enqueue_many([queue.prepare_data(f"{JOBS}.echo", args=(n,)) for n in range(JOBS_A_ROUND)])
        began = time.perf_counter()
        work_off(kind, queue)
        taken = time.perf_counter() - began
        assert queue.count == 0
    return taken


async def _learned(planner: RulePlanner, agents: object) -> Callable[[int], Awaitable[object]]:
    some = texts()
    requests: list[PlanRequest] = [
        to_request(text, agents)  # type: ignore[arg-type]
        for text in some[:: len(some) // PLANS_A_ROUND][:PLANS_A_ROUND]
    ]
    # The first one pays for learning what the agents are for.
    await planner.plan(requests[0])
    return lambda place: planner.plan(requests[place])


async def _seconds(work: Awaitable[object]) -> float:
    """Of processor time, all threads together: on the clock, what goes to and fro between threads would wait for the
    other tests' processes, too."""
    began = time.process_time()
    await work
    return time.process_time() - began


async def _transaction(assembly: Assembly) -> None:
    event = Event(delegation_id=None, kind=EventKind.INSTRUCTION_REFUSED, at=assembly.clock.now(), data={})
    await assembly.store.append(event)


async def _delegate(assembly: Assembly, number: int) -> None:
    address = Address(platform="local", workspace="local", place=f"guard-{number}")
    instruction = Instruction(
        key=f"guard-{number}",
        text="@calculator 6*7",
        person=Person(id="local:local:guard"),
        address=address,
        origin="api",
    )
    receipt = await assembly.reception.receive(instruction)
    await assembly.coordinator.plan(receipt.delegation_id)
    planned = await assembly.store.load(receipt.delegation_id)
    await asyncio.gather(*(assembly.coordinator.run_step(step.id) for step in planned.steps))
    done = await assembly.store.load(receipt.delegation_id)
    assert done.status is Status.SUCCESS
    assert done.delivered_at is not None
