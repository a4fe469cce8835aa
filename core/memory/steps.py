"""The steps of delegations, in memory: claimed with a lease and a fencing token, ended only by the token's holder."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from core.memory.rows import CHECK, Rows
from core.models import Delegation, EventKind, Result, Step, StepState
from core.policies import alive
from core.ports.runs import LastTurn, Runs
from core.ports.store import Answering


class Steps(Rows):
    runs: Runs | None = None
    """What keeps the turns that are saved with the end of a step."""

    """The part of the Store port that deals with steps."""

    async def claim_step(
        self, step_id: str, *, now: datetime, lease_until: datetime
    ) -> tuple[Delegation, Step] | None:
        await self._arrive()
        step = self._find_step(step_id)
        if step is None or step.state not in (StepState.PENDING, StepState.RUNNING):
            return None
        crashed = step.state is StepState.RUNNING
        if crashed and alive(step.lease_until, now=now):
            return None
        step = self._change_step(
            step,
            crashes=step.crashes + crashed,
            state=StepState.RUNNING,
            attempts=step.attempts + 1,
            token=step.token + 1,
            lease_until=lease_until,
            started_at=step.started_at or now,
        )
        self._note(step, EventKind.STEP_STARTED, now=now)
        self._check_at(step.delegation_id, lease_until + timedelta(seconds=1))
        return self._get(step.delegation_id), step

    async def renew(self, held: Mapping[str, int], *, now: datetime, lease_until: datetime) -> frozenset[str]:
        await self._arrive()
        kept = [step for step_id, token in held.items() if (step := self._held(step_id, token)) is not None]
        for step in kept:
            self._change_step(step, lease_until=lease_until)
        return frozenset(step.id for step in kept)

    async def retrying(
        self, step_id: str, *, token: int, delay_seconds: float, reason: str, now: datetime
    ) -> bool:
        await self._arrive()
        step = self._held(step_id, token)
        if step is None:
            return False
        step = self._change_step(step, attempts=step.attempts + 1)
        extra = {"retryInSeconds": round(delay_seconds, 1), "error": reason}
        self._note(step, EventKind.STEP_RETRYING, now=now, **extra)
        return True

    async def release_step(self, step_id: str, *, token: int, now: datetime) -> bool:
        await self._arrive()
        step = self._held(step_id, token)
        if step is None:
            return False
        self._change_step(step, state=StepState.PENDING, lease_until=None)
        self._check_at(step.delegation_id, now)
        return True

    async def end_step(
        self,
        step_id: str,
        *,
        token: int,
        result: Result,
        now: datetime,
        answering: Answering | None = None,
        last: LastTurn | None = None,
    ) -> Delegation | None:
        await self._arrive()
        if last is not None:
            assert self.runs is not None, "a store that is given turns needs the runs that keep them"
            await self.runs.save_turn(last.step_id, last.index, last.turn)
        step = self._held(step_id, token)
        if step is None:
            return None
        self._end(step, result, now=now)
        self._check_at(step.delegation_id, now + CHECK)
        delegation = self._get(step.delegation_id)
        answer = answering(delegation) if answering is not None else None
        if answer is None:
            return delegation
        self._answer(delegation.id, delegation.round, answer, now=now)
        return self._get(delegation.id)

    async def skip_steps(self, step_ids: Sequence[str], *, reason: str, now: datetime) -> None:
        await self._arrive()
        for step_id in step_ids:
            step = self._find_step(step_id)
            if step is not None and step.state is StepState.PENDING:
                step = self._change_step(step, token=step.token + 1)
                self._end(step, Result(state=StepState.CANCELLED, error=reason), now=now)

    def _held(self, step_id: str, token: int) -> Step | None:
        step = self._find_step(step_id)
        held = step is not None and step.state is StepState.RUNNING and step.token == token
        return step if held else None

    def _end(self, step: Step, result: Result, *, now: datetime) -> None:
        step = self._change_step(step, state=result.state, lease_until=None, ended_at=now, result=result)
        self._note(step, EventKind.STEP_ENDED, now=now, state=result.outcome.value, error=result.error)
