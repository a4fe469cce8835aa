# mypy: allow-untyped-calls
# (RQ is only partly annotated.)
"""Keeping the worker and everything it has in flight alive in Redis, in few round trips a time."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from rq import worker_registration
from rq.utils import now, utcformat
from rq.worker import Worker, WorkerStatus

from workers.bookkeeping import EXECUTION_PREFIX, EXECUTIONS_PREFIX, JOB_PREFIX, save_execution
from workers.outage import Script
from workers.runs import Run, Slots

logger = logging.getLogger("flowmate.worker")


# What RQ's `Execution.heartbeat` and `Job.heartbeat` write, except that nothing comes into being by it: a hash that is
# gone stays gone. Answers with 0 for each execution whose hash is gone.
# KEYS: the started jobs. ARGV: three prefixes, now as text, in seconds and in whole ones, then in turn a job's id, its
# execution's and how long it lives on.
BEAT_SCRIPT = """
local jobs, executions, lists = ARGV[1], ARGV[2], ARGV[3]
local stamp, seconds, second = ARGV[4], ARGV[5], tonumber(ARGV[6])
local known = {}
for at = 7, #ARGV, 3 do
    local id, execution, ttl = ARGV[at], ARGV[at + 1], tonumber(ARGV[at + 2])
    local member = id .. ':' .. execution
    local key, list = executions .. member, lists .. id
    local found = redis.call('EXISTS', key)
    if found == 1 then
        redis.call('HSET', key, 'last_heartbeat', seconds)
        redis.call('EXPIRE', key, ttl)
    end
    redis.call('ZADD', KEYS[1], 'XX', second + ttl, member)
    redis.call('ZADD', list, 'XX', second + ttl + 60, execution)
    redis.call('EXPIRE', list, ttl + 60)
    if redis.call('HEXISTS', jobs .. id, 'data') == 1 then
        redis.call('HSET', jobs .. id, 'last_heartbeat', stamp)
    end
    known[#known + 1] = found
end
return known
"""
_AT_ONCE = 100
"""How many jobs beat in one call: Redis does nothing else meanwhile."""


class Heartbeats:
    """Beats for one worker and mends what a restarted or emptied Redis has lost of it."""

    def __init__(self, worker: Worker, *, slots: Slots) -> None:
        self._worker = worker
        self._slots = slots
        self._registry = worker.queues[0].started_job_registry
        self._beat = Script(worker.connection, BEAT_SCRIPT)

    def beat(self) -> None:
        """Sends one heartbeat; raises what redis raises, and repeating it is safe."""
        worker = self._worker
        with worker.connection.pipeline(transaction=False) as pipeline:
            worker.heartbeat(pipeline=pipeline)
            answers = pipeline.execute()
        if answers[0] == 1:
            self._register_again()
        runs = self._slots.snapshot()
        unknown = []
        for at in range(0, len(runs), _AT_ONCE):
            unknown += self._unknown(runs[at : at + _AT_ONCE])
        if unknown:
            self._mend(unknown)

    def _unknown(self, runs: Sequence[Run]) -> list[Run]:
        """Beats for these; returns those of whose execution Redis knows nothing."""
        instant = now()
        arguments: list[str | int | float]
        arguments = [JOB_PREFIX, EXECUTION_PREFIX, EXECUTIONS_PREFIX]
        arguments += [utcformat(instant), instant.timestamp(), int(instant.timestamp())]
        for run in runs:
            job, execution = run.job, run.execution
            working_seconds = (instant - job.started_at).total_seconds() if job.started_at else 0.0
            ttl = self._worker.get_heartbeat_ttl(job, working_time=working_seconds)
            job.last_heartbeat = execution.last_heartbeat = instant
            arguments += (job.id, execution.id, ttl)
        known = self._beat(keys=[self._registry.key], args=arguments)
        return [run for run, found in zip(runs, known, strict=True) if not found]

    def _register_again(self) -> None:
        logger.warning("worker %s was forgotten by redis and registers again", self._worker.name)
        with self._worker.connection.pipeline() as pipeline:
            pipeline.hset(self._worker.key, mapping=self._worker.serialize())
            worker_registration.register(self._worker, pipeline)
            state = WorkerStatus.BUSY if self._slots.used else WorkerStatus.IDLE
            self._worker.set_state(state, pipeline=pipeline)
            pipeline.expire(self._worker.key, self._worker.worker_ttl + 60)
            pipeline.execute()

    def _mend(self, unknown: list[Run]) -> None:
        """Saves again the executions that are still this worker's, and marks the others as lost."""
        with self._worker.connection.pipeline(transaction=False) as pipeline:
            for run in unknown:
                pipeline.zscore(self._registry.key, run.execution.composite_key)
            scores = pipeline.execute()
        with self._worker.connection.pipeline() as pipeline:
            for run, score in zip(unknown, scores, strict=True):
                if score is None:
                    # What records its end says itself what became of it, and may just have removed it.
                    if not run.recording:
                        run.lost = True
                elif self._slots.holds(run):
                    ttl = self._worker.get_heartbeat_ttl(run.job)
                    save_execution(run.execution, registry=self._registry, ttl=ttl, pipeline=pipeline)
            pipeline.execute()
