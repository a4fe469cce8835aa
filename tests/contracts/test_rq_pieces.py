# mypy: allow-untyped-calls
# (RQ is only partly annotated.)
"""The pieces of RQ that the worker leans on, private ones included, are still what they were."""

from __future__ import annotations

import inspect
import string
from collections.abc import Callable
from importlib.metadata import version
from typing import Any

import pytest
import rq.registry
import rq.worker_registration
from redis import Redis
from rq.command import parse_payload
from rq.connections import get_connection_kwargs
from rq.executions import Execution, ExecutionRegistry
from rq.intermediate_queue import IntermediateQueue
from rq.job import Job, _current_job, get_current_job
from rq.queue import Queue
from rq.rate_limit import RateLimit, RateLimitRegistry, release_slot
from rq.registry import BaseRegistry, StartedJobRegistry
from rq.scheduler import RQScheduler
from rq.scripts import release_lock, save_unique_job
from rq.serializers import JSONSerializer
from rq.suspension import is_suspended
from rq.timeouts import BaseDeathPenalty, BaseTimeoutException, JobTimeoutException, TimerDeathPenalty
from rq.worker import BaseWorker, SimpleWorker, Worker, WorkerStatus

SIGNATURES: list[tuple[Callable[..., Any], str]] = [
    (BaseWorker.register_birth, "self"),
    (BaseWorker.register_death, "self"),
    (BaseWorker.serialize, "self"),
    (BaseWorker.heartbeat, "self timeout pipeline"),
    (BaseWorker.set_state, "self state pipeline"),
    (BaseWorker.get_state, "self"),
    (BaseWorker.get_redis_server_version, "self"),
    (BaseWorker._set_connection, "self connection"),
    (BaseWorker._set_ip_address, "self connection"),
    (BaseWorker.get_heartbeat_ttl, "self job working_time"),
    (BaseWorker.clean_registries, "self"),
    (BaseWorker.run_maintenance_tasks, "self"),
    (BaseWorker.subscribe, "self"),
    (BaseWorker.unsubscribe, "self"),
    (BaseWorker._pubsub_exception_handler, "self exc pubsub pubsub_thread"),
    (BaseWorker.handle_payload, "self message"),
    (BaseWorker.request_stop, "self signum frame"),
    (BaseWorker.request_stop_execution, "self execution_id"),
    (BaseWorker.cleanup_execution, "self job pipeline execution"),
    (BaseWorker._finalize_success, "self job queue execution return_value"),
    (BaseWorker._finalize_failure, "self job queue execution exc_info"),
    (BaseWorker.handle_job_failure, "self job queue started_job_registry exc_string execution"),
    (Worker._handle_stopped_job, "self job queue execution"),
    (Worker.kill_horse, "self sig"),
    (Worker.execute_job, "self job queue"),
    (Worker.find_by_key, "worker_key connection job_class queue_class serializer"),
    (Queue.lmove, "connection queue_key timeout"),
    (Queue._enqueue_job, "self job pipeline at_front unique"),
    (
        Queue.create_job,
        "self func args kwargs timeout result_ttl ttl failure_ttl description depends_on "
        "job_id meta status retry repeat on_success on_failure on_stopped webhooks group_id rate_limit",
    ),
    (Job.fetch_many, "job_ids connection serializer"),
    (Job.fetch, "id connection serializer"),
    (Job.key_for, "job_id"),
    (Job.refresh, "self"),
    (Job.prepare_for_execution, "self worker_name pipeline"),
    (Job.heartbeat, "self timestamp ttl pipeline xx"),
    (Execution.__init__, "self id job_id connection worker_name"),
    (Execution.save, "self ttl pipeline"),
    (Execution.delete, "self job pipeline"),
    (Execution.heartbeat, "self started_job_registry ttl pipeline"),
    (Execution.create, "job ttl pipeline worker_name"),
    (ExecutionRegistry.add, "self execution ttl pipeline xx"),
    (StartedJobRegistry.add_execution, "self execution pipeline ttl xx"),
    (StartedJobRegistry.cleanup, "self timestamp exception_handlers"),
    (BaseRegistry.__init__, "self name connection job_class queue serializer death_penalty_class"),
    (IntermediateQueue.get_first_seen, "self job_id"),
    (IntermediateQueue.set_first_seen, "self job_id"),
    (IntermediateQueue.get_first_seen_key, "self job_id"),
    (IntermediateQueue.get_job_ids, "self"),
    (IntermediateQueue.remove, "self job_id"),
    (RQScheduler.acquire_locks, "self auto_start"),
    (RQScheduler.enqueue_scheduled_jobs, "self"),
    (RQScheduler.release_locks, "self"),
    (RateLimit.__init__, "self key concurrency"),
    (RateLimitRegistry.register, "self concurrency pipeline"),
    (RateLimitRegistry.add_to_rate_limited, "self job_id pipeline timestamp"),
    (RateLimitRegistry.acquire_and_enqueue, "self concurrency enqueued_at pipeline"),
    (TimerDeathPenalty.__init__, "self timeout exception kwargs"),
    (TimerDeathPenalty.handle_death_penalty, "self"),
    (TimerDeathPenalty.cancel_death_penalty, "self"),
    (rq.registry.clean_registries, "queue exception_handlers"),
    (rq.worker_registration.register, "worker pipeline"),
    (rq.worker_registration.clean_worker_registry, "queue"),
    (release_lock, "connection lock_key owner_token"),
    (release_slot, "job"),
    (save_unique_job, "connection queue_key job enqueue at_front"),
    (is_suspended, "connection worker"),
    (parse_payload, "payload"),
    (get_connection_kwargs, "connection"),
]


