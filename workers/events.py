"""What a worker tells about itself while it works."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from workers.runs import Ending, Run

logger = logging.getLogger("flowmate.worker")

EventKind = Literal[
    "started",
    "finished",
    "failed",
    "timed_out",
    "stopped",
    "handed_back",
    "lost",
    "stalled",
    "outage",
    "recovered",
]


@dataclass(frozen=True, slots=True)
class WorkerEvent:
    """One thing that happened in a worker; `seconds` is how long it took or has lasted."""

    kind: EventKind
    job_id: str = ""
    seconds: float = 0.0


EventListener = Callable[[WorkerEvent], None]


class Events:
    """Tells a listener, if there is one, and does not let it break the worker."""

    def __init__(self, listener: EventListener | None) -> None:
        self._listener = listener

    def tell(self, kind: EventKind, *, job_id: str = "", seconds: float = 0.0) -> None:
        if self._listener is None:
            return
        try:
            self._listener(WorkerEvent(kind, job_id=job_id, seconds=seconds))
        except Exception:
            logger.exception("the listener failed on event %s", kind)

    def tell_start(self, run: Run) -> None:
        self.tell("started", job_id=run.job.id)

    def tell_end(self, run: Run) -> None:
        started, ended = run.job.started_at, run.job.ended_at
        seconds = (ended - started).total_seconds() if started and ended else 0.0
        self.tell(_kind_of(run), job_id=run.job.id, seconds=seconds)


def _kind_of(run: Run) -> EventKind:
    if run.lost:
        return "lost"
    if run.returned and run.ending in (None, Ending.HANDED_BACK):
        return "finished"
    return run.ending.value if run.ending is not None else "failed"
