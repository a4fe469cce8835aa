"""Which jobs stand for what is due: deterministic ids, so that asking twice makes one job."""

from __future__ import annotations

from core.models import Delegation
from core.policies import Due
from core.ports.job_queue import Job, JobKind

STAGE_TIMEOUT_SECONDS = 180.0


def to_jobs(delegation: Delegation, due: Due, *, step_timeout_seconds: float) -> tuple[Job, ...]:
    """The jobs for what is due. An id holds the row and its dispatch generation, nothing of a person's."""
    person = delegation.instruction.person.id
    jobs = [_stage(delegation, kind) for kind, wanted in _stages(due) if wanted]
    for step in due.steps:
        jobs.append(
            Job(
                id=f"step-{step.id}-{step.generation}",
                kind=JobKind.STEP,
                target=step.id,
                person=person,
                timeout_seconds=step_timeout_seconds,
            )
        )
    return tuple(jobs)


def to_step_jobs(delegation: Delegation) -> tuple[str, ...]:
    """The ids under which this delegation's steps may be queued or running."""
    return tuple(f"step-{step.id}-{step.generation}" for step in delegation.steps if not step.state.terminal)


def _stages(due: Due) -> tuple[tuple[JobKind, bool], ...]:
    return ((JobKind.PLAN, due.plan), (JobKind.FINISH, due.finish), (JobKind.DELIVER, due.deliver))


def _stage(delegation: Delegation, kind: JobKind) -> Job:
    # Planning is work that somebody asked for; what brings its answer home has its place already.
    person = delegation.instruction.person.id if kind is JobKind.PLAN else ""
    return Job(
        id=f"{kind.value}-{delegation.id}-{delegation.generation}",
        kind=kind,
        target=delegation.id,
        person=person,
        timeout_seconds=STAGE_TIMEOUT_SECONDS,
    )
