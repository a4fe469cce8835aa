"""One step from its task to its result: attempts, time limits, and what is said when it can't be done."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from tenacity import AsyncRetrying, RetryCallState, retry_if_exception_type

from core.agent_loop import AgentLoop
from core.errors import (
    AwaitsApproval,
    Denied,
    ModelUnavailable,
    PermanentError,
    StepFailed,
    StoreUnavailable,
    TransientError,
)
from core.integrations.masking import KNOWN
from core.live_words import Writing
from core.models import Agent, Delegation, Event, EventKind, Result, Step, StepState, Task
from core.policies import retry_delay, step_timeout_seconds
from core.ports.clock import Clock
from core.ports.runs import Ending
from core.ports.store import Store
from core.rendering import failures
from core.roster import Roster

logger = logging.getLogger(__name__)
TRANSIENT = (TransientError,)


@dataclass(frozen=True)
class RunLimits:
    """What one step may take where its agent says nothing else."""

    attempt_seconds: float = 30.0
    max_retries: int = 3


class StepRunner:
    """Runs agents; whatever an agent does, what comes back is a Result."""

    def __init__(
        self,
        *,
        agents: Mapping[str, Agent],
        loop: AgentLoop,
        store: Store,
        clock: Clock,
        limits: RunLimits,
        jitter: Callable[[], float] = random.random,
        roster: Roster | None = None,
    ) -> None:
        self.agents = agents
        self.roster = roster or Roster(files=agents)
        self._loop = loop
        self._store = store
        self._clock = clock
        self._limits = limits
        self._jitter = jitter

    @property
    def longest_seconds(self) -> float:
        """The longest that any step can take with all its attempts and waits."""
        return step_timeout_seconds(
            attempt_seconds=self.longest_attempt_seconds, max_retries=self._limits.max_retries
        )

    @property
    def longest_attempt_seconds(self) -> float:
        """The longest that an attempt may take; what people make must stay within it."""
        longest = max((self._attempt_seconds(agent) for agent in self.agents.values()), default=0.0)
        return max(longest, self._limits.attempt_seconds)

    def lacks(self, agents: Iterable[Agent]) -> str | None:
        """Why one of these agents can't do anything at all here, for people; None where all may."""
        return next((said for agent in agents if (said := self._loop.lacks(agent)) is not None), None)

    async def run(
        self,
        delegation: Delegation,
        step: Step,
        task: Task,
        *,
        on_change: Callable[[EventKind], None],
        writing: Writing | None = None,
        ending: Ending | None = None,
    ) -> Result:
        """The step's result; `writing` gets its words while they come, `on_change` what else became known of it.

        An `ending` gets the last turn, which is to be saved with the end of the step, or else by `keep`.
        Raises StoreUnavailable (the step is run again), AwaitsApproval (it waits) and CancelledError, nothing else.
        """
        cast = await self.roster.cast(delegation, step)
        if isinstance(cast, str):
            return Result(state=StepState.FAILED, error=cast)
        agent, version = cast
        result = await self._attempted(_Run(self, delegation, step, task, agent, on_change, writing, ending))
        return result if version is None else result.model_copy(update={"agent_version": version})

    async def keep(self, ending: Ending) -> None:
        """See AgentLoop.keep."""
        await self._loop.keep(ending)

    async def _attempted(self, run: _Run) -> Result:
        try:
            return _encodable(await run.attempts())
        except (StoreUnavailable, AwaitsApproval):
            raise
        except Exception as error:
            result = _encodable(await self._failed(run, error))
            # The turns of a run that came to nothing were paid for all the same.
            spent = await self._loop.spent(run_id(run.delegation, run.step))
            return result.model_copy(update={"usage": spent})

    async def _failed(self, run: _Run, error: Exception) -> Result:
        match error:
            case TimeoutError():
                sentence = failures.took_too_long(self._attempt_seconds(run.agent))
                return Result(state=StepState.TIMED_OUT, error=sentence)
            case Denied():
                return Result(state=StepState.DENIED, error=error.sentence)
            case PermanentError():
                return Result(state=StepState.FAILED, error=error.sentence)
            case TransientError():
                return await self._without_model(run, error)
        logger.error("step %s (%s) broke", run.step.id, run.step.agent, exc_info=error)
        return Result(state=StepState.FAILED, error=failures.went_wrong(run.step.agent, run.delegation.id))

    async def _without_model(self, run: _Run, error: TransientError) -> Result:
        """The model is out: an agent whose tools can read the task by themselves still answers."""
        if isinstance(error, ModelUnavailable) and run.agent.tools:
            try:
                async with asyncio.timeout(self._attempt_seconds(run.agent)):
                    return await self._loop.run_without_model(
                        run.agent, run.task, step_id=run_id(run.delegation, run.step)
                    )
            except (StepFailed, TransientError, TimeoutError):
                logger.info("step %s can't do without its model either", run.step.id)
        return Result(state=StepState.FAILED, error=failures.gave_up(error.sentence, attempts=run.attempt))

    def _attempt_seconds(self, agent: Agent) -> float:
        return agent.limits.timeout_seconds or self._limits.attempt_seconds


