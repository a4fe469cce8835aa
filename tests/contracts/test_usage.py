"""The usage log counts what the store saved."""

from __future__ import annotations

from datetime import timedelta

from adapters.sql.database import Database
from adapters.sql.store import SqlStore
from adapters.sql.usage import SqlUsageLog
from core.memory.clock import START
from core.models import (
    Address,
    Instruction,
    Person,
    Plan,
    PlannedStep,
    Reply,
    Result,
    Status,
    StepState,
    Usage,
)


async def test_days_agents_tokens_and_costs_are_counted_for_this_workspace_alone(database_url: str) -> None:
    database = Database(database_url)
    store, log = SqlStore(database), SqlUsageLog(database)
    for number, (platform, status) in enumerate(
        [("toy", Status.SUCCESS), ("toy", Status.FAILED), ("other", Status.SUCCESS)]
    ):
        address = Address(platform=platform, workspace="W1", place="p")
        asked = Instruction(
            key=f"k{number}", text="x", person=Person(id="p"), address=address, origin=platform
        )
        at = START + timedelta(days=number)
        delegation_id = f"{number:032d}"
        await store.accept(asked, delegation_id=delegation_id, now=at)
        steps = (PlannedStep(agent="clock", task="x"),)
        await store.save_plan(
            delegation_id, Plan(planner="rules", steps=steps, usage=Usage(input_tokens=5)), now=at
        )
        claim = await store.claim_step(f"{delegation_id}-0", now=at, lease_until=at + timedelta(seconds=30))
        assert claim is not None
        step = claim[1]
        state = StepState.SUCCEEDED if status is Status.SUCCESS else StepState.FAILED
        used = Usage(input_tokens=10, output_tokens=3, cost_usd=0.5)
        await store.end_step(
            step.id,
            token=step.token,
            result=Result(state=state, usage=used),
            now=at + timedelta(seconds=1),
        )
        await store.save_answer(
            delegation_id, round=0, status=status, reply=Reply(text="y"), now=at + timedelta(seconds=2)
        )
    use = await log.use("toy:W1", since=START, until=START + timedelta(days=3), zone="UTC")
    assert [(d.delegations, d.succeeded, d.failed, d.total_ms) for d in use.days[:3]] == [
        (1, 1, 0, 2000),
        (1, 0, 1, 2000),
        (0, 0, 0, 0),
    ]
    assert (use.days[0].input_tokens, use.days[0].output_tokens, use.days[0].cost_usd) == (15, 3, 0.5)
    assert [(a.agent, a.steps, a.succeeded, a.total_ms) for a in use.agents] == [("clock", 2, 1, 2000)]
    database.close()
