"""Decisions as pure functions of values: what should run now, when to try again, how it all ended."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from core.errors import TransientError
from core.models import (
    Delegation,
    DelegationState,
    Frozen,
    Status,
    Step,
    StepState,
)

LEASE_SECONDS = 30.0
"""How long a claim lives without a renewal: a dead worker's step runs elsewhere within twice this time."""
LEASE_RENEWAL_SECONDS = 8.0
MAX_CRASHES = 3
"""A step that has taken this many workers down with it is not tried again."""
CHECK_SECONDS = 10.0
"""How long a delegation may be still before reconcile looks at it."""
FAR = timedelta(minutes=30)
"""Nothing is put off, and no lease given, for as long as this: an instant further away was written by a clock that has
been set back since, and is taken for one that has come."""
LONGEST_WAIT = timedelta(minutes=20)
"""How long an answer is left at the most, whatever its platform asks for."""
RETRY_EXPIRES = timedelta(hours=24)
RETRY_BASE_SECONDS = 1.0
RETRY_JITTER = 0.25
MAX_RETRY_AFTER_SECONDS = 120.0
HISTORY_EXCHANGES = 6


class Due(Frozen):
    """What `advance` should make happen, read off the rows alone."""

    plan: bool = False
    steps: tuple[Step, ...] = ()
    skip: tuple[Step, ...] = ()
    """Steps that can't run any more, since nothing they wait for succeeded."""
    finish: bool = False
    deliver: bool = False

    @property
    def nothing(self) -> bool:
        return not (self.plan or self.steps or self.skip or self.finish or self.deliver)


def due(delegation: Delegation, *, now: datetime) -> Due:
    """What should exist now and doesn't yet. Depends on the rows and the clock only, so anyone may ask at any time."""
    match delegation.state:
        case DelegationState.RECEIVED:
            return Due(plan=True)
        case DelegationState.ANSWERED:
            return Due(deliver=True)
        case DelegationState.DELIVERED:
            return Due()
    runnable: list[Step] = []
    skip: list[Step] = []
    for step in delegation.steps:
        if step.state.terminal or _held(step, now=now):
            continue
        before = [delegation.steps[index] for index in step.after]
        if not all(other.state.terminal for other in before):
            continue
        dead_end = bool(before) and not any(other.state is StepState.SUCCEEDED for other in before)
        (skip if dead_end else runnable).append(step)
    if runnable or skip:
        return Due(steps=tuple(runnable), skip=tuple(skip))
    return Due(finish=all(step.state.terminal for step in delegation.steps))


def _held(step: Step, *, now: datetime) -> bool:
    """Whether the step is not to be run now: somebody runs it, or a person's decision will dispatch it."""
    return step.state is StepState.WAITING or (
        step.state is StepState.RUNNING and alive(step.lease_until, now=now)
    )


def alive(lease_until: datetime | None, *, now: datetime) -> bool:
    """Whether a lease still holds."""
    return lease_until is not None and now < lease_until <= now + FAR


def status_of(steps: Sequence[Step], *, cancelled: bool = False) -> Status:
    """`success` if every step succeeded, `partial` if some did, `failed` if none did; a cancelled one says so."""
    if cancelled:
        return Status.CANCELLED
    succeeded = sum(step.state is StepState.SUCCEEDED for step in steps)
    if succeeded == len(steps):
        return Status.SUCCESS
    return Status.PARTIAL if succeeded else Status.FAILED


def retry_delay(
    error: Exception, *, attempt: int, max_retries: int, jitter: Callable[[], float]
) -> float | None:
    """Seconds until the next attempt after the `attempt`-th (from 1) failed with `error`; None: give up.

    1, 2, 4, 8 s, each with up to a quarter of jitter on top, and never less than the other side asked for
    (Retry-After); beyond two minutes waiting is no answer, so it gives up. `jitter` gives numbers in [0, 1).
    """
    if not isinstance(error, TransientError) or attempt > max_retries:
        return None
    delay = RETRY_BASE_SECONDS * 2.0 ** (attempt - 1) * (1 + RETRY_JITTER * jitter())
    if error.retry_after_seconds is not None:
        if error.retry_after_seconds > MAX_RETRY_AFTER_SECONDS:
            return None
        delay = max(delay, error.retry_after_seconds)
    return delay


def redelivery_delay(waiting: timedelta) -> timedelta:
    """How long to leave an answer that the platform doesn't take: longer the longer it has waited, 5 s to 5 min."""
    return min(max(waiting / 2, timedelta(seconds=5)), timedelta(minutes=5))


def step_timeout_seconds(*, attempt_seconds: float, max_retries: int) -> float:
    """The longest that all attempts of a step with their waits can take: the job's own time limit."""
    waits = sum(RETRY_BASE_SECONDS * 2.0**n * (1 + RETRY_JITTER) for n in range(max_retries))
    return attempt_seconds * (max_retries + 1) + max(waits, MAX_RETRY_AFTER_SECONDS * max_retries) + 30.0
