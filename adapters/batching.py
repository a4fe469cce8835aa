"""Between an event loop and the threads that work for it: what waits is taken at once, and answered at once."""

from __future__ import annotations

import asyncio
import queue
from collections import defaultdict
from collections.abc import Iterable
from contextlib import suppress
from typing import Generic, TypeVar

T = TypeVar("T")


class Answer(Generic[T]):
    """What a thread will say to one coroutine. Made on the event loop that waits for `future`.

    Less than half the price of a `concurrent.futures.Future` that is wrapped. A caller that is cancelled takes nobody
    with it.
    """

    __slots__ = ("future", "loop")

    def __init__(self) -> None:
        self.loop = asyncio.get_running_loop()
        self.future: asyncio.Future[T] = self.loop.create_future()


Said = tuple[Answer[T], T | None, BaseException | None]
"""Whom it is for, and the outcome or the error."""


def say(answers: Iterable[Said[T]]) -> None:
    """From any thread: resume those who wait, each loop woken once. Who no longer waits is passed over."""
    by_loop: dict[asyncio.AbstractEventLoop, list[Said[T]]] = defaultdict(list)
    for said in answers:
        by_loop[said[0].loop].append(said)
    for loop, together in by_loop.items():
        # A loop that is closed has nobody who waits.
        with suppress(RuntimeError):
            loop.call_soon_threadsafe(settle, together)


def settle(answers: Iterable[Said[T]]) -> None:
    """The same, on the loop of all of them."""
    for answer, outcome, error in answers:
        if answer.future.done():
            continue
        if error is not None:
            answer.future.set_exception(error)
        else:
            answer.future.set_result(outcome)  # type: ignore[arg-type]  # None is an outcome where there is no error


def ready(waiting: queue.SimpleQueue[T | None], first: T, *, limit: int) -> tuple[list[T], bool]:
    """The first and those that wait already, and whether the thread that asks is to end after them (None was put)."""
    batch = [first]
    return batch, more(waiting, batch, limit=limit)


def more(waiting: queue.SimpleQueue[T | None], batch: list[T], *, limit: int) -> bool:
    """Add those that wait by now; whether the thread that asks is to end after them."""
    while len(batch) < limit:
        try:
            following = waiting.get_nowait()
        except queue.Empty:
            break
        if following is None:
            return True
        batch.append(following)
    return False
