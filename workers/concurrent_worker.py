# mypy: allow-untyped-calls
# (RQ is only partly annotated.)
"""RQ's worker without what assumes one job at a time, a child process or the main thread."""

from __future__ import annotations

import contextlib
import logging
import threading
from typing import Any, NoReturn

import redis.exceptions
from redis import Redis
from redis.client import PubSub, PubSubWorkerThread
from rq.command import parse_payload
from rq.job import Job
from rq.queue import Queue
from rq.utils import now
from rq.worker import Worker

from core.integrations.masking import KNOWN
from workers.execution import ThreadDeathPenalty
from workers.maintenance import sweep
from workers.outage import private_client
from workers.pace import Pace

logger = logging.getLogger("flowmate.worker")

_LISTEN_SECONDS = 0.5


class ConcurrentWorker(Worker):
    """The bookkeeping of a worker that holds several executions of one queue's jobs.

    A subclass runs them, and says how to stop some of them and how to stop altogether.
    """

    death_penalty_class = ThreadDeathPenalty
    log_result_lifespan = False

    def __init__(
        self, queue: str | Queue, *, connection: Redis, name: str | None, serializer: Any, pace: Pace
    ) -> None:
        self._pace = pace
        self._stopped_by_thread = threading.local()
        super().__init__(
            [queue.name if isinstance(queue, Queue) else queue],
            name=name,
            connection=connection,
            serializer=serializer,
            worker_ttl=max(1, int(pace.abandoned_after)),
            log_job_description=False,
            # RQ would name the connection here, but Redis may be down still: `announce` does it.
            prepare_for_work=False,
        )

    def stop_executions(self, *, job_id: str = "", execution_id: str = "") -> None:
        """Stops the executions with this id; called in the listening thread."""
        raise NotImplementedError

    def work(self, *_: Any, **__: Any) -> NoReturn:
        raise NotImplementedError("this worker works in an event loop: await run()")

    def execute_job(self, job: Job, queue: Queue) -> NoReturn:
        raise NotImplementedError("this worker works in an event loop: await run()")

    def handle_job_failure(
        self,
        job: Job,
        queue: Queue,
        started_job_registry: Any = None,
        exc_string: str = "",
        execution: Any = None,
    ) -> None:
        """Records the failure; its traceback stays in Redis for a year, so that it must hold no secret."""
        super().handle_job_failure(job, queue, started_job_registry, KNOWN.mask(exc_string), execution)

    def kill_horse(self, *_: Any) -> None:
        """Does nothing: there is no horse, and RQ's would kill this process's own group."""

    @classmethod
    def find_by_key(cls, worker_key: str, connection: Redis, *args: Any, **options: Any) -> Any:
        """Returns a stock `Worker` that shows the state of the worker with this key, as `all` does."""
        return Worker.find_by_key(worker_key, connection, *args, **options)

    @property
    def _stopped_job_id(self) -> str | None:
        # RQ keeps one such id per worker; here several threads record stops at the same time.
        return getattr(self._stopped_by_thread, "job_id", None)

    @_stopped_job_id.setter
    def _stopped_job_id(self, job_id: str | None) -> None:
        self._stopped_by_thread.job_id = job_id

    def _set_connection(self, connection: Redis) -> Redis:
        return private_client(connection, answer_within_seconds=self._pace.answer_within)

    def get_heartbeat_ttl(self, job: Job, working_time: float = 0.0) -> int:
        """Returns how long the job counts as running without another heartbeat.

        Past its time-out that shrinks, so that a worker whose loop is stuck loses its jobs to others.
        """
        overdue = max(0.0, working_time - job.timeout) if job.timeout and job.timeout > 0 else 0.0
        return int(self._pace.abandoned_after - overdue)

    def clean_registries(self) -> None:
        for queue in self.queues:
            # Sweeps of several workers interleave; the grace keeps "seen twice" from meaning "seen at once".
            sweep(self, queue, grace_seconds=0.9 * self._pace.maintenance)
        self.last_cleaned_at = now()  # type: ignore[assignment]

    def subscribe(self) -> None:
        """Listens to RQ's commands in a thread; survives reconnects."""
        self.pubsub = self.connection.pubsub()
        self.pubsub.subscribe(**{self.pubsub_channel_name: self.handle_payload})
        self.pubsub_thread = self.pubsub.run_in_thread(  # type: ignore[assignment]
            sleep_time=_LISTEN_SECONDS, daemon=True, exception_handler=self._pubsub_exception_handler
        )

    def unsubscribe(self) -> None:
        thread, pubsub = self.pubsub_thread, self.pubsub
        if thread is None or pubsub is None:
            return
        thread.stop()
        # The server's answer wakes the thread, which then closes the subscription; it wakes by itself before long. That
        # thread may be renewing the connection just now, and then anything at all can be raised here.
        with contextlib.suppress(Exception):
            pubsub.unsubscribe()
        thread.join(2 * self._pace.longest_retry)

    def _pubsub_exception_handler(
        self, exc: Exception, pubsub: PubSub, pubsub_thread: PubSubWorkerThread
    ) -> None:
        if isinstance(exc, redis.exceptions.RedisError):
            logger.info("worker %s hears no commands: %s", self.name, exc)
            self._pause_listening()
        else:
            logger.error("worker %s failed to obey a command", self.name, exc_info=exc)

    def _pause_listening(self) -> None:
        """Waits before listening is tried again after an error."""
        raise NotImplementedError

    def handle_payload(self, message: dict[Any, Any]) -> None:
        """Obeys a command; called in the listening thread."""
        payload = parse_payload(message)
        command = payload.get("command")
        if command == "shutdown":
            self.request_stop()
        elif command == "stop-execution":
            self.request_stop_execution(payload.get("execution_id", ""))
        elif command == "stop-job":
            self.stop_executions(job_id=payload.get("job_id", ""))
        else:
            logger.warning("worker %s ignores the command %r", self.name, command)

    def request_stop(self, signum: Any = None, frame: Any = None) -> None:
        """Asks for a graceful stop."""
        raise NotImplementedError

    def request_stop_execution(self, execution_id: str) -> None:
        self.stop_executions(execution_id=execution_id)
