"""`InMemoryJobQueue`: jobs in a list, for a test to run."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Sequence

from core.errors import QueueUnavailable
from core.ports.job_queue import Job

Run = Callable[[Job], Awaitable[None]]


class InMemoryJobQueue:
    """The JobQueue port in this process. A job exists from `enqueue` until it has run, was stopped or got lost."""

    def __init__(self) -> None:
        self.waited_seconds = 0.0
        """What `waited` says."""
        self.held_back: dict[str, float] = {}
        """What `waited` says of a person's own."""
        self.available = True
        """False: every method raises QueueUnavailable, as if the server were gone."""
        self.waiting: dict[str, Job] = {}
        """By id, oldest first."""
        self.running: dict[str, Job] = {}
        self.enqueued: list[Job] = []
        """Every job that was ever taken in, in order."""
        self.stopped: list[str] = []
        """Every id that was asked to be stopped, in order."""

    async def enqueue(self, jobs: Sequence[Job]) -> None:
        await self._arrive()
        for job in jobs:
            if job.id not in self.waiting and job.id not in self.running:
                self.waiting[job.id] = job
                self.enqueued.append(job)

    async def alive(self, job_ids: Collection[str]) -> frozenset[str]:
        await self._arrive()
        return frozenset(job_ids) & (self.waiting.keys() | self.running.keys())

    async def waited(self, person: str | None = None) -> float:
        await self._arrive()
        if person is not None:
            return self.held_back.get(person, 0.0)
        return self.waited_seconds if self.waiting else 0.0

    async def stop(self, job_ids: Collection[str]) -> None:
        await self._arrive()
        for job_id in job_ids:
            self.stopped.append(job_id)
            self.lose(job_id)

    def pop(self) -> Job:
        """Take the oldest waiting job out; until `done` it counts as running. Raises LookupError where none waits."""
        if not self.waiting:
            raise LookupError("no job is waiting")
        job = self.waiting.pop(next(iter(self.waiting)))
        self.running[job.id] = job
        return job

    def done(self, job_id: str) -> None:
        """The job has ended, well or not."""
        self.running.pop(job_id, None)

    def lose(self, job_id: str) -> None:
        """Forget the job, as a killed worker or an emptied server does."""
        self.waiting.pop(job_id, None)
        self.running.pop(job_id, None)

    def lose_all(self) -> None:
        self.waiting.clear()
        self.running.clear()

    async def run_next(self, run: Run) -> Job:
        """Run the oldest waiting job and return it."""
        job = self.pop()
        try:
            await run(job)
        finally:
            self.done(job.id)
        return job

    async def run_all(self, run: Run, *, limit: int = 1000) -> int:
        """Run jobs, and those that they enqueue, until none waits; returns how many ran.

        Raises RuntimeError beyond `limit`: they would go on for ever.
        """
        for ran in range(limit):
            if not self.waiting:
                return ran
            await self.run_next(run)
        raise RuntimeError(f"there were still jobs after {limit}")

    async def _arrive(self) -> None:
        await asyncio.sleep(0)
        if not self.available:
            raise QueueUnavailable
