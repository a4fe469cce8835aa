"""The path of a message after it was received: plan, run each step, finish. `advance` is the hinge between them.

Every stage reads the rows, does its work, commits, and calls `advance`, which enqueues whatever should exist and
doesn't. Reconcile calls `advance` too, so the normal path and recovery are the same code.
"""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass
from datetime import timedelta

from core.context import to_task
from core.delivery import Delivery
from core.dispatch import to_jobs, to_step_jobs
from core.errors import NotFound, QueueUnavailable
from core.finishing import Finishing
from core.histories import Histories
from core.leases import LeaseLost, Leases
from core.making import MakingDesk
from core.models import Delegation, DelegationState, Exchange, Plan, Reply, Result, Status, Step, StepState
from core.policies import LEASE_SECONDS, MAX_CRASHES, due
from core.ports.clock import Clock
from core.ports.event_log import EventLog
from core.ports.job_queue import JobQueue
from core.ports.planner import Planner, PlanRequest
from core.ports.store import Store
from core.rendering import answers, failures
from core.schedules.desk import Desk
from core.schedules.firing import ORIGIN as SCHEDULE
from core.schedules.understanding import Understood
from core.step_runner import StepRunner

logger = logging.getLogger(__name__)
PLANNING_SECONDS = 120.0
"""Shorter than the planning job's own time limit, so that a planner that never ends still gives an answer."""


@dataclass(frozen=True)
class Parts:
    """What the coordinator works with."""

    store: Store
    queue: JobQueue
    events: EventLog
    clock: Clock
    planner: Planner
    runner: StepRunner
    delivery: Delivery
    leases: Leases
    desk: Desk | None = None
    making: MakingDesk | None = None
    default_zone: str = "UTC"