@dataclass
class _Run:
    """The attempts of one claim of one step."""

    runner: StepRunner
    delegation: Delegation
    step: Step
    task: Task
    agent: Agent
    on_change: Callable[[EventKind], None]
    writing: Writing | None = None
    ending: Ending | None = None
    attempt: int = 0

    async def attempts(self) -> Result:
        try:
            return await self._once()
        except TRANSIENT as error:
            failed = error
        # Nearly every first attempt is the only one: what goes about the others is built when there are any.
        return await self._again_after(failed)

    async def _again_after(self, failed: TransientError) -> Result:
        first = [failed]

        async def attempt() -> Result:
            if first:
                raise first.pop()
            return await self._once()

        retrying = AsyncRetrying(
            sleep=self.runner._clock.sleep,
            stop=lambda state: self._delay(state) is None,
            wait=lambda state: self._delay(state) or 0.0,
            retry=retry_if_exception_type(TRANSIENT),
            before_sleep=self._note_retry,
            reraise=True,
        )
        return await retrying(attempt)

    async def _once(self) -> Result:
        self.attempt += 1
        self._chosen: float | None = None
        self._decided = False
        async with asyncio.timeout(self.runner._attempt_seconds(self.agent)):
            return await self.runner._loop.run(
                self.agent,
                self.task,
                step_id=run_id(self.delegation, self.step),
                on_progress=self._on_progress,
                writing=self.writing,
                # The first claim that there ever was; whoever claims, or takes away, raises the token.
                fresh=self.attempt == 1 and self.step.token == 1,
                ending=self.ending,
            )

    def _delay(self, state: RetryCallState) -> float | None:
        # tenacity asks twice, for stop and for wait; the jitter must be rolled once.
        if not self._decided:
            error = state.outcome.exception() if state.outcome else None
            self._decided = True
            self._chosen = (
                retry_delay(
                    error,
                    attempt=self.attempt,
                    max_retries=self.runner._limits.max_retries,
                    jitter=self.runner._jitter,
                )
                if isinstance(error, Exception)
                else None
            )
        return self._chosen

    async def _note_retry(self, state: RetryCallState) -> None:
        if self.writing is not None:
            self.writing.begin()
        error = state.outcome.exception() if state.outcome else None
        reason = error.sentence if isinstance(error, TransientError) else ""
        await self.runner._store.retrying(
            self.step.id,
            token=self.step.token,
            delay_seconds=self._chosen or 0.0,
            reason=KNOWN.mask(reason),
            now=self.runner._clock.now(),
        )
        self.on_change(EventKind.STEP_RETRYING)

    async def _on_progress(self, kind: str, data: dict[str, Any]) -> None:
        if kind not in (EventKind.TOOL_DENIED, EventKind.STEP_TOOL):
            return
        event = Event(
            delegation_id=self.delegation.id,
            kind=EventKind(kind),
            at=self.runner._clock.now(),
            data={"step": self.step.index, "agent": self.step.agent, **data},
        )
        await self.runner._store.append(event)
        self.on_change(event.kind)


def _encodable(result: Result) -> Result:
    """The result without known secrets, and without halves of surrogate pairs, which no platform takes."""
    return result.model_copy(
        update={
            "output": _clean(result.output),
            "error": _clean(result.error or "") or None,
            "artifacts": tuple(one.model_copy(update={"name": _clean(one.name)}) for one in result.artifacts),
            "addresses": tuple(_clean(address) for address in result.addresses),
        }
    )


def _clean(text: str) -> str:
    return KNOWN.mask(_paired(text))


def _paired(text: str) -> str:
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def run_id(delegation: Delegation, step: Step) -> str:
    """Under which id the run's turns and calls are saved: a person's "try again" begins a new run."""
    return f"{step.id}-{delegation.round}"
