# mypy: allow-untyped-calls
# (RQ is only partly annotated.)
"""Jobs that are enqueued together, by a script, are in Redis as RQ would have put them there one by one."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from rq.job import Job
from rq.queue import Queue
from rq.rate_limit import RateLimit, RateLimitRegistry
from rq.utils import now

from adapters.queue.enqueuing import Enqueuing
from tests.contracts.worker_harness import contents

pytestmark = pytest.mark.slow


def jobs_on(queue: Queue, ids: str, *, person: str = "") -> list[Job]:
    limit = RateLimit(key=person, concurrency=2) if person else None
    return [
        queue.create_job(
            "some.function", args=(name,), job_id=name, result_ttl=0, timeout=9, rate_limit=limit
        )
        for name in ids
    ]


def mixed(queue: Queue) -> list[Job]:
    return [*jobs_on(queue, "xa"), *jobs_on(queue, "cdb", person="p"), *jobs_on(queue, "e", person="q")]


@pytest.mark.parametrize("make", [mixed, lambda queue: jobs_on(queue, "a")], ids=["mixed", "one"])
def test_what_is_enqueued_is_what_rq_enqueues(make: Callable[[Queue], list[Job]], queue: Queue) -> None:
    for job in make(queue):
        queue.enqueue_job(job)
    expected, order = contents(queue), queue.job_ids
    queue.connection.flushall()
    Enqueuing(queue).enqueue(make(queue), instant=now())
    assert (contents(queue), queue.job_ids) == (expected, order)


def test_what_exists_is_left_as_it_is(queue: Queue) -> None:
    enqueuing = Enqueuing(queue)
    enqueuing.enqueue([*jobs_on(queue, "a"), *jobs_on(queue, "bcd", person="p")], instant=now())
    before = contents(queue), queue.job_ids
    enqueuing.enqueue([*jobs_on(queue, "aa"), *jobs_on(queue, "dbc", person="p")], instant=now())
    enqueuing.enqueue([], instant=now())
    assert (contents(queue), queue.job_ids) == before
    assert queue.job_ids == ["a", "b", "c"]


def test_more_than_one_call_takes_keep_their_order(queue: Queue) -> None:
    ids = [str(number) for number in range(250)]
    limit = RateLimit(key="p", concurrency=1)
    jobs = [queue.create_job("some.function", job_id=name, rate_limit=limit) for name in ids]
    Enqueuing(queue).enqueue(jobs, instant=now())
    assert (
        queue.job_ids + RateLimitRegistry("p", connection=queue.connection).get_rate_limited_job_ids() == ids
    )


def test_those_who_wait_are_let_in_in_their_order_whatever_their_ids(queue: Queue) -> None:
    Enqueuing(queue).enqueue(jobs_on(queue, "zyxw", person="p"), instant=now())
    assert queue.job_ids == ["z", "y"]
    assert [job.id for job in jobs_on(queue, "zyxw") if Job.fetch(job.id, queue.connection).is_queued] == [
        "z",
        "y",
    ]
