"""Instructions, plans and times for the contract suites."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import count

from core.models import (
    Address,
    Delegation,
    Instruction,
    Person,
    Plan,
    PlannedStep,
    Reply,
    Result,
    Status,
    Step,
    StepState,
    Usage,
)
from core.ports.store import Store

NOW = datetime(2026, 11, 20, 9, 0, 0, 123456, tzinfo=UTC)
LEASE = timedelta(seconds=30)
HERE = Address(platform="toy", workspace="W1", place="C1", thread="100.1", via="invented-hook")
ASKER = Person(id="toy:W1:U1", name="Zoë Ünal", zone="Europe/Vienna")
TWO_STEPS = Plan(
    planner="model",
    steps=(PlannedStep(agent="search", task="find it"), PlannedStep(agent="write", task="tell", after=(0,))),
    usage=Usage(input_tokens=7, output_tokens=3, cost_usd=None),
)
GOOD = Result(state=StepState.SUCCEEDED, output="found")
BAD = Result(state=StepState.FAILED, error="It could not be found.")
REPLY = Reply(text="Here it is.")
_keys = count(1)


def at(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


def instruction(
    text: str = "find it and tell", *, key: str | None = None, address: Address = HERE, fingerprint: str = ""
) -> Instruction:
    return Instruction(
        key=key or f"key-{next(_keys)}",
        text=text,
        person=ASKER,
        address=address,
        origin="toy",
        preferred_agents=("search", "write"),
        fingerprint=fingerprint,
    )


async def accepted(store: Store, name: str = "d1", *, now: datetime = NOW, address: Address = HERE) -> str:
    await store.accept(instruction(f"do {name}", address=address), delegation_id=name, now=now)
    return name


async def planned(store: Store, name: str = "d1", *, plan: Plan = TWO_STEPS) -> tuple[Step, ...]:
    await accepted(store, name)
    assert await store.save_plan(name, plan, now=NOW)
    return (await store.load(name)).steps


async def claimed(store: Store, step_id: str, *, now: datetime = NOW) -> Step:
    claim = await store.claim_step(step_id, now=now, lease_until=now + LEASE)
    assert claim is not None
    return claim[1]


async def ended(store: Store, step_id: str, result: Result = GOOD) -> None:
    step = await claimed(store, step_id)
    assert await store.end_step(step_id, token=step.token, result=result, now=at(1))


async def answered(
    store: Store, name: str = "d1", *, now: datetime = NOW, address: Address = HERE, text: str = ""
) -> Delegation:
    """A delegation that was answered without any step."""
    await accepted(store, name, now=now, address=address)
    reply = Reply(text=text or f"answer {name}")
    assert await store.save_answer(name, round=0, status=Status.SUCCESS, reply=reply, now=now)
    return await store.load(name)


async def failed(store: Store, name: str = "d1") -> Delegation:
    """A delegation whose first step succeeded and whose second failed, answered and delivered."""
    first, second = await planned(store, name)
    await ended(store, first.id, GOOD)
    await ended(store, second.id, BAD)
    assert await store.save_answer(name, round=0, status=Status.PARTIAL, reply=REPLY, now=at(2))
    assert await store.mark_delivered(name, round=0, now=at(3))
    return await store.load(name)
