"""Handing work to the workers."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from enum import StrEnum
from typing import Protocol

from core.models import Frozen


class JobKind(StrEnum):
    PLAN = "plan"
    STEP = "step"
    FINISH = "finish"
    DELIVER = "deliver"


class Job(Frozen):
    """One piece of work: what to do and the id of what to do it to. Never text of a person's."""

    id: str
    kind: JobKind
    target: str
    """A step's id for `step`, a delegation's for the others."""
    person: str = ""
    """Whose share of the workers it takes; empty: it takes nobody's, and waits behind nobody's."""
    timeout_seconds: float = 60.0


class JobQueue(Protocol):
    """A durable-enough queue: it may lose everything, since all of it can be made again from the store."""

    async def enqueue(self, jobs: Sequence[Job]) -> None:
        """Queue each job unless one with its id exists. Safe to repeat. Raises QueueUnavailable."""
        ...

    async def alive(self, job_ids: Collection[str]) -> frozenset[str]:
        """Which of these are waiting, due later, or running under a living worker. Raises QueueUnavailable."""
        ...

    async def waited(self, person: str | None = None) -> float:
        """How many seconds the job that is to be begun next has waited; 0 where none waits. Raises QueueUnavailable.

        With a person: the first of those that wait for this person's own to end.
        """
        ...

    async def stop(self, job_ids: Collection[str]) -> None:
        """Take these out of the queue, or stop them where they run; best effort, safe to repeat."""
        ...
