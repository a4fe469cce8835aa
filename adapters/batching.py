"""What several have put into a queue meanwhile, taken at once."""

from __future__ import annotations

import queue
from typing import TypeVar

T = TypeVar("T")


def ready(waiting: queue.SimpleQueue[T | None], first: T, *, limit: int) -> tuple[list[T], bool]:
    """The first and those that wait already, and whether the thread that asks is to end after them (None was put)."""
    batch = [first]
    while len(batch) < limit:
        try:
            following = waiting.get_nowait()
        except queue.Empty:
            break
        if following is None:
            return batch, True
        batch.append(following)
    return batch, False
