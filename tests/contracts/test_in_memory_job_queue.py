"""`InMemoryJobQueue` does what tests of the path count on, beside the port's own contract."""

from __future__ import annotations

import pytest

from core.memory.job_queue import InMemoryJobQueue
from core.ports.job_queue import Job, JobKind

STAGE = Job(id="plan-d1-0", kind=JobKind.PLAN, target="d1")
STEP = Job(id="step-d1-0-0", kind=JobKind.STEP, target="d1-0", person="toy:W1:U1")


async def test_a_job_of_the_fake_counts_as_running_until_it_is_done() -> None:
    queue = InMemoryJobQueue()
    await queue.enqueue([STAGE, STEP])
    taken = queue.pop()
    assert taken == STAGE
    await queue.enqueue([STAGE])
    assert list(queue.waiting) == [STEP.id]
    assert await queue.alive([STAGE.id]) == {STAGE.id}
    queue.done(STAGE.id)
    assert await queue.alive([STAGE.id, STEP.id]) == {STEP.id}
    queue.lose(STEP.id)
    assert await queue.alive([STEP.id]) == frozenset()
    with pytest.raises(LookupError):
        queue.pop()


async def test_the_fake_stops_running_jobs_that_make_new_ones_for_ever() -> None:
    queue = InMemoryJobQueue()

    async def again(job: Job) -> None:
        await queue.enqueue([job.model_copy(update={"id": job.id + "+"})])

    await queue.enqueue([STAGE])
    with pytest.raises(RuntimeError):
        await queue.run_all(again, limit=10)
