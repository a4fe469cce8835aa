"""One child process: it dies when we die, is read line by line, and ends with its whole process group."""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import os
import signal
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

PR_SET_PDEATHSIG = 1
LONGEST_LINE_BYTES = 64 * 1024
PIPES_CLOSE_SECONDS = 1.0

# Looked up here, since nothing may be loaded between fork and exec.
_prctl = ctypes.CDLL(None, use_errno=True).prctl if sys.platform == "linux" else None


@dataclass(frozen=True)
class Spec:
    """What to run: `environment` is added to our own, `inherit` are descriptors that stay open in it."""

    name: str
    argv: tuple[str, ...]
    environment: Mapping[str, str] = field(default_factory=dict)
    inherit: tuple[int, ...] = ()
    death_signal: signal.Signals = signal.SIGKILL
    """What it gets when we are gone without having stopped it (Linux)."""


@dataclass(frozen=True)
class Line:
    """One line that a child wrote, without its end; `error` where it went to stderr."""

    name: str
    raw: bytes
    error: bool


class Process(Protocol):
    """What a Child needs of asyncio's transport; one that was forked elsewhere has its own."""

    def get_pid(self) -> int: ...

    def get_returncode(self) -> int | None:
        """Its exit code (negative: the signal), or None while it runs."""
        ...

    def close(self) -> None:
        """Read no more of what it writes."""
        ...


class Child:
    """A running child process."""

    def __init__(self, transport: Process, protocol: Reader) -> None:
        self._transport = transport
        self._protocol = protocol

    @classmethod
    async def start(cls, spec: Spec, *, output: Callable[[Line], None]) -> Child:
        """Start it in a session of its own. Raises OSError where that can't be done."""
        loop = asyncio.get_running_loop()
        transport, protocol = await loop.subprocess_exec(
            lambda: Reader(spec.name, output),
            *spec.argv,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env={**os.environ, **spec.environment},
            pass_fds=spec.inherit,
            start_new_session=True,
            preexec_fn=dying_with(os.getpid(), spec.death_signal),
        )
        return cls(transport, protocol)

    @property
    def pid(self) -> int:
        return self._transport.get_pid()

    async def wait(self) -> int:
        """Its exit code (negative: the signal), once it is gone, its group is gone and all it wrote was read."""
        await self._protocol.exited.wait()
        self._signal_group(signal.SIGKILL)
        # A grandchild in a session of its own may keep the pipes open for ever.
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._protocol.closed.wait(), PIPES_CLOSE_SECONDS)
        self._transport.close()
        self._protocol.flush()
        return self._transport.get_returncode() or 0

    def terminate(self) -> None:
        """Ask the whole group to end."""
        self._signal_group(signal.SIGTERM)

    def kill(self) -> None:
        """End the whole group at once."""
        self._signal_group(signal.SIGKILL)

    async def end(self, *, grace_seconds: float) -> int:
        """Ask it to end, and kill it when it hasn't within the grace."""
        self.terminate()
        try:
            await asyncio.wait_for(self._protocol.exited.wait(), grace_seconds)
        except TimeoutError:
            self.kill()
        return await self.wait()

    def _signal_group(self, number: signal.Signals) -> None:
        # It leads its group, so the group's number is its pid; both are gone when nobody is left.
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, number)


class Start(Protocol):
    """A way to start a process in a session of its own. Raises OSError where that can't be done; where it is
    cancelled, nothing runs."""

    async def __call__(self, spec: Spec, *, output: Callable[[Line], None]) -> Child: ...


class Reader(asyncio.SubprocessProtocol):
    """Turns what the pipes give into lines, and knows when both are closed and the process is gone."""

    def __init__(self, name: str, output: Callable[[Line], None]) -> None:
        self.exited = asyncio.Event()
        self.closed = asyncio.Event()
        self._name = name
        self._output = output
        self._rest = {1: b"", 2: b""}

    def pipe_data_received(self, fd: int, data: bytes) -> None:
        *lines, rest = (self._rest[fd] + data).split(b"\n")
        if len(rest) > LONGEST_LINE_BYTES:
            lines.append(rest)
            rest = b""
        self._rest[fd] = rest
        for line in lines:
            self._output(Line(name=self._name, raw=line, error=fd == 2))

    def process_exited(self) -> None:
        self.exited.set()

    def connection_lost(self, exc: Exception | None) -> None:
        self.closed.set()

    def flush(self) -> None:
        """Give out last lines that had no end."""
        for fd, rest in self._rest.items():
            if rest:
                self._rest[fd] = b""
                self._output(Line(name=self._name, raw=rest, error=fd == 2))


def dying_with(parent: int, number: signal.Signals) -> Callable[[], None] | None:
    """What a new process does first, so that the kernel ends it when its parent ends; None where it can't.

    prctl(2): the setting outlives exec, and counts from now on; hence the second look at the parent.
    """
    if _prctl is None:
        return None
    prctl, code = _prctl, int(number)

    def before_exec() -> None:
        prctl(PR_SET_PDEATHSIG, code, 0, 0, 0)
        if os.getppid() != parent:
            os._exit(1)

    return before_exec


def watch_children_without_threads() -> None:
    """Let asyncio learn of a child's end from the kernel (pidfd) instead of from one waiting thread per child.

    Newer Pythons do so by themselves; a thread would also make the fork in `Child.start` less safe.
    """
    if sys.version_info < (3, 12) and hasattr(os, "pidfd_open"):
        asyncio.set_child_watcher(asyncio.PidfdChildWatcher())
