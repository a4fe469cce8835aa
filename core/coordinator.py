"""The path of a message after it was received: plan, run each step, finish. `advance` is the hinge between them.

Every stage reads the rows, does its work, commits, and calls `advance`, which enqueues whatever should exist and
doesn't. Reconcile calls `advance` too, so the normal path and recovery are the same code.
"""

from __future__ import annotations

import asyncio
import logging
from contextlib import AbstractContextManager, nullcontext
from datetime import timedelta
from functools import partial

from core.context import to_task
from core.dispatch import to_jobs, to_step_jobs
from core.errors import AwaitsApproval, NotFound, QueueUnavailable
from core.finishing import Finishing
from core.histories import Histories
from core.leases import LeaseLost
from core.live_words import Writing
from core.models import Delegation, DelegationState, EventKind, Result, Step, StepState, Task
from core.parts import Parts
from core.planning_stage import PlanningStage
from core.policies import HISTORY_EXCHANGES, LEASE_SECONDS, MAX_CRASHES, due
from core.ports.runs import Ending
from core.rendering import failures, progress

logger = logging.getLogger(__name__)


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
            money=parts.money,
            posts=parts.delivery.posts,
            clock=parts.clock,
            default_zone=parts.default_zone,
        )
        self._planning = PlanningStage(
            parts, histories=self._histories, finishing=self._finishing, changed=self._changed
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
        delegation, roster, history = await self._store.load_to_plan(
            delegation_id, exchanges=HISTORY_EXCHANGES
        )
        if delegation.state is DelegationState.RECEIVED:
            self._histories.know(delegation, history)
            placeholder = asyncio.create_task(self._parts.delivery.placeholder(delegation))
            try:
                planned = await self._planning.plan(delegation, roster)
                if planned is None:
                    await self.advance(delegation_id, here=True)
                else:
                    await self._advance(planned, here=True)
            finally:
                # Cancelled with the job, and otherwise always brought to its end: it never raises.
                await placeholder
            return
        await self._advance(delegation, here=True)

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
        del claimed
        self._changed(delegation)
        ending = Ending()
        try:
            async with self._parts.leases.holding(step.id, step.token):
                task = await self._task(delegation, step)
                written = self._written(delegation, step)
                # Thousands may wait for their models: none holds more of the others than its task does.
                delegation = delegation.model_copy(update={"steps": (step,)})
                with written as writing:
                    result = await self._result(delegation, step, task, (writing, ending))
        except LeaseLost:
            return
        except AwaitsApproval as wanted:
            await self._wait(delegation, step, wanted)
            return
        except asyncio.CancelledError:
            # The worker stops (the step goes back for another one), or the delegation was cancelled (the
            # token no longer fits, and this changes nothing).
            await asyncio.shield(self._store.release_step(step.id, token=step.token, now=self._clock.now()))
            raise
        try:
            await self._end(delegation, step, result, ending)
        except asyncio.CancelledError:
            # Whoever goes on with the step must not pay for its last turn again.
            await asyncio.shield(self._parts.runner.keep(ending))
            raise

    async def _end(self, delegation: Delegation, step: Step, result: Result, ending: Ending) -> None:
        ended = await self._store.end_step(
            step.id,
            token=step.token,
            result=result,
            now=self._clock.now(),
            answering=await self._finishing.answering(),
            last=ending.last,
        )
        level = logging.INFO if result.state is StepState.SUCCEEDED else logging.WARNING
        logger.log(level, "step %s (%s): %s", step.id, step.agent, result.state.value)
        self._changed(ended or delegation)
        if ended is None:
            await self.advance(step.delegation_id, here=True)
        else:
            await self._advance(ended, here=True)

    async def _wait(self, delegation: Delegation, step: Step, wanted: AwaitsApproval) -> None:
        """Let go of the step until somebody has decided, and go on with what doesn't wait for it."""
        waiting = await asyncio.shield(self._parts.approvals.wait(step, wanted.approval_ids))
        self._changed(delegation)
        if waiting is not None:
            await self._advance(waiting, here=True)

    async def _task(self, delegation: Delegation, step: Step) -> Task:
        return to_task(
            delegation,
            step,
            history=await self._histories.of(delegation),
            now=self._clock.now(),
            default_zone=self._parts.default_zone,
        )

    def _written(self, delegation: Delegation, step: Step) -> AbstractContextManager[Writing | None]:
        """Where the step's words go while it runs: nowhere, where another step reads them and makes the answer."""
        if self._parts.words is None or any(step.index in other.after for other in delegation.steps):
            return nullcontext()
        return self._parts.words.writing(delegation.id, step=step.index, agent=step.agent, claim=step.token)

    async def _result(
        self, delegation: Delegation, step: Step, task: Task, left: tuple[Writing | None, Ending]
    ) -> Result:
        """The step's result; what it writes and how it ends go where `left` says."""
        if step.crashes >= MAX_CRASHES:
            return Result(state=StepState.FAILED, error=failures.keeps_crashing(step.crashes))
        writing, ending = left
        changed = partial(self._changed, delegation)
        return await self._parts.runner.run(
            delegation, step, task, on_change=changed, writing=writing, ending=ending
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

    def _changed(self, delegation: Delegation, kind: EventKind | None = None) -> None:
        self._parts.events.ring(delegation.id)
        # An answer that is there already is put in the conversation right away, and shows it all.
        if delegation.state is not DelegationState.ANSWERED:
            platform, seen = delegation.instruction.address.platform, kind not in progress.UNSEEN
            # Rules plan in milliseconds, so that the placeholder was posted just then; a model leaves time to read it.
            since = None if delegation.planner == "model" else delegation.planned_at
            self._parts.delivery.touch(delegation.id, platform=platform, changed=seen, since=since)