@pytest.mark.parametrize(
    ("piece", "parameters"), SIGNATURES, ids=lambda value: getattr(value, "__qualname__", "")
)
def test_a_piece_has_its_parameters(piece: Callable[..., Any], parameters: str) -> None:
    assert list(inspect.signature(piece).parameters) == parameters.split()


def test_rq_is_the_version_that_was_read() -> None:
    assert version("rq") == "3.0.0"


def test_a_worker_has_the_attributes_that_are_read_or_replaced() -> None:
    connection = Redis()
    worker = SimpleWorker([Queue("q", connection=connection)], connection=connection, prepare_for_work=False)
    names = {
        "executions",
        "queues",
        "connection",
        "serializer",
        "key",
        "name",
        "worker_ttl",
        "pubsub",
        "pubsub_thread",
        "pubsub_channel_name",
        "last_cleaned_at",
        "last_heartbeat",
        "_stop_requested",
        "_stopped_job_id",
        "_exc_handlers",
        "log_result_lifespan",
        "death_penalty_class",
    }
    assert [name for name in sorted(names) if not hasattr(worker, name)] == []
    assert {WorkerStatus.IDLE, WorkerStatus.BUSY, WorkerStatus.SUSPENDED} <= set(WorkerStatus)
    assert inspect.signature(Worker.__init__).parameters.keys() >= {
        "worker_ttl",
        "prepare_for_work",
        "serializer",
    }
    connection.close()


def test_a_queue_has_the_attributes_that_are_read() -> None:
    connection = Redis()
    queue = Queue("q", connection=connection)
    assert queue.key == "rq:queue:q"
    assert queue.intermediate_queue_key == "rq:queue:q:intermediate"
    assert queue.registry_cleaning_key == "rq:clean_registries:q"
    assert queue.started_job_registry.key == "rq:wip:q"
    assert Queue.DEFAULT_TIMEOUT == 180
    scheduler = RQScheduler([queue], connection=connection)
    assert scheduler._connection is None
    scheduler._connection = connection  # type: ignore[assignment]
    assert scheduler.connection is connection
    connection.close()


def test_the_current_job_is_a_context_variable() -> None:
    connection = Redis()
    job = Job("some-id", connection=connection)
    token = _current_job.set(job)
    assert get_current_job() is job
    _current_job.reset(token)
    assert get_current_job() is None
    connection.close()


def test_an_execution_written_piece_by_piece_is_rqs_own() -> None:
    """`save_execution` has to write what `Execution.create` writes, but with an id chosen before."""
    calls = [
        name
        for name in inspect.getsource(Execution.create).split()
        if name.startswith(("execution.save", "pipeline."))
    ]
    assert calls == [
        "execution.save(ttl=ttl,",
        "pipeline.sadd(execution.worker_executions_key,",
        "pipeline.expire(execution.worker_executions_key,",
    ]
    connection = Redis()
    execution = Execution("e", "j", connection=connection, worker_name="w")
    assert (execution.key, execution.composite_key) == ("rq:execution:j:e", "j:e")
    assert execution.worker_executions_key == "rq:worker:w:executions"
    connection.close()


def test_a_time_out_of_a_callback_is_a_time_out_exception() -> None:
    assert issubclass(JobTimeoutException, BaseTimeoutException)
    assert issubclass(TimerDeathPenalty, BaseDeathPenalty)


@pytest.mark.parametrize("character", [*sorted(set(string.punctuation + string.whitespace) - set("_-")), "é"])
def test_a_job_id_takes_letters_digits_underscore_and_dash_only(character: str) -> None:
    connection = Redis()
    with pytest.raises(ValueError, match="must only contain"):
        Job(f"a{character}b", connection=connection)
    connection.close()


def test_payloads_are_json() -> None:
    assert JSONSerializer.loads(JSONSerializer.dumps(["f", None, ["id"], {}])) == ["f", None, ["id"], {}]
