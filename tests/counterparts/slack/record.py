"""The record of everything received and sent, and waiting for it to change."""

import asyncio
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeVar

T = TypeVar("T")
Json = dict[str, Any]
Kind = Literal["event", "command", "interactive"]


@dataclass
class Request:
    """One request as it arrived; ``at`` is in seconds on the server's monotonic clock.

    ``outcome`` is ``ok``, a Slack error code, ``429`` or the name of the fault that met it.
    """

    method: str
    arguments: Mapping[str, Any]
    at: float
    token_ok: bool
    headers: Mapping[str, str]
    outcome: str = "open"

    def __str__(self) -> str:
        shown = json.dumps(dict(self.arguments), ensure_ascii=False, default=str)
        return f"{self.at:.3f} {self.method} {shown[:400]} -> {self.outcome}"


@dataclass(frozen=True)
class Answer:
    """What the app answered to one delivery: ``status`` is None when there was no HTTP answer.

    Over Socket Mode an acknowledgement counts as status 200 and ``payload`` is what came with it. ``error``
    is what the person sees in Slack (``operation_timeout``, ``dispatch_failed``), if anything.
    """

    status: int | None
    body: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    payload: Json | None = None
    error: str | None = None

    @property
    def accepted(self) -> bool:
        """Whether the app took responsibility with a 2xx or an acknowledgement."""
        return self.status is not None and 200 <= self.status < 300


@dataclass(frozen=True)
class Attempt:
    """One try of a delivery, with the exact body and headers that went out."""

    number: int
    route: Literal["http", "socket", "none"]
    answer: Answer
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    envelope_id: str | None = None


@dataclass
class Delivery:
    """One payload on its way to the app, with all its attempts."""

    kind: Kind
    payload: Json
    attempts: list[Attempt] = field(default_factory=list)
    settled: bool = False

    @property
    def delivered(self) -> bool:
        """Whether an attempt was accepted."""
        return any(attempt.answer.accepted for attempt in self.attempts)

    @property
    def event(self) -> Json:
        """The inner event, empty for commands and interactions."""
        inner: Json = self.payload.get("event", {})
        return inner

    def __str__(self) -> str:
        name = self.event.get("type") or self.payload.get("command") or self.payload.get("type")
        tries = [attempt.answer.status or attempt.answer.error for attempt in self.attempts]
        return f"{self.kind} {name} {self.payload.get('event_id', '')} {tries}"


class Changes:
    """Wakes whoever waits, each time something was recorded."""

    def __init__(self, describe: Callable[[], str]) -> None:
        self._describe = describe
        self._waiters: set[asyncio.Future[None]] = set()

    def touch(self) -> None:
        """Say that something changed."""
        for waiter in self._waiters:
            if not waiter.done():
                waiter.set_result(None)

    async def until(self, predicate: Callable[[], T], *, within_seconds: float) -> T:
        """The first true value of the predicate; ``AssertionError`` with the record when it stays false."""
        try:
            async with asyncio.timeout(within_seconds):
                while not (value := predicate()):
                    await self._next()
                return value
        except TimeoutError:
            raise AssertionError(f"nothing fitting came in {within_seconds} s\n{self._describe()}") from None

    async def _next(self) -> None:
        waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiters.add(waiter)
        try:
            await waiter
        finally:
            self._waiters.discard(waiter)
