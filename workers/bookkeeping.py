# mypy: allow-untyped-calls
# (RQ is only partly annotated.)
"""What RQ keeps in Redis about a job in flight, written with RQ's own pieces."""

from __future__ import annotations

from uuid import uuid4

from redis import Redis
from redis.client import Pipeline
from rq.defaults import RQ_KEY_PREFIX
from rq.executions import Execution, ExecutionRegistry
from rq.job import Job
from rq.queue import Queue
from rq.registry import StartedJobRegistry
from rq.results import Result

from workers.runs import Run

# For scripts, which make keys of many jobs by themselves. A test compares them with RQ's own.
QUEUE_PREFIX = Queue.redis_queue_namespace_prefix
JOB_PREFIX = Job.redis_job_namespace_prefix
EXECUTION_PREFIX = f"{RQ_KEY_PREFIX}:execution:"
EXECUTIONS_PREFIX = ExecutionRegistry.key_template.format("")
RESULT_PREFIX = Result.get_key("")

# A job hash that holds a heartbeat and nothing else is the leftover of a write that raced a deletion. Having no
# time to live, it would refuse its id to `unique=True` for ever.
_DROP_HOLLOW = """
if redis.call('EXISTS', KEYS[1]) == 1 and redis.call('HEXISTS', KEYS[1], 'data') == 0 then
    return redis.call('DEL', KEYS[1])
end
return 0
"""

# LREM decides who owns a popped job: of two workers that put it back, only one pushes it.
_PUT_BACK = """
if redis.call('LREM', KEYS[1], 1, ARGV[1]) == 0 then
    return 0
end
redis.call('DEL', KEYS[3])
if redis.call('EXISTS', KEYS[4]) == 1 then
    redis.call('LPUSH', KEYS[2], ARGV[1])
end
return 1
"""


def new_run(job: Job, *, connection: Redis, worker_name: str) -> Run:
    """Returns a run with an execution of its own, nothing of it in Redis yet."""
    execution = Execution(id=uuid4().hex, job_id=job.id, connection=connection, worker_name=worker_name)
    execution._job = job
    return Run(job=job, execution=execution)


def save_execution(
    execution: Execution, *, registry: StartedJobRegistry, ttl: int, pipeline: Pipeline
) -> None:
    """Registers the execution as RQ's `Execution.create` does; repeating it with the same execution is safe."""
    execution.save(ttl=ttl, pipeline=pipeline)
    ExecutionRegistry(job_id=execution.job_id, connection=execution.connection).add(
        execution=execution, ttl=ttl, pipeline=pipeline
    )
    registry.add_execution(execution, pipeline=pipeline, ttl=ttl, xx=False)
    pipeline.sadd(execution.worker_executions_key, execution.composite_key)
    pipeline.expire(execution.worker_executions_key, ttl + 60)


def is_registered(run: Run, registry: StartedJobRegistry) -> bool:
    """Whether Redis still counts this execution as running; unlike its hash, no late heartbeat can revive it."""
    return registry.connection.zscore(registry.key, run.execution.composite_key) is not None


def drop_hollow(job: Job, pipeline: Pipeline) -> None:
    """Deletes the job's hash unless it holds a job."""
    pipeline.eval(_DROP_HOLLOW, 1, job.key)


def put_back(queue: Queue, job_id: str) -> bool:
    """Moves a popped job that was not started to the front of its queue; False if somebody else has it."""
    intermediate = queue.intermediate_queue
    keys = (
        intermediate.key,
        queue.key,
        intermediate.get_first_seen_key(job_id),
        queue.job_class.key_for(job_id),
    )
    return bool(queue.connection.eval(_PUT_BACK, len(keys), *keys, job_id))
