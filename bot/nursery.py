"""Starting processes by asking the template, which has everything loaded, to fork: see `bot.cradle` for its side."""

from __future__ import annotations

import asyncio
import itertools
import os
import signal
import socket
import sys
from collections.abc import Callable, Iterable
from contextlib import suppress
from types import TracebackType
from typing import Self

from bot.child import Child, Line, Reader, Spec
from bot.cli import LAST_WORDS, PROCESSES, TEMPLATE_ARGUMENT
from bot.cradle import LONGEST_MESSAGE_BYTES, Request, Told
from bot.procfile import own_command
from core.errors import ConfigurationError

TEMPLATE = "template"
COMMAND = (*own_command(), TEMPLATE_ARGUMENT)


class Nursery:
    """Starts processes: FlowMate's own by a fork of the template, all others, and those where it fails, by exec.

    The template ends with the `async with`, and what it forked with it. One that died is replaced at the next start.
    """

    def __init__(self, *, output: Callable[[Line], None], command: tuple[str, ...] = COMMAND) -> None:
        """`command` starts a template, given the descriptor of its line; `output` takes what that itself says."""
        self._output = output
        self._command = command
        self._template: _Template | None = None
        self._replacing = asyncio.Lock()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._template is not None:
            await self._template.end()

    async def warm(self, specs: Iterable[Spec]) -> None:
        """Let the template load, where any of these could be forked from it. Doesn't wait until it has loaded."""
        if any(map(_can_be_forked, specs)):
            with suppress(OSError):
                await self._living_template()

    async def start(self, spec: Spec, *, output: Callable[[Line], None]) -> Child:
        """See Child.start. Raises ConfigurationError where the template says that nothing can run like this."""
        if _can_be_forked(spec):
            # Whatever keeps the template from it, the process itself will say better, or do without.
            with suppress(OSError):
                template = await self._living_template()
                return await template.fork(spec, output=output)
        return await Child.start(spec, output=output)

    async def _living_template(self) -> _Template:
        async with self._replacing:
            if self._template is not None and self._template.is_gone:
                await self._template.end()
                self._template = None
            if self._template is None:
                self._template = await _Template.start(self._command, output=self._output)
            return self._template


def _can_be_forked(spec: Spec) -> bool:
    own = spec.argv[:-1] == own_command() and spec.argv[-1] in PROCESSES
    plain = not spec.inherit and spec.death_signal is signal.SIGKILL
    return sys.platform == "linux" and hasattr(os, "pidfd_open") and own and plain


class _Fork:
    """A forked process, as Child wants it: its pid and exit code are what the template tells."""

    def __init__(self, reader: Reader) -> None:
        self.reader = reader
        self.started: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._code: int | None = None
        self._pipes: list[asyncio.ReadTransport] = []
        self._open = 0

    async def listen(self, standard: int) -> int:
        """Read what it writes to this standard descriptor; returns the end to write to, which the caller closes."""
        ours, theirs = os.pipe()
        try:
            pipe, _ = await asyncio.get_running_loop().connect_read_pipe(
                lambda: _Pipe(self, standard), os.fdopen(ours, "rb", buffering=0)
            )
        except BaseException:
            os.close(theirs)
            raise
        self._pipes.append(pipe)
        self._open += 1
        return theirs

    def pipe_closed(self) -> None:
        self._open -= 1
        if self._open == 0:
            self.reader.connection_lost(None)

    def began(self, pid: int) -> None:
        if self.started.cancelled():
            _kill_group(pid)
        else:
            self.started.set_result(pid)

    def ended(self, code: int) -> None:
        """`code` as in `Told`."""
        self._code = code
        if not self.started.done():
            self.started.set_exception(ChildProcessError("it ended before it began"))
        self.reader.process_exited()

    def get_pid(self) -> int:
        return self.started.result()

    def get_returncode(self) -> int | None:
        return self._code

    def close(self) -> None:
        for pipe in self._pipes:
            pipe.close()