class Coordinator:
    """Moves delegations along their path; decides from the database alone."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._store = parts.store
        self._clock = parts.clock
        self._histories = Histories(parts.store)
        self._finishing = Finishing(
            roster=parts.runner.roster,
            desk=parts.desk,
            posts=parts.delivery.posts,
            clock=parts.clock,
            default_zone=parts.default_zone,
        )

    async def dispatch(self, delegation: Delegation) -> None:
        """Enqueue what is due for this state of the delegation. Safe to repeat. Raises QueueUnavailable."""
        what = due(delegation, now=self._clock.now())
        jobs = to_jobs(delegation, what, step_timeout_seconds=self._parts.runner.longest_seconds)
        if jobs:
            await self._parts.queue.enqueue(jobs)

    async def advance(self, delegation_id: str, *, here: bool = False) -> None:
        """Make happen what the rows say should. With `here`, finishing and delivering happen in this very job.

        Safe to repeat and to run twice at once. Raises QueueUnavailable, after which reconcile does it.
        """
        await self._advance(await self._store.load(delegation_id), here=here)

    async def _advance(self, delegation: Delegation, *, here: bool) -> None:
        """The same for a delegation that was read just now."""
        what = due(delegation, now=self._clock.now())
        while what.skip:
            for step in what.skip:
                reason = failures.not_run(delegation.steps[i].agent for i in step.after)
                await self._store.skip_steps([step.id], reason=reason, now=self._clock.now())
            delegation = await self._store.load(delegation.id)
            what = due(delegation, now=self._clock.now())
        if here and what.finish:
            await self._finish(delegation)
        elif here and what.deliver:
            await self._parts.delivery.deliver(delegation.id, answered=delegation)
        elif not what.nothing:
            await self.dispatch(delegation)

    async def stop(self, delegation: Delegation) -> None:
        """Take the delegation's steps off the workers; best effort, since the rows already say that they ended."""
        try:
            await self._parts.queue.stop(to_step_jobs(delegation))
        except QueueUnavailable:
            logger.warning(
                "the steps of %s can't be stopped early; their results will be dropped", delegation.id
            )

    async def plan(self, delegation_id: str) -> None:
        """Stage 2: choose agents and save the steps, while the placeholder is on its way."""
        delegation, roster = await self._store.load_to_plan(delegation_id)
        if delegation.state is DelegationState.RECEIVED:
            placeholder = asyncio.create_task(self._parts.delivery.placeholder(delegation))
            try:
                planned = await self._plan(delegation, roster)
                if planned is None:
                    await self.advance(delegation_id, here=True)
                else:
                    await self._advance(planned, here=True)
            finally:
                # Cancelled with the job, and otherwise always brought to its end: it never raises.
                await placeholder
            return
        await self._advance(delegation, here=True)

    async def _plan(self, delegation: Delegation, roster: int) -> Delegation | None:
        """Plan and save it; the delegation as it was saved, where it has steps to run now."""
        history = await self._history(delegation)
        task = to_task(
            delegation, history=history, now=self._clock.now(), default_zone=self._parts.default_zone
        )
        crew = await self._parts.runner.roster.crew(delegation, version=roster)
        request = PlanRequest(
            task=task,
            agents=crew.usable_by(delegation.instruction.person.id),
            preferred_agents=delegation.instruction.preferred_agents,
        )
        heard = await self._heard(delegation, history)
        if isinstance(heard, tuple):
            await self._answer(delegation, *heard)
            return None
        if heard is not None:
            task = task.model_copy(update={"text": heard.instruction, "instruction": heard.instruction})
            request = request.model_copy(update={"task": task})
        plan = crew.pinned(crew.missed(task.text) or await self._planned(delegation, request))
        now = self._clock.now()
        if heard is not None and plan.steps and self._parts.desk is not None:
            lacking = self._parts.runner.lacks(crew.cast(plan))
            await self._answer(delegation, *await self._proposal(delegation, heard, lacking))
        elif plan.steps:
            planned = await self._store.save_plan(delegation.id, plan, now=now)
            self._changed(delegation)
            return planned
        else:
            reply = answers.question(plan)
            await self._answer(delegation, Status.SUCCESS if plan.answered else Status.FAILED, reply)
        return None

    async def _proposal(
        self, delegation: Delegation, heard: Understood, lacking: str | None
    ) -> tuple[Status, Reply]:
        """A schedule for what was heard; one that could only fail is not offered."""
        assert self._parts.desk is not None
        if lacking is not None:
            return Status.FAILED, Reply(text=failures.not_scheduled(lacking))
        address = self._parts.delivery.standing(delegation.instruction.address)
        return Status.SUCCESS, await self._parts.desk.propose(delegation, heard, address=address)

    async def _heard(
        self, delegation: Delegation, history: tuple[Exchange, ...]
    ) -> tuple[Status, Reply] | Understood | None:
        """What the desks make of it; an instruction that comes from a schedule is run, not talked about."""
        if delegation.instruction.origin == SCHEDULE or delegation.instruction.preferred_agents:
            return None
        for desk in (self._parts.making, self._parts.desk):
            said = await desk.answer(delegation, history=history) if desk is not None else None
            if said is not None:
                return said
        return None

    async def _answer(self, delegation: Delegation, status: Status, reply: Reply) -> None:
        platform = delegation.instruction.address.platform
        await self._store.save_answer(
            delegation.id,
            round=delegation.round,
            status=status,
            reply=reply,
            now=self._clock.now(),
            delivered=not self._parts.delivery.posts(platform),
        )
        self._parts.events.ring(delegation.id)

    async def _planned(self, delegation: Delegation, request: PlanRequest) -> Plan:
        """The plan; where the planner breaks or never ends, one that says so: planning it again would break again."""
        try:
            async with asyncio.timeout(PLANNING_SECONDS):
                return await self._parts.planner.plan(request)
        except Exception:
            logger.exception("%s can't be planned", delegation.id)
            return Plan(planner="rules", question=failures.not_planned(delegation.id))

    async def run_step(self, step_id: str) -> None:
        """Stage 3: run one agent and save its result, unless the step has ended or somebody else holds it."""
        now = self._clock.now()
        claimed = await self._store.claim_step(
            step_id, now=now, lease_until=now + timedelta(seconds=LEASE_SECONDS)
        )
        if claimed is None:
            await self._advance_after(step_id)
            return
        delegation, step = claimed
        self._changed(delegation)
        try:
            async with self._parts.leases.holding(step.id, step.token):
                result = await self._result(delegation, step)
        except LeaseLost:
            return
        except asyncio.CancelledError:
            # The worker stops (the step goes back for another one), or the delegation was cancelled (the
            # token no longer fits, and this changes nothing).
            await asyncio.shield(self._store.release_step(step.id, token=step.token, now=self._clock.now()))
            raise
        ended = await self._store.end_step(
            step.id, token=step.token, result=result, now=self._clock.now(), answering=self._finishing.at_once
        )
        level = logging.INFO if result.state is StepState.SUCCEEDED else logging.WARNING
        logger.log(level, "step %s (%s): %s", step.id, step.agent, result.state.value)
        self._changed(delegation)
        if ended is None:
            await self.advance(step.delegation_id, here=True)
        else:
            await self._advance(ended, here=True)

    async def _result(self, delegation: Delegation, step: Step) -> Result:
        if step.crashes >= MAX_CRASHES:
            return Result(state=StepState.FAILED, error=failures.keeps_crashing(step.crashes))
        task = to_task(
            delegation,
            step,
            history=await self._history(delegation),
            now=self._clock.now(),
            default_zone=self._parts.default_zone,
        )
        return await self._parts.runner.run(
            delegation, step, task, on_change=lambda: self._changed(delegation)
        )

    async def _advance_after(self, step_id: str) -> None:
        try:
            _, step = await self._store.load_step(step_id)
        except NotFound:
            logger.warning("a job names the step %s, which does not exist", step_id)
            return
        await self.advance(step.delegation_id, here=True)

    async def finish(self, delegation_id: str) -> None:
        """Stage 4: aggregate what is terminal into one reply, save it, and deliver."""
        delegation = await self._store.load(delegation_id)
        if due(delegation, now=self._clock.now()).finish:
            await self._finish(delegation)
        else:
            await self._parts.delivery.deliver(delegation_id)

    async def _finish(self, delegation: Delegation) -> None:
        answer = await self._finishing.answer(delegation)
        now = self._clock.now()
        saved = await self._store.save_answer(
            delegation.id,
            round=delegation.round,
            status=answer.status,
            reply=answer.reply,
            now=now,
            delivered=answer.delivered,
        )
        if not saved:
            # Another worker ended the last step at the same moment; the answer is its to deliver.
            return
        self._parts.events.ring(delegation.id)
        if answer.delivered:
            return
        said = {"status": answer.status, "reply": answer.reply, "answered_at": now}
        answered = delegation.model_copy(update={"state": DelegationState.ANSWERED, **said})
        await self._parts.delivery.deliver(delegation.id, answered=answered)

    def _changed(self, delegation: Delegation) -> None:
        self._parts.events.ring(delegation.id)
        self._parts.delivery.touch(delegation.id, platform=delegation.instruction.address.platform)

    async def _history(self, delegation: Delegation) -> tuple[Exchange, ...]:
        if delegation.instruction.origin == SCHEDULE:
            return ()
        return await self._histories.of(delegation)
