"""How a worker paces itself."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Pace:
    """A worker's intervals and bounds, in seconds unless named otherwise.

    A job whose worker dies is recovered at most `abandoned_after + maintenance` after the worker's last
    heartbeat; one that was popped and not yet started, after two maintenance sweeps.
    """

    heartbeat: float = 5.0
    abandoned_after: float = 30.0
    maintenance: float = 15.0
    fetch_wait: float = 1.0
    fetch_batch: int = 50
    cancel_grace: float = 5.0
    close_grace: float = 10.0
    stall_after: float = 1.0
    repeated_stop_after: float = 1.0
    first_retry: float = 0.1
    longest_retry: float = 5.0
    answer_within: float = 10.0
    recorder_threads: int = 2
    runs_scheduler: bool = True

    def __post_init__(self) -> None:
        if not 0 < self.maintenance <= 30:
            raise ValueError("maintenance must be more than 0 and at most 30 seconds")
        if self.abandoned_after < 2 * self.heartbeat:
            raise ValueError("abandoned_after must span at least two heartbeats")
        if self.answer_within <= self.fetch_wait:
            raise ValueError("answer_within must be longer than fetch_wait")
