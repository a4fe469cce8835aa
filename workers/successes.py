# mypy: allow-untyped-calls
# (RQ is only partly annotated.)
"""Recording many jobs that simply succeeded in one round trip, instead of eight for each of them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING

from rq.job import JobStatus, Retry
from rq.rate_limit import RateLimitRegistry
from rq.utils import now

from workers.bookkeeping import EXECUTION_PREFIX, EXECUTIONS_PREFIX, JOB_PREFIX, LIMIT_PREFIX, RESULT_PREFIX
from workers.runs import Run

if TYPE_CHECKING:
    from rq.worker import Worker

# Nothing is written of a job that somebody cancelled, requeued or started elsewhere while it ran (0), or that others
# wait for. Of the others, 2 says that jobs of the same limit wait for the place that is free now.
# KEYS: the started jobs, the worker's executions, the worker. ARGV: five prefixes, then in turn a job's id, its
# execution's, how many seconds it took and its limit's key.
RECORD_SCRIPT = """
local jobs, executions, lists, results, limits = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5]
local recorded = {}
local count, seconds = 0, 0
for at = 6, #ARGV, 4 do
    local id, execution, limit = ARGV[at], ARGV[at + 1], ARGV[at + 3]
    local job, list = jobs .. id, lists .. id
    local others = job .. ':dependents'
    local answer = 0
    if redis.call('HGET', job, 'status') == 'started' and redis.call('ZCARD', list) == 1
            and redis.call('ZSCORE', list, execution) and redis.call('EXISTS', others) == 0 then
        local member = id .. ':' .. execution
        redis.call('DEL', executions .. member, list, job, jobs .. ':' .. id .. ':dependencies', results .. id)
        redis.call('ZREM', KEYS[1], member)
        redis.call('SREM', KEYS[2], member)
        count, seconds, answer = count + 1, seconds + tonumber(ARGV[at + 2]), 1
        if limit ~= '' then
            redis.call('ZREM', limits .. limit .. ':allowed', id)
            if redis.call('EXISTS', limits .. limit .. ':rate_limited') == 1 then
                answer = 2
            end
        end
    end
    recorded[#recorded + 1] = answer
end
if count > 0 then
    redis.call('HINCRBY', KEYS[3], 'successful_job_count', count)
    redis.call('HINCRBYFLOAT', KEYS[3], 'total_working_time', string.format('%.6f', seconds))
end
return recorded
"""


class Successes:
    """Writes what RQ's `handle_job_success` writes for a job that keeps no result and has no one waiting for it."""

    def __init__(self, worker: Worker) -> None:
        self._worker = worker
        self._connection = worker.connection
        self._record = worker.connection.register_script(RECORD_SCRIPT)

    def record(self, runs: Sequence[Run]) -> list[Run]:
        """Record those that are as simple as that, at once; returns the others, of which nothing is written.

        Raises whatever redis raises.
        """
        left: list[Run] = []
        simple: list[Run] = []
        for run in runs:
            (simple if self._is_simple(run) else left).append(run)
        if not simple:
            return left
        places = set()
        for run, answer in zip(simple, self._commit(simple), strict=True):
            if answer == 0:
                run.job.ended_at, run.job._status = None, JobStatus.STARTED
                left.append(run)
                continue
            self._worker.executions.pop(run.execution.id, None)
            key, concurrency = run.job.rate_limit_key, run.job.rate_limit_concurrency
            if answer == 2 and key and concurrency:
                places.add((key, concurrency))
        self._fill(places)
        return left

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

    def _commit(self, runs: Sequence[Run]) -> list[int]:
        ended = now()
        arguments = [JOB_PREFIX, EXECUTION_PREFIX, EXECUTIONS_PREFIX, RESULT_PREFIX, LIMIT_PREFIX]
        for run in runs:
            job = run.job
            job.ended_at, job._status = ended, JobStatus.FINISHED
            seconds = (ended - job.started_at).total_seconds() if job.started_at is not None else 0.0
            limit = job.rate_limit_key if job.rate_limit_key and job.rate_limit_concurrency else ""
            arguments += (job.id, run.execution.id, seconds, limit)
        started = self._worker.queues[0].started_job_registry
        keys = [started.key, runs[0].execution.worker_executions_key, self._worker.key]
        recorded: list[int] = self._record(keys=keys, args=arguments)
        return recorded

    def _fill(self, places: Collection[tuple[str, int]]) -> None:
        """After what freed them, as RQ does it: the next ones of the same limit take their turns."""
        if not places:
            return
        with self._connection.pipeline() as pipeline:
            for key, concurrency in places:
                RateLimitRegistry(key, connection=self._connection).acquire_and_enqueue(
                    concurrency, pipeline=pipeline
                )
            pipeline.execute()
