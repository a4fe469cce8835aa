# mypy: allow-untyped-calls
# (RQ is only partly annotated.)
"""Recording many jobs that simply succeeded in a handful of round trips, instead of eight for each of them."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from rq.executions import ExecutionRegistry
from rq.job import JobStatus, Retry
from rq.rate_limit import RateLimitRegistry
from rq.results import Result
from rq.utils import as_text, now

from workers.runs import Run

if TYPE_CHECKING:
    from rq.worker import Worker


class Successes:
    """Writes what RQ's `handle_job_success` writes for a job that keeps no result and has no one waiting for it."""

    def __init__(self, worker: Worker) -> None:
        self._worker = worker
        self._connection = worker.connection

    def record(self, runs: list[Run]) -> list[Run]:
        """Record those that are as simple as that, in one transaction; returns the others, of which nothing is written.

        Raises WatchError where a dependent was added meanwhile, and whatever redis raises.
        """
        simple = self._undisturbed([run for run in runs if self._is_simple(run)])
        if simple and self._commit(simple):
            self._release_slots(simple)
            return [run for run in runs if run not in simple]
        return runs

    def _is_simple(self, run: Run) -> bool:
        job = run.job
        return (
            run.ending is None
            and run.exc_info is None
            and not run.lost
            and not run.attempts
            and not isinstance(run.value, Retry)
            and job.get_result_ttl(self._worker.default_result_ttl) == 0
            and not job._success_callback_name
            and not job.webhooks
            and not job.repeats_left
            and not job.group_id
        )

    def _undisturbed(self, runs: list[Run]) -> list[Run]:
        """Those that nobody cancelled, requeued or started elsewhere while they ran."""
        with self._connection.pipeline(transaction=False) as pipeline:
            for run in runs:
                pipeline.hget(run.job.key, "status")
                pipeline.zrange(ExecutionRegistry(run.job.id, connection=self._connection).key, 0, -1)
            answers = pipeline.execute()
        return [
            run
            for run, status, executions in zip(runs, answers[::2], answers[1::2], strict=True)
            if status is not None
            and as_text(status) == JobStatus.STARTED
            and [as_text(execution) for execution in executions] == [run.execution.id]
        ]

    def _commit(self, runs: list[Run]) -> bool:
        worker = self._worker
        dependents = [run.job.dependents_key for run in runs]
        with self._connection.pipeline() as pipeline:
            pipeline.watch(*dependents)
            if pipeline.exists(*dependents):
                return False
            pipeline.multi()
            worked = 0.0
            for run in runs:
                job = run.job
                job.ended_at = now()
                job._status = JobStatus.FINISHED
                if job.started_at is not None:
                    worked += (job.ended_at - job.started_at).total_seconds()
                worker.cleanup_execution(job, pipeline=pipeline, execution=run.execution)
                pipeline.delete(job.key, job.dependents_key, job.dependencies_key, Result.get_key(job.id))
            pipeline.hincrby(worker.key, "successful_job_count", len(runs))
            pipeline.hincrbyfloat(worker.key, "total_working_time", worked)
            pipeline.execute()
        return True

    def _release_slots(self, runs: list[Run]) -> None:
        """After the transaction, as RQ does it: the next ones of the same limit take their turns."""
        limits: dict[str, list[Run]] = defaultdict(list)
        for run in runs:
            if run.job.rate_limit_key and run.job.rate_limit_concurrency:
                limits[run.job.rate_limit_key].append(run)
        if not limits:
            return
        with self._connection.pipeline() as pipeline:
            for key, released in limits.items():
                registry = RateLimitRegistry(key, connection=self._connection)
                pipeline.zrem(registry.allowed_key, *(run.job.id for run in released))
                concurrency = released[-1].job.rate_limit_concurrency
                assert concurrency is not None
                registry.acquire_and_enqueue(concurrency, pipeline=pipeline)
            pipeline.execute()
