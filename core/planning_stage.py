"""Stage 2: what is to be done about an instruction. Agents are chosen for it, or one of the desks answers it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from core.agent_loop.taint import outside
from core.context import to_task
from core.finishing import Finishing
from core.histories import Histories
from core.integrations.masking import KNOWN
from core.models import Delegation, Exchange, Instruction, Plan, Reply, Status, Task
from core.parts import Parts
from core.ports.planner import PlanRequest
from core.rendering import answers, failures
from core.roster import Crew
from core.schedules.firing import ORIGIN as SCHEDULE
from core.schedules.understanding import Understood

logger = logging.getLogger(__name__)
PLANNING_SECONDS = 120.0
"""Shorter than the planning job's own time limit, so that a planner that never ends still gives an answer."""


class PlanningStage:
    """Plans, or answers at once; what the steps of a plan then do is the coordinator's."""

    def __init__(
        self,
        parts: Parts,
        *,
        histories: Histories,
        finishing: Finishing,
        changed: Callable[[Delegation], None],
    ) -> None:
        """`changed` is told of what people see."""
        self._parts = parts
        self._store = parts.store
        self._clock = parts.clock
        self._histories = histories
        self._finishing = finishing
        self._changed = changed

    async def plan(self, delegation: Delegation, roster: int) -> Delegation | None:
        """Plan and save it; the delegation as it was saved, where it has steps to run now.

        `roster` is the version of the workspace's roster of made agents that was read along with the delegation.
        """
        history = await self._histories.of(delegation)
        task = to_task(
            delegation, history=history, now=self._clock.now(), default_zone=self._parts.default_zone
        )
        crew = await self._parts.runner.roster.crew(delegation, version=roster)
        request = self._request(delegation.instruction, task, crew)
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
            self._changed(planned or delegation)
            return planned
        else:
            reply = await self._finishing.noted(
                answers.question(plan, instruction=task.instruction, tainted=bool(outside(task))),
                delegation,
                plan,
            )
            await self._answer(delegation, Status.SUCCESS if plan.answered else Status.FAILED, reply)
        return None

    def _request(self, instruction: Instruction, task: Task, crew: Crew) -> PlanRequest:
        aloud = self._parts.delivery.shared(instruction.address)
        return PlanRequest(
            task=task,
            agents=crew.usable_by(instruction.person.id),
            preferred_agents=instruction.preferred_agents,
            unnamed=crew.private_to(instruction.person.id) if aloud else frozenset(),
        )

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
        """What the desks for money, agents and schedules make of it; what comes from a schedule is run, not talked
        about."""
        instruction = delegation.instruction
        if self._parts.money is not None and (said := await self._parts.money.answer(delegation)) is not None:
            return said
        if instruction.origin == SCHEDULE or instruction.preferred_agents:
            return None
        for desk in (self._parts.making, self._parts.desk):
            heard = await desk.answer(delegation, history=history) if desk is not None else None
            if heard is not None:
                return heard
        return None

    async def _answer(self, delegation: Delegation, status: Status, reply: Reply) -> None:
        platform = delegation.instruction.address.platform
        await self._store.save_answer(
            delegation.id,
            round=delegation.round,
            status=status,
            reply=reply.model_copy(update={"text": KNOWN.mask(reply.text)}),
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
