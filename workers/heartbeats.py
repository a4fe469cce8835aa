# mypy: allow-untyped-calls
# (RQ is only partly annotated.)
"""Keeping the worker and everything it has in flight alive in Redis, in one pipeline a time."""

from __future__ import annotations

import logging
from dataclasses import dataclass

from rq import worker_registration
from rq.utils import now
from rq.worker import Worker, WorkerStatus

from workers.bookkeeping import drop_hollow, save_execution
from workers.runs import Run, Slots

logger = logging.getLogger("flowmate.worker")


@dataclass(frozen=True, slots=True)
class _Pulse:
    """Where in the pipeline's answers one run's two hash writes are; 1 means that the hash was gone."""

    run: Run
    execution_at: int
    job_at: int


class Heartbeats:
    """Beats for one worker and mends what a restarted or emptied Redis has lost of it."""

    def __init__(self, worker: Worker, *, slots: Slots) -> None:
        self._worker = worker
        self._slots = slots
        self._registry = worker.queues[0].started_job_registry

    def beat(self) -> None:
        """Sends one heartbeat; raises what redis raises, and repeating it is safe."""
        worker = self._worker
        with worker.connection.pipeline(transaction=False) as pipeline:
            worker.heartbeat(pipeline=pipeline)
            pulses = []
            for run in self._slots.snapshot():
                job, execution = run.job, run.execution
                working_seconds = (now() - job.started_at).total_seconds() if job.started_at else 0.0
                ttl = worker.get_heartbeat_ttl(job, working_time=working_seconds)
                execution_at = len(pipeline)
                execution.heartbeat(self._registry, ttl, pipeline=pipeline)
                pulses.append(_Pulse(run, execution_at, len(pipeline)))
                job.heartbeat(now(), ttl, pipeline=pipeline, xx=True)
            answers = pipeline.execute()
        if answers[0] == 1:
            self._register_again()
        hollow = [pulse.run for pulse in pulses if answers[pulse.job_at] == 1]
        unknown = [pulse.run for pulse in pulses if answers[pulse.execution_at] == 1]
        if hollow or unknown:
            self._mend(hollow, unknown)

    def _register_again(self) -> None:
        logger.warning("worker %s was forgotten by redis and registers again", self._worker.name)
        with self._worker.connection.pipeline() as pipeline:
            pipeline.hset(self._worker.key, mapping=self._worker.serialize())
            worker_registration.register(self._worker, pipeline)
            state = WorkerStatus.BUSY if self._slots.used else WorkerStatus.IDLE
            self._worker.set_state(state, pipeline=pipeline)
            pipeline.expire(self._worker.key, self._worker.worker_ttl + 60)
            pipeline.execute()

    def _mend(self, hollow: list[Run], unknown: list[Run]) -> None:
        """Undoes writes to hashes that were gone, and saves again the executions that are still this worker's."""
        with self._worker.connection.pipeline(transaction=False) as pipeline:
            for run in hollow:
                drop_hollow(run.job, pipeline)
            for run in unknown:
                pipeline.zscore(self._registry.key, run.execution.composite_key)
            scores = pipeline.execute()[len(hollow) :]
        with self._worker.connection.pipeline() as pipeline:
            for run, score in zip(unknown, scores, strict=True):
                if score is None or not self._slots.holds(run):
                    pipeline.delete(run.execution.key)
                    run.lost = self._slots.holds(run) and not run.attempts
                else:
                    ttl = self._worker.get_heartbeat_ttl(run.job)
                    save_execution(run.execution, registry=self._registry, ttl=ttl, pipeline=pipeline)
            pipeline.execute()
