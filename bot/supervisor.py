"""Keeps processes running: starts again what died, slower each time, and ends all of them cleanly."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

from bot.child import Child, Line, Spec, Start
from core.errors import ConfigurationError, FlowMateError

REMEMBERED_LINES = 20


@dataclass(frozen=True)
class RestartPolicy:
    """How patient the supervisor is; all in seconds but `crash_limit`."""

    first_delay_seconds: float = 1.0
    longest_delay_seconds: float = 30.0
    steady_after_seconds: float = 60.0
    """A process that was up for so long begins again at the first delay."""
    crash_limit: int = 5
    crash_within_seconds: float = 10.0
    """`crash_limit` deaths in a row, each after less than this, are a crash loop."""
    grace_seconds: float = 30.0
    """From the request to end until the kill."""
    last_grace_seconds: float = 10.0


class Restarts:
    """The decisions about one process: how long to wait after each death, or that waiting won't help."""

    def __init__(self, policy: RestartPolicy) -> None:
        self._policy = policy
        self._deaths = 0
        self._crashes = 0

    def died(self, *, after_seconds: float) -> float | None:
        """Seconds until the next start; None where it is a crash loop."""
        policy = self._policy
        self._crashes = self._crashes + 1 if after_seconds < policy.crash_within_seconds else 0
        if self._crashes >= policy.crash_limit:
            return None
        self._deaths = 1 if after_seconds >= policy.steady_after_seconds else self._deaths + 1
        return min(policy.longest_delay_seconds, policy.first_delay_seconds * 2.0 ** (self._deaths - 1))


MISCONFIGURED = os.EX_CONFIG
"""With this exit code a process says that its settings are wrong: starting it again won't mend them."""


class CrashLoop(FlowMateError):
    """A process ends again and again as soon as it is started; `last_lines` is what it said at the end."""

    def __init__(self, name: str, *, outcome: str, deaths: int, last_lines: tuple[Line, ...]) -> None:
        again = f"stopped {deaths} times in a row just after its start" if deaths > 1 else "could not start"
        super().__init__(f"{name} {again} ({outcome}).")
        self.last_lines = last_lines
        self.misconfigured = outcome == describe_exit(MISCONFIGURED)


@dataclass(frozen=True)
class Timing:
    """The supervisor's own clock, so that a test needn't wait."""

    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    monotonic: Callable[[], float] = time.monotonic


class Supervisor:
    """Processes that are kept running for the length of an `async with`."""

    def __init__(
        self,
        *,
        output: Callable[[Line], None],
        announce: Callable[[str], None],
        policy: RestartPolicy | None = None,
        timing: Timing | None = None,
        start: Start = Child.start,
    ) -> None:
        self._start = start
        self._output = output
        self._announce = announce
        self._policy = policy or RestartPolicy()
        self._timing = timing or Timing()
        self._stopping = {False: asyncio.Event(), True: asyncio.Event()}
        self._impatient = asyncio.Event()
        self._ended = asyncio.Event()
        self._crash: CrashLoop | None = None
        self._keepers: dict[bool, list[asyncio.Task[None]]] = {False: [], True: []}

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    def keep(self, spec: Spec, *, last: bool = False) -> None:
        """Start it and keep it running; those that are `last` are ended after all others are gone."""
        keeper = asyncio.create_task(self._keep(spec, last=last), name=f"keep {spec.name}")
        self._keepers[last].append(keeper)

    def stop(self) -> None:
        """Ask for the end of everything; asked a second time, what is still there is killed."""
        if self._ended.is_set():
            self._impatient.set()
        self._ended.set()

    async def ended(self) -> None:
        """Return once the end was asked for. Raises CrashLoop where a process can't be kept running."""
        await self._ended.wait()
        if self._crash is not None:
            raise self._crash

    async def close(self) -> None:
        """End every process, the last ones last. Nothing of theirs is left behind."""
        self._ended.set()
        for last in (False, True):
            self._stopping[last].set()
            await asyncio.gather(*self._keepers[last])

    async def _keep(self, spec: Spec, *, last: bool) -> None:
        stopping, restarts = self._stopping[last], Restarts(self._policy)
        while not stopping.is_set():
            began = self._timing.monotonic()
            said: deque[Line] = deque(maxlen=REMEMBERED_LINES)
            outcome = await self._live(spec, said=said, last=last)
            if stopping.is_set():
                return
            hopeless = outcome == describe_exit(MISCONFIGURED)
            delay = None if hopeless else restarts.died(after_seconds=self._timing.monotonic() - began)
            if self._crash is not None:
                return
            if delay is None:
                # What went to stderr is the reason; a server that logs to stdout has it there.
                lines = tuple(line for line in said if line.error) or tuple(said)
                limit = 1 if hopeless else self._policy.crash_limit
                self._crash = CrashLoop(spec.name, outcome=outcome, deaths=limit, last_lines=lines)
                self._ended.set()
                return
            self._announce(f"{spec.name} stopped ({outcome}), starting again in {delay:g} s")
            await first_of(self._timing.sleep(delay), stopping.wait())

    async def _live(self, spec: Spec, *, said: deque[Line], last: bool) -> str:
        """One life of the process; returns how it ended."""

        def output(line: Line) -> None:
            said.append(line)
            self._output(line)

        starting = asyncio.ensure_future(self._start(spec, output=output))
        # A start may take as long as loading everything; who wants to stop doesn't wait for it.
        await first_of(asyncio.shield(starting), self._stopping[last].wait())
        if not starting.done():
            starting.cancel()
            await asyncio.wait([starting])
        if starting.cancelled():
            return "stopped while it started"
        try:
            child = starting.result()
        except ConfigurationError as error:
            said.append(Line(name=spec.name, raw=error.sentence.encode(), error=True))
            return describe_exit(MISCONFIGURED)
        except OSError as error:
            said.append(Line(name=spec.name, raw=str(error).encode(), error=True))
            return "can't be started"
        gone = asyncio.create_task(child.wait())
        await first_of(asyncio.shield(gone), self._stopping[last].wait())
        if not gone.done():
            child.terminate()
            grace = self._policy.last_grace_seconds if last else self._policy.grace_seconds
            hurry = asyncio.sleep(grace) if last else first_of(asyncio.sleep(grace), self._impatient.wait())
            await first_of(asyncio.shield(gone), hurry)
            child.kill()
        return describe_exit(await gone)


async def first_of(*awaitables: Awaitable[Any]) -> None:
    """Return when one of them has ended; the others are cancelled."""
    tasks = [asyncio.ensure_future(awaitable) for awaitable in awaitables]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def describe_exit(code: int) -> str:
    """An exit code in words: `exit 1`, `killed by SIGKILL`."""
    if code >= 0:
        return f"exit {code}"
    try:
        return f"killed by {signal.Signals(-code).name}"
    except ValueError:
        return f"killed by signal {-code}"
