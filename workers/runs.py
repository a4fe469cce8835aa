"""The jobs a worker has in flight, and the room that is left."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from types import TracebackType
from typing import Any

from rq.executions import Execution
from rq.job import Job

ExcInfo = tuple[type[BaseException] | None, BaseException | None, TracebackType | None]


class Ending(Enum):
    """Why the worker itself ends a job before the job is done."""

    TIMED_OUT = "timed_out"
    STOPPED = "stopped"
    HANDED_BACK = "handed_back"


@dataclass(slots=True, eq=False)
class Run:
    """One execution of one job by this worker, from its claim to its record in Redis."""

    job: Job
    execution: Execution
    call: Callable[[], Any] | None = None
    task: asyncio.Task[None] | None = None
    timer: asyncio.TimerHandle | None = None
    ending: Ending | None = None
    ended: bool = False
    value: Any = None
    exc_info: ExcInfo | None = None
    lost: bool = False
    recording: bool = False
    """Whether its end is being recorded: what Redis no longer knows of it may be gone because of that."""
    attempts: int = 0

    @property
    def returned(self) -> bool:
        """Whether the job's function came back with a value."""
        return self.ended and self.exc_info is None


class Slots:
    """The runs in flight, never more than the worker's concurrency; safe from any thread."""

    def __init__(self, concurrency: int) -> None:
        self.concurrency = concurrency
        self._runs: dict[str, Run] = {}
        self._changed = threading.Condition()

    @property
    def used(self) -> int:
        return len(self._runs)

    def wait_free(self, timeout_seconds: float) -> int:
        """Returns how many slots are free, waiting for the first one at most this long."""
        with self._changed:
            self._changed.wait_for(lambda: self.used < self.concurrency, timeout_seconds)
            return self.concurrency - self.used

    def take(self, runs: list[Run]) -> None:
        with self._changed:
            if self.used + len(runs) > self.concurrency:
                raise RuntimeError("more runs than free slots")
            self._runs.update((run.execution.id, run) for run in runs)

    def release(self, run: Run) -> None:
        """Frees the run's slot; a second release of the same run does nothing."""
        with self._changed:
            self._runs.pop(run.execution.id, None)
            self._changed.notify_all()

    def holds(self, run: Run) -> bool:
        return run.execution.id in self._runs

    def find(self, execution_id: str) -> Run | None:
        return self._runs.get(execution_id)

    def snapshot(self) -> list[Run]:
        """Returns the runs in flight, oldest first."""
        with self._changed:
            return list(self._runs.values())
