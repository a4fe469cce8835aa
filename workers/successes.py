# mypy: allow-untyped-calls
# (RQ is only partly annotated.)
"""Recording many jobs that simply succeeded in one round trip, instead of eight for each of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rq.job import JobStatus, Retry
from rq.utils import now, utcformat

from adapters.queue.enqueuing import LET_IN, LIMIT_PREFIX
from workers.bookkeeping import (
    EXECUTION_PREFIX,
    EXECUTIONS_PREFIX,
    JOB_PREFIX,
    QUEUE_PREFIX,
    RESULT_PREFIX,
)
from workers.outage import Script
from workers.runs import Run

if TYPE_CHECKING:
    from rq.worker import Worker

# Nothing is written of a job that somebody cancelled, requeued or started elsewhere while it ran (0), or that others
# wait for. Those who wait for the place of one that is recorded take their turns.
# KEYS: the started jobs, the worker's executions, the worker. ARGV: prefixes of queues, jobs, executions, lists of
# executions, results and limits, the second, now as text; then for each job its id, its execution's, how many seconds
# it took, its limit's key or nothing and how many at once that lets in.
RECORD_SCRIPT = (
    LET_IN
    + """
local queues, jobs, executions, lists, results, limits = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5], ARGV[6]
local second, stamp = ARGV[7], ARGV[8]
local recorded, order, concurrencies = {}, {}, {}
local count, seconds = 0, 0
for at = 9, #ARGV, 5 do
    local id, execution, limit = ARGV[at], ARGV[at + 1], ARGV[at + 3]
    local job, list = jobs .. id, lists .. id
    local answer = 0
    if redis.call('HGET', job, 'status') == 'started' and redis.call('ZCARD', list) == 1
            and redis.call('ZSCORE', list, execution) and redis.call('EXISTS', job .. ':dependents') == 0 then
        local member = id .. ':' .. execution
        redis.call('DEL', executions .. member, list, job, jobs .. ':' .. id .. ':dependencies', results .. id)
        redis.call('ZREM', KEYS[1], member)
        redis.call('SREM', KEYS[2], member)
        count, seconds, answer = count + 1, seconds + tonumber(ARGV[at + 2]), 1
        if limit ~= '' then
            redis.call('ZREM', limits .. limit .. ':allowed', id)
            if not concurrencies[limit] then
                order[#order + 1] = limit
            end
            concurrencies[limit] = ARGV[at + 4]
        end
    end
    recorded[#recorded + 1] = answer
end
if count > 0 then
    redis.call('HINCRBY', KEYS[3], 'successful_job_count', count)
    redis.call('HINCRBYFLOAT', KEYS[3], 'total_working_time', string.format('%.6f', seconds))
end
for _, limit in ipairs(order) do
    local key = limits .. limit
    let_in({key .. ':allowed', key .. ':rate_limited'}, {concurrencies[limit], second, stamp, queues, jobs})
end
return recorded
"""
)


class Successes:
    """Writes what RQ's `handle_job_success` writes for a job that keeps no result and has no one waiting for it."""

    def __init__(self, worker: Worker) -> None:
        self._worker = worker
        self._record = Script(worker.connection, RECORD_SCRIPT)

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
        for run, recorded in zip(simple, self._commit(simple), strict=True):
            if recorded:
                self._worker.executions.pop(run.execution.id, None)
            else:
                run.job.ended_at, run.job._status = None, JobStatus.STARTED
                left.append(run)
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
        arguments: list[str | int | float]
        arguments = [
            QUEUE_PREFIX,
            JOB_PREFIX,
            EXECUTION_PREFIX,
            EXECUTIONS_PREFIX,
            RESULT_PREFIX,
            LIMIT_PREFIX,
        ]
        arguments += [int(ended.timestamp()), utcformat(ended)]
        for run in runs:
            job = run.job
            job.ended_at, job._status = ended, JobStatus.FINISHED
            seconds = (ended - job.started_at).total_seconds() if job.started_at is not None else 0.0
            key, concurrency = job.rate_limit_key, job.rate_limit_concurrency
            limit = (key, concurrency) if key and concurrency else ("", 0)
            arguments += (job.id, run.execution.id, seconds, *limit)
        started = self._worker.queues[0].started_job_registry
        keys = [started.key, runs[0].execution.worker_executions_key, self._worker.key]
        recorded: list[int] = self._record(keys=keys, args=arguments)
        return recorded
