# mypy: allow-untyped-calls
# (RQ is only partly annotated.)
"""Taking jobs off the queue and starting them, many in one round trip each."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass

from rq.job import Job, JobStatus
from rq.utils import as_text, current_timestamp, now, utcformat
from rq.worker import Worker

from adapters.queue.lean_job import LeanJob
from workers.bookkeeping import EXECUTION_PREFIX, EXECUTIONS_PREFIX, JOB_PREFIX
from workers.outage import Script
from workers.runs import Run

logger = logging.getLogger("flowmate.worker")

# Fields without a value are left out: RQ reads them as if they were not there.
# KEYS: the queue, its intermediate list. ARGV: prefix of jobs, how many to move, ids that were moved before.
TAKE_SCRIPT = """
local taken = {}
for at = 3, #ARGV do
    taken[#taken + 1] = ARGV[at]
end
for _ = 1, tonumber(ARGV[2]) do
    local id = redis.call('LMOVE', KEYS[1], KEYS[2], 'LEFT', 'RIGHT')
    if not id then
        break
    end
    taken[#taken + 1] = id
end
local found = {}
for at, id in ipairs(taken) do
    local hash = redis.call('HGETALL', ARGV[1] .. id)
    local fields = {}
    for field = 1, #hash, 2 do
        if hash[field + 1] ~= '' then
            fields[#fields + 1] = hash[field]
            fields[#fields + 1] = hash[field + 1]
        end
    end
    found[at] = {id, fields}
end
return found
"""

# What RQ's `prepare_execution` and `prepare_job_execution` write, for those that are still in the intermediate list.
# One that isn't was put back by a sweep, unless an earlier call, whose answer was lost, has started it.
# KEYS: the intermediate list, the started jobs, the worker's executions. ARGV: three prefixes, the worker's name, now
# as text and in seconds, how long an execution lives, when it ends, the same two for the job's list of executions,
# then a job's id and an execution's in turn.
START_SCRIPT = """
local jobs, executions, lists = ARGV[1], ARGV[2], ARGV[3]
local worker, stamp, seconds = ARGV[4], ARGV[5], ARGV[6]
local ttl, until_, list_ttl, list_until = ARGV[7], ARGV[8], ARGV[9], ARGV[10]
local started = {}
local members = {}
for at = 11, #ARGV, 2 do
    local id, execution = ARGV[at], ARGV[at + 1]
    local member = id .. ':' .. execution
    if redis.call('LREM', KEYS[1], 1, id) == 1 or redis.call('ZSCORE', KEYS[2], member) then
        local key, list = executions .. member, lists .. id
        redis.call('HSET', key, 'id', execution, 'job_id', id, 'created_at', seconds, 'last_heartbeat', seconds,
            'worker_name', worker)
        redis.call('EXPIRE', key, ttl)
        redis.call('ZADD', list, list_until, execution)
        redis.call('EXPIRE', list, list_ttl)
        redis.call('ZADD', KEYS[2], until_, member)
        redis.call('HSET', jobs .. id, 'status', 'started', 'last_heartbeat', stamp, 'started_at', stamp,
            'worker_name', worker)
        redis.call('PERSIST', jobs .. id)
        redis.call('SADD', KEYS[3], member)
        started[#started + 1] = 1
    else
        started[#started + 1] = 0
    end
end
redis.call('EXPIRE', KEYS[3], list_ttl)
return started
"""


@dataclass(frozen=True, slots=True)
class Taken:
    """A job that was moved to the intermediate list; `job` is None where it is gone or can't be read."""

    job_id: str
    job: Job | None


class Claims:
    """The two steps from the queue to a job's start; what is between them is in the queue's intermediate list."""

    def __init__(self, worker: Worker) -> None:
        self._worker = worker
        self._queue = worker.queues[0]
        self._take = Script(worker.connection, TAKE_SCRIPT)
        self._start = Script(worker.connection, START_SCRIPT)

    def take(self, job_ids: Sequence[str], *, more: int) -> list[Taken]:
        """Reads these, which were moved before, and up to that many more, which it moves."""
        queue = self._queue
        found = self._take(
            keys=[queue.key, queue.intermediate_queue_key], args=[JOB_PREFIX, max(0, more), *job_ids]
        )
        return [Taken(as_text(job_id), self._read(as_text(job_id), fields)) for job_id, fields in found]

    def start(self, runs: Sequence[Run]) -> list[bool]:
        """Marks the runs as started; returns which of them are this worker's to run, and writes nothing of others.

        Repeating it with the same runs is safe.
        """
        worker, queue, began = self._worker, self._queue, now()
        ttl, second, stamp = worker.get_heartbeat_ttl(runs[0].job), current_timestamp(), utcformat(began)
        arguments: list[str | int | float]
        arguments = [JOB_PREFIX, EXECUTION_PREFIX, EXECUTIONS_PREFIX, worker.name, stamp, began.timestamp()]
        arguments += [ttl, second + ttl, ttl + 60, second + ttl + 60]
        for run in runs:
            arguments += (run.job.id, run.execution.id)
        keys = [queue.intermediate_queue_key, queue.started_job_registry.key]
        started = self._start(keys=[*keys, runs[0].execution.worker_executions_key], args=arguments)
        for run in runs:
            run.execution.created_at = run.execution.last_heartbeat = began
            run.job.worker_name = worker.name
            run.job.started_at = run.job.last_heartbeat = began
            run.job._status = JobStatus.STARTED
        return [bool(each) for each in started]

    def _read(self, job_id: str, fields: list[bytes]) -> Job | None:
        if not fields:
            return None
        try:
            job = LeanJob(job_id, connection=self._worker.connection, serializer=self._worker.serializer)
            values = iter(fields)
            job.restore(dict(zip(values, values, strict=True)))
        except Exception:
            logger.exception("job %s cannot be read and is dropped from queue %s", job_id, self._queue.name)
            return None
        return job
