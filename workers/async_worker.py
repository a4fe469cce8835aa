# mypy: allow-untyped-calls
# (RQ is only partly annotated.)
"""An RQ worker that holds hundreds of waiting jobs in one event loop."""

from __future__ import annotations

import asyncio
import logging
import os
import socket
import threading
import time
from collections.abc import Callable
from typing import Any

import redis.exceptions
from redis import Redis
from rq.queue import Queue
from rq.serializers import JSONSerializer
from rq.worker import WorkerStatus

from workers.concurrent_worker import ConcurrentWorker
from workers.dequeuing import Dequeuer
from workers.events import EventListener, Events
from workers.execution import Flight
from workers.heartbeats import Heartbeats
from workers.maintenance import DueRetries, Periodic
from workers.outage import TRANSIENT, Outage
from workers.pace import Pace
from workers.recording import Recorder
from workers.runs import Ending, Run, Slots
from workers.watchdog import LoopWatchdog

logger = logging.getLogger("flowmate.worker")


class AsyncWorker(ConcurrentWorker):
    """Works one RQ queue with up to `concurrency` jobs in flight, as tasks of the loop that awaits `run()`.

    Jobs are `async def` functions; plain ones run in a thread each. Everything in Redis is RQ's own, so stock
    workers, `rq info`, retries, rate limits and registries go on working beside it. Blocking Redis work happens
    in threads: one takes jobs, a few record how they ended, others beat, sweep and listen to commands.
    `on_event` is called from any of them and must be quick.
    """

    def __init__(
        self,
        queue: str | Queue,
        *,
        connection: Redis,
        name: str | None = None,
        concurrency: int = 500,
        drain_seconds: float = 25.0,
        serializer: Any = JSONSerializer,
        on_event: EventListener | None = None,
        pace: Pace | None = None,
    ) -> None:
        if concurrency < 1:
            raise ValueError("concurrency must be at least 1")
        pace = pace or Pace()
        super().__init__(queue, connection=connection, name=name, serializer=serializer, pace=pace)
        self._events = Events(on_event)
        self._drain_seconds = drain_seconds
        self._slots = Slots(concurrency)
        self._outage = Outage(pace, events=self._events, on_recovery=self._note_recovery)
        self._recorder = Recorder(
            self, threads=pace.recorder_threads, outage=self._outage, recorded=self._run_recorded
        )
        self._dequeuer = Dequeuer(
            self, slots=self._slots, outage=self._outage, pace=pace, deliver=self._deliver
        )
        self._flight = Flight(ended=self._run_ended, cancel_grace_seconds=pace.cancel_grace)
        self._periodics: list[Periodic] = []
        self._to_hand_back: list[Run] = []
        self._recovered_at = time.monotonic()
        self._closing = threading.Event()
        self._stop_asked = threading.Event()
        self._stop_asked_at = 0.0
        self._hurried = False
        self._loop: asyncio.AbstractEventLoop | None = None
        self._changed = asyncio.Event()

    async def run(self) -> None:
        """Works until a stop is requested, drains, and takes this worker's registration out of Redis.

        Waits for Redis if it is down. May be awaited once per worker.
        """
        self._loop = asyncio.get_running_loop()
        watchdog = LoopWatchdog(stall_after_seconds=self._pace.stall_after, events=self._events)
        former_factory = self._loop.get_task_factory()
        self._loop.set_task_factory(watchdog.make_task)
        watchdog.start()
        try:
            if not self._stop_asked.is_set() and await self._announced():
                await self._work()
        finally:
            watchdog.stop()
            self._loop.set_task_factory(former_factory)
            await asyncio.to_thread(watchdog.join)
            self.connection.connection_pool.disconnect()

    def request_stop(self, signum: Any = None, frame: Any = None) -> None:
        """Asks for a graceful stop; safe from any thread, from a signal handler, and when repeated.

        A request more than `repeated_stop_after` seconds after the first ends the drain at once; an earlier one
        is taken for the same request, as a terminal and a supervisor often both send it.
        """
        if self._loop is None:
            self._note_stop()
        else:
            self._on_loop(self._note_stop)

    def stop_executions(self, *, job_id: str = "", execution_id: str = "") -> None:
        found = [
            run
            for run in self._slots.snapshot()
            if (job_id and run.job.id == job_id) or (execution_id and run.execution.id == execution_id)
        ]
        if not found:
            logger.warning("nothing to stop: %s is not in flight here", job_id or execution_id)
        for run in found:
            logger.info("job %s is stopped on request", run.job.id)
            self._on_loop(self._flight.end, run, Ending.STOPPED)

    @property
    def in_flight(self) -> int:
        """How many jobs are started and not yet recorded."""
        return self._slots.used

    @property
    def left_behind(self) -> int:
        """How many tasks have ignored their cancellation; `asyncio.run` would wait for them for ever."""
        return self._flight.left_behind

    async def _announced(self) -> bool:
        """Registers the worker, however long Redis takes; False if a stop was requested before it answered."""
        try:
            await asyncio.to_thread(self._outage.outlast, self._announce, give_up=self._stop_asked)
        except TRANSIENT as error:
            logger.warning("stopped before redis answered: %s", error)
            return False
        return True

    def _announce(self) -> None:
        if self.get_redis_server_version() < (6, 2, 0):
            raise RuntimeError("FlowMate needs Redis 6.2 or later, or Valkey: jobs are taken with BLMOVE")
        self.hostname, self.pid = socket.gethostname(), os.getpid()
        self._set_ip_address(self.connection)
        self.register_birth()
        self.set_state(WorkerStatus.IDLE)
        self.subscribe()

    async def _work(self) -> None:
        pace = self._pace
        beats = Heartbeats(self, slots=self._slots)
        plans: list[tuple[str, Callable[[], None], float]] = [
            ("heartbeats", beats.beat, pace.heartbeat),
            ("maintenance", self._maintain, pace.maintenance),
        ]
        due_retries = DueRetries(self) if pace.runs_scheduler else None
        if due_retries is not None:
            plans.append(("scheduler", due_retries.tick, 1.0))
        for name, action, seconds in plans:
            self._periodics.append(Periodic(name, action, every_seconds=seconds, outage=self._outage))
        self._recorder.start()
        self._dequeuer.start()
        for periodic in self._periodics:
            periodic.start()
        try:
            while not self._stop_asked.is_set():
                self._changed.clear()
                await self._changed.wait()
        except asyncio.CancelledError:
            self._note_stop()
            self._hurried = True
            raise
        finally:
            await self._drain()
            await asyncio.to_thread(self._close, due_retries)

    async def _drain(self) -> None:
        """Lets what is in flight finish, hands the rest back, and sees to it that all of it is recorded."""
        await asyncio.to_thread(self._dequeuer.join)
        await self._until(lambda: self._hurried or not self._slots.used, self._drain_seconds)
        for run in self._slots.snapshot():
            self._flight.end(run, Ending.HANDED_BACK)
        await self._until(lambda: not len(self._flight), 2 * self._pace.cancel_grace)
        await self._until(lambda: self._slots.used <= len(self._to_hand_back), self._pace.close_grace)
        if self._to_hand_back:
            # In the order in which they were taken: the pipeline pushes the youngest first.
            order = {id(run): place for place, run in enumerate(self._slots.snapshot())}
            self._to_hand_back.sort(key=lambda run: order[id(run)])
            limit = asyncio.get_running_loop().call_later(self._pace.close_grace, self._recorder.give_up)
            await asyncio.to_thread(self._recorder.hand_back, self._to_hand_back)
            limit.cancel()

    async def _until(self, condition: Callable[[], bool], seconds: float) -> None:
        """Waits for the condition, which is looked at whenever a run or the stop request moves on."""
        deadline = asyncio.get_running_loop().time() + seconds
        while not condition():
            self._changed.clear()
            try:
                async with asyncio.timeout_at(deadline):
                    await self._changed.wait()
            except TimeoutError:
                return

    def _close(self, due_retries: DueRetries | None) -> None:
        self._closing.set()
        self._recorder.give_up()
        self._recorder.close(self._pace.close_grace)
        for periodic in self._periodics:
            periodic.stop()
        for periodic in self._periodics:
            periodic.join()
        self.unsubscribe()
        try:
            if due_retries is not None:
                due_retries.release()
            self.register_death()
        except redis.exceptions.RedisError as error:
            logger.warning("worker %s could not take its leave: %s", self.name, error)

    def _maintain(self) -> None:
        # After an outage everyone's heartbeats look old: each worker gets the time to send a new one.
        if time.monotonic() - self._recovered_at >= self._pace.maintenance / 2:
            self.run_maintenance_tasks()

    def _note_recovery(self) -> None:
        self._recovered_at = time.monotonic()

    def _note_stop(self) -> None:
        asked_at = time.monotonic()
        if not self._stop_asked.is_set():
            logger.info("worker %s stops with %d jobs in flight", self.name, self._slots.used)
            self._stop_asked_at = asked_at
            self._stop_requested = True
            self._stop_asked.set()
            self._dequeuer.stop()
        elif asked_at - self._stop_asked_at >= self._pace.repeated_stop_after:
            logger.warning("worker %s is asked again to stop: it hands back what is in flight", self.name)
            self._hurried = True
        self._changed.set()

    def _deliver(self, runs: list[Run]) -> None:
        self._on_loop(self._launch, runs)

    def _launch(self, runs: list[Run]) -> None:
        for run in runs:
            self._events.tell_start(run)
            if run.exc_info is None:
                self._flight.launch(run)
            else:
                self._recorder.put(run)

    def _run_ended(self, run: Run) -> None:
        if run.ending is Ending.HANDED_BACK and not run.returned:
            self._to_hand_back.append(run)
        else:
            self._recorder.put(run)
        if self._stop_requested:
            self._changed.set()

    def _run_recorded(self, run: Run) -> None:
        self._slots.release(run)
        self._events.tell_end(run)
        if self._stop_requested:
            self._on_loop(self._changed.set)
        elif not self._slots.used:
            self._show_idle()

    def _show_idle(self) -> None:
        """Shows the worker as idle; a job that starts meanwhile shows it as busy again."""
        try:
            self.set_state(WorkerStatus.IDLE)
            if self._slots.used:
                self.set_state(WorkerStatus.BUSY)
        except TRANSIENT as error:
            logger.debug("the state of worker %s is not shown: %s", self.name, error)

    def _pause_listening(self) -> None:
        self._closing.wait(min(1.0, self._pace.longest_retry))

    def _on_loop(self, call: Callable[..., object], *args: Any) -> None:
        assert self._loop is not None
        try:
            self._loop.call_soon_threadsafe(call, *args)
        except RuntimeError:
            logger.debug("%s comes after the event loop's end", call)
