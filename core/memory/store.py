"""`InMemoryStore`: the store, for as long as the process lives."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from core.errors import Conflict, NotFound
from core.memory.conversations import Conversations
from core.memory.rows import CHECK, OPEN, Fact, as_stored
from core.memory.steps import Steps
from core.models import (
    Delegation,
    DelegationState,
    Event,
    EventKind,
    Instruction,
    Plan,
    Reply,
    Status,
    Step,
    StepState,
)
from core.policies import FAR
from core.ports.store import Answer, ToPlan

ENDED = (DelegationState.ANSWERED, DelegationState.DELIVERED)


class InMemoryStore(Steps, Conversations):
    """The Store port without a database. `available = False` makes every method raise StoreUnavailable."""

    async def accept(
        self, instruction: Instruction, *, delegation_id: str, now: datetime
    ) -> tuple[Delegation, bool]:
        await self._arrive()
        earlier = self._ids.get(instruction.key)
        if earlier is not None:
            delegation = self._delegations[earlier]
            if delegation.instruction.fingerprint != instruction.fingerprint:
                raise Conflict("This idempotency key was used for another request.")
            return delegation, False
        delegation = Delegation(
            id=delegation_id, instruction=instruction, state=DelegationState.RECEIVED, received_at=now
        )
        self._ids[instruction.key] = delegation_id
        data = {"origin": instruction.origin, "person": instruction.person.id}
        return self._change(delegation, (EventKind.INSTRUCTION_RECEIVED, data), now=now), True

    async def known(self, key: str) -> str | None:
        await self._arrive()
        return self._ids.get(key)

    async def load(self, delegation_id: str) -> Delegation:
        await self._arrive()
        return self._get(delegation_id)

    async def load_to_plan(self, delegation_id: str, *, exchanges: int) -> ToPlan:
        await self._arrive()
        delegation = self._get(delegation_id)
        address = delegation.instruction.address
        roster = self.rosters.get((address.platform, address.workspace), 0)
        return ToPlan(delegation, roster, self._exchanges(address, delegation.received_at, exchanges))

    async def load_step(self, step_id: str) -> tuple[Delegation, Step]:
        await self._arrive()
        step = self._find_step(step_id)
        if step is None:
            raise NotFound(f"There is no step {step_id}.")
        return self._get(step.delegation_id), step

    async def recent(
        self, *, workspace: str, before: datetime | None = None, limit: int = 50
    ) -> tuple[Delegation, ...]:
        await self._arrive()
        found = [
            delegation.model_copy(update={"steps": ()})
            for delegation in sorted(self._delegations.values(), key=lambda delegation: delegation.id)
            if delegation.instruction.address.workspace == workspace
            and (before is None or delegation.received_at < before)
        ]
        found.sort(key=lambda delegation: delegation.received_at, reverse=True)
        return tuple(found[:limit])

    async def save_plan(self, delegation_id: str, plan: Plan, *, now: datetime) -> Delegation | None:
        await self._arrive()
        delegation = self._delegations.get(delegation_id)
        if delegation is None or delegation.state is not DelegationState.RECEIVED:
            return None
        steps = tuple(
            Step(
                id=f"{delegation_id}-{index}",
                delegation_id=delegation_id,
                index=index,
                **planned.model_dump(),
            )
            for index, planned in enumerate(plan.steps)
        )
        self._owners |= {step.id: delegation_id for step in steps}
        outline = [{"agent": p.agent, "task": p.task, "dependsOn": list(p.after)} for p in plan.steps]
        fact = (EventKind.DELEGATION_PLANNED, {"planner": plan.planner, "steps": outline})
        return self._change(
            delegation,
            fact,
            now=now,
            state=DelegationState.PLANNED,
            planner=plan.planner,
            planning_usage=plan.usage,
            planned_at=now,
            steps=steps,
        )

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
        await self._arrive()
        answer = Answer(status=status, reply=reply, delivered=delivered)
        return self._answer(delegation_id, round, answer, now=now)

    async def mark_delivered(
        self, delegation_id: str, *, round: int, now: datetime, failure: str | None = None
    ) -> bool:
        await self._arrive()
        delegation = self._in_state(delegation_id, (DelegationState.ANSWERED,), round=round)
        if delegation is None:
            return False
        facts: list[Fact] = [(EventKind.DELIVERY_FAILED, {"reason": failure})] if failure else []
        facts.append((EventKind.DELEGATION_DELIVERED, {}))
        state = DelegationState.DELIVERED
        self._change(delegation, *facts, now=now, state=state, delivered_at=now, check_at=None)
        return True

    async def cancel(self, delegation_id: str, *, by: str, now: datetime) -> bool:
        await self._arrive()
        delegation = self._in_state(delegation_id, OPEN)
        if delegation is None:
            return False
        if delegation.cancelled_by is not None:
            return True
        steps = tuple(
            step
            if step.state.terminal
            else step.model_copy(
                update={
                    "state": StepState.CANCELLED,
                    "token": step.token + 1,
                    "lease_until": None,
                    "ended_at": now,
                }
            )
            for step in delegation.steps
        )
        fact = (EventKind.DELEGATION_CANCELLED, {"by": by})
        state = DelegationState.PLANNED
        self._change(delegation, fact, now=now, state=state, cancelled_by=by, steps=steps)
        self._withdraw_all(delegation_id, now=now)
        return True

    async def retry(self, delegation_id: str, *, by: str, now: datetime) -> bool:
        await self._arrive()
        delegation = self._in_state(delegation_id, ENDED)
        if delegation is None or all(step.state is StepState.SUCCEEDED for step in delegation.steps):
            return False
        self._change(
            delegation,
            (EventKind.DELEGATION_RETRIED, {"by": by}),
            now=now,
            state=DelegationState.PLANNED,
            round=delegation.round + 1,
            generation=delegation.generation + 1,
            cancelled_by=None,
            status=None,
            reply=None,
            answered_at=None,
            delivered_at=None,
            steps=tuple(_afresh(step) for step in delegation.steps),
        )
        return True

    async def revise(self, delegation_id: str, reply: Reply, *, now: datetime) -> bool:
        await self._arrive()
        delegation = self._in_state(delegation_id, ENDED)
        if delegation is None:
            return False
        again = {"round": delegation.round + 1, "generation": delegation.generation + 1}
        fact: Fact = (EventKind.DELEGATION_REVISED, {})
        self._change(delegation, fact, now=now, state=DelegationState.ANSWERED, reply=reply, **again)
        return True

    async def redispatch(
        self, delegation_id: str, *, step_ids: Sequence[str], stage: bool, now: datetime
    ) -> None:
        await self._arrive()
        delegation = self._delegations.get(delegation_id)
        if delegation is None:
            return
        steps = tuple(
            step.model_copy(update={"generation": step.generation + 1}) if step.id in step_ids else step
            for step in delegation.steps
        )
        values = {"generation": delegation.generation + stage, "steps": steps}
        self._delegations[delegation_id] = delegation.model_copy(update=values)
        self._check_at(delegation_id, now + CHECK)

    async def check_later(self, delegation_id: str, *, at: datetime) -> None:
        await self._arrive()
        self._check_at(delegation_id, at)

    async def to_check(self, *, now: datetime, limit: int) -> tuple[str, ...]:
        await self._arrive()
        waiting = [
            (delegation.check_at, delegation.id)
            for delegation in self._delegations.values()
            if delegation.check_at is not None and not now < delegation.check_at <= now + FAR
        ]
        return tuple(delegation_id for _, delegation_id in sorted(waiting)[:limit])

    async def append(self, event: Event) -> None:
        await self._arrive()
        if event.delegation_id is None:
            self.audit.append(event.model_copy(update={"sequence": 0, "data": as_stored(event.data)}))
            return
        self._get(event.delegation_id)
        self._record(event.delegation_id, (event.kind, event.data), now=event.at)

    async def events(self, delegation_id: str, *, after: int = 0) -> tuple[Event, ...]:
        await self._arrive()
        return tuple(self._events.get(delegation_id, ())[max(0, after) :])

    async def ping(self) -> None:
        await self._arrive()

    async def aclose(self) -> None:
        return None


def _afresh(step: Step) -> Step:
    """The step as it starts again on a person's request, unless it succeeded."""
    if step.state is StepState.SUCCEEDED:
        return step
    return step.model_copy(
        update={
            "state": StepState.PENDING,
            "generation": step.generation + 1,
            "token": step.token + 1,
            "crashes": 0,
            "lease_until": None,
            "started_at": None,
            "ended_at": None,
            "result": None,
            "agent_version": None,
        }
    )
