"""What people can do to work that is under way or done: cancel it, try it again."""

from __future__ import annotations

import logging

from core.approvals.desk import ApprovalDesk
from core.coordinator import Coordinator
from core.errors import Conflict, NotFound, QueueUnavailable, RateLimited
from core.making import MakingDesk
from core.models import (
    DECISIONS,
    Address,
    Approval,
    Decision,
    Delegation,
    DelegationState,
    Event,
    EventKind,
    Person,
    Press,
)
from core.policies import RETRY_EXPIRES
from core.ports.clock import Clock
from core.ports.limiter import Limit, Limiter
from core.ports.made_agents import MadeAgents
from core.ports.store import Store
from core.rendering import questions, refusals
from core.schedules.commands import Change
from core.schedules.desk import Desk

logger = logging.getLogger(__name__)
LOOKED_AT = 20
RUNNING = (DelegationState.RECEIVED, DelegationState.PLANNED)
SCHEDULE_ACTIONS: dict[str, Change] = {
    "save": "save",
    "discard": "discard",
    "pause": "pause",
    "resume": "resume",
    "run": "run",
    "delete": "delete",
}


class Controls:
    """Cancel and retry, for whoever asked; `operator` may do both to anything."""

    def __init__(
        self,
        *,
        store: Store,
        coordinator: Coordinator,
        clock: Clock,
        limiter: Limiter,
        limit: Limit,
        approvals: ApprovalDesk,
        desk: Desk | None = None,
        making: MakingDesk | None = None,
        made: MadeAgents | None = None,
    ) -> None:
        self._store = store
        self._coordinator = coordinator
        self._clock = clock
        self._limiter = limiter
        self._limit = limit
        self._approvals = approvals
        self._desk = desk
        self._making = making
        self._made = made

    async def press(self, press: Press) -> str | None:
        """What a button does; a sentence for the presser alone where it changes nothing."""
        if self._desk is not None and press.action in SCHEDULE_ACTIONS:
            return await self._press_schedule(self._desk, press)
        decision = next((one for one in DECISIONS if one == press.action), None)
        if decision is not None:
            try:
                await self.decide(press.value, decision, by=press.person, key=press.key)
            except (Conflict, NotFound) as refusal:
                return refusal.sentence
            return None
        try:
            delegation = await self._store.load(press.value)
        except NotFound:
            return refusals.GONE
        if press.action == "schedule":
            await self._ask_when(delegation, by=press.person.id)
            return questions.SAY_WHEN
        if delegation.instruction.person.id != press.person.id:
            return refusals.NOT_YOURS
        try:
            if press.action == "cancel":
                await self.cancel(delegation, by=press.person.id)
            elif press.action == "retry":
                await self.retry(delegation, by=press.person.id)
            else:
                return refusals.GONE
        except (Conflict, RateLimited) as refusal:
            return refusal.sentence
        return None

    async def _press_schedule(self, desk: Desk, press: Press) -> str | None:
        try:
            said = await desk.press(press, change=SCHEDULE_ACTIONS[press.action])
        except NotFound:
            return refusals.GONE
        except Conflict as refusal:
            return refusal.sentence
        if said is None:
            await self._advance(press.value.partition(".")[2])
        return said

    async def _ask_when(self, delegation: Delegation, *, by: str) -> None:
        """Keep what was pressed: the answer may come after others were given in the same conversation."""
        kind, now = EventKind.SCHEDULE_ASKED, self._clock.now()
        await self._store.append(Event(delegation_id=delegation.id, kind=kind, at=now, data={"by": by}))

    async def decide(self, approval_id: str, decision: Decision, *, by: Person, key: str) -> Approval:
        """Say yes or no to what waits for it, and let its step go on. Raises NotFound and Conflict."""
        approval, refusal = await self._approvals.decide(approval_id, decision, by=by, key=key)
        # One that came too late has let the step go on, too.
        await self._advance(approval.delegation_id)
        if refusal is not None:
            raise Conflict(refusal)
        return approval

    async def cancel(self, delegation: Delegation, *, by: str) -> None:
        """End it. Raises Conflict where it is answered already."""
        if not await self._store.cancel(delegation.id, by=by, now=self._clock.now()):
            raise Conflict(refusals.TOO_LATE_TO_CANCEL)
        await self._coordinator.stop(delegation)
        self._approvals.withdraw(delegation.id)
        await self._advance(delegation.id)

    async def cancel_latest(self, address: Address, person: Person) -> str | None:
        """Cancel this person's latest instruction of this conversation, or the dialogue they are in; a sentence where
        that is all, or where there is nothing."""
        if self._making is not None and (said := await self._making.cancel(address, person)) is not None:
            return said
        for found in await self._store.recent(workspace=address.workspace, limit=LOOKED_AT):
            instruction = found.instruction
            mine = instruction.person.id == person.id
            if mine and instruction.address.conversation == address.conversation and found.state in RUNNING:
                try:
                    await self.cancel(found, by=person.id)
                except Conflict as refusal:
                    return refusal.sentence
                return None
        return refusals.NOTHING_RUNS

    async def moved(self, place: Address, *, to: Address) -> None:
        """Let the schedules and agents of a place go along with it: people list and change them where they are now."""
        if self._made is not None and await self._made.move(place, to=to):
            logger.info("the agents of a %s place moved along with it", place.platform)
        if self._desk is not None and await self._desk.schedules.move(place, to=to):
            logger.info("the schedules of a %s place moved along with it", place.platform)

    async def retry(self, delegation: Delegation, *, by: str) -> None:
        """Run what failed once more. Raises Conflict (nothing failed, too late) and RateLimited."""
        now = self._clock.now()
        if delegation.answered_at is not None and now - delegation.answered_at > RETRY_EXPIRES:
            raise Conflict(refusals.TOO_LATE_TO_RETRY)
        if delegation.state not in (DelegationState.ANSWERED, DelegationState.DELIVERED):
            raise Conflict(refusals.NOTHING_TO_RETRY)
        verdict = await self._limiter.admit(f"person:{delegation.instruction.person.id}", self._limit)
        if not verdict.allowed:
            raise RateLimited(refusals.rate_limited(verdict, now=now), verdict=verdict)
        if not await self._store.retry(delegation.id, by=by, now=now):
            raise Conflict(refusals.NOTHING_TO_RETRY)
        await self._advance(delegation.id)

    async def _advance(self, delegation_id: str) -> None:
        try:
            await self._coordinator.advance(delegation_id)
        except QueueUnavailable:
            logger.warning("queue out: %s waits for reconcile", delegation_id)