class _Pipe(asyncio.Protocol):
    def __init__(self, fork: _Fork, standard: int) -> None:
        self._fork = fork
        self._standard = standard

    def data_received(self, data: bytes) -> None:
        self._fork.reader.pipe_data_received(self._standard, data)

    def connection_lost(self, exc: Exception | None) -> None:
        self._fork.pipe_closed()


class _Template:
    """A running template, seen from the other end of its line."""

    def __init__(self, child: Child, line: socket.socket, *, last_words: Callable[[], str]) -> None:
        self._child = child
        self._line = line
        self._last_words = last_words
        self._numbers = itertools.count()
        self._forks: dict[int, _Fork] = {}
        self.is_gone = False
        line.setblocking(False)
        asyncio.get_running_loop().add_reader(line, self._hear)

    @classmethod
    async def start(cls, command: tuple[str, ...], *, output: Callable[[Line], None]) -> _Template:
        """Raises OSError where it can't be started."""
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        last_words = ""

        def take(line: Line) -> None:
            nonlocal last_words
            text = line.raw.decode("utf-8", "replace")
            if line.error and text.startswith(LAST_WORDS):
                # Whoever wanted a fork is told; it needn't be read twice.
                last_words += ("\n" if last_words else "") + text.removeprefix(LAST_WORDS).rstrip()
            else:
                output(line)

        with theirs:
            number = theirs.fileno()
            spec = Spec(
                name=TEMPLATE,
                argv=(*command, str(number)),
                # Read when an interpreter starts, and so too late in a fork.
                environment={"PYTHONUNBUFFERED": "1"},
                inherit=(number,),
            )
            try:
                return cls(await Child.start(spec, output=take), ours, last_words=lambda: last_words)
            except BaseException:
                ours.close()
                raise

    async def fork(self, spec: Spec, *, output: Callable[[Line], None]) -> Child:
        """Raises OSError where it can't, or is gone before it could; ConfigurationError where it said why."""
        number, fork = next(self._numbers), _Fork(Reader(spec.name, output))
        try:
            await self._ask(Request(number, spec.argv[-1], spec.environment), fork)
            await fork.started
        except BaseException as error:
            fork.close()
            if isinstance(error, OSError) and self.is_gone and await self._child.wait() == os.EX_CONFIG:
                raise ConfigurationError(self._last_words()) from None
            raise
        return Child(fork, fork.reader)

    async def end(self) -> None:
        """End it, and with it all that it forked and that still runs."""
        self._lose()
        self._child.kill()
        await self._child.wait()

    async def _ask(self, request: Request, fork: _Fork) -> None:
        outputs: list[int] = []
        try:
            for standard in (1, 2):
                outputs.append(await fork.listen(standard))
            if self.is_gone:
                raise BrokenPipeError("the template is gone")
            socket.send_fds(self._line, [request.to_bytes()], outputs)
            self._forks[request.number] = fork
        finally:
            for descriptor in outputs:
                os.close(descriptor)

    def _hear(self) -> None:
        try:
            raw = self._line.recv(LONGEST_MESSAGE_BYTES)
        except BlockingIOError:
            return
        except OSError:
            raw = b""
        if not raw:
            self._lose()
            return
        told = Told.from_bytes(raw)
        fork = self._forks[told.number]
        if told.pid is not None:
            fork.began(told.pid)
        else:
            del self._forks[told.number]
            fork.ended(1 if told.code is None else told.code)

    def _lose(self) -> None:
        """Its forks die with it, by the kernel's hand; what is left of their groups by ours."""
        if self.is_gone:
            return
        self.is_gone = True
        asyncio.get_running_loop().remove_reader(self._line)
        self._line.close()
        for fork in self._forks.values():
            if fork.started.done() and not fork.started.cancelled():
                _kill_group(fork.get_pid())
            fork.ended(-signal.SIGKILL)
        self._forks.clear()


def _kill_group(pid: int) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)
