"""The template: a process that has everything loaded and, asked by `flowmate up`, forks into what the Procfile names.

One line, a unix socket that keeps messages apart, leads to `bot.nursery` in `up`. A request comes with the two
descriptors that the new process writes to. The new process itself says that it is there; the template says when it is
gone. It has no threads, no event loop and no signal handlers, so that nothing of it has to be undone after a fork.
"""

from __future__ import annotations

import ctypes
import json
import os
import select
import signal
import socket
import sys
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from bot.child import dying_with

LONGEST_MESSAGE_BYTES = 128 * 1024
ARGUMENTS_START, ARGUMENTS_END = 47, 48
"""Where in /proc/self/stat (counted from 0) stands where the arguments lie in memory, proc(5)."""


@dataclass(frozen=True)
class Request:
    """What is to be forked; `environment` is added to the template's own. `number` names it in the answers."""

    number: int
    name: str
    environment: Mapping[str, str]

    def to_bytes(self) -> bytes:
        return json.dumps([self.number, self.name, dict(self.environment)]).encode()

    @classmethod
    def from_bytes(cls, raw: bytes) -> Request:
        return cls(*json.loads(raw))


@dataclass(frozen=True)
class Told:
    """An answer: the process is there (`pid`), is gone (`code`, negative: the signal), or couldn't be forked
    (`error`, an errno)."""

    number: int
    pid: int | None = None
    code: int | None = None
    error: int | None = None

    def to_bytes(self) -> bytes:
        return json.dumps([self.number, self.pid, self.code, self.error]).encode()

    @classmethod
    def from_bytes(cls, raw: bytes) -> Told:
        return cls(*json.loads(raw))


def fork_on_request(line: int) -> str:
    """Fork as often as it is asked for over the line, a descriptor, and end when that is closed.

    Returns in each forked process, with the name that it was asked for; never in the template itself.
    """
    return _Cradle(socket.socket(fileno=line)).serve()


class _Cradle:
    def __init__(self, line: socket.socket) -> None:
        self._line = line
        self._forks: dict[int, tuple[int, int]] = {}
        """By the descriptor that tells of its end (pidfd_open(2)): the request's number and the pid."""
        # No epoll: its descriptor would be shared with the forks.
        self._poll = select.poll()
        self._poll.register(line, select.POLLIN)

    def serve(self) -> str:
        while True:
            for ready, _ in self._poll.poll():
                if ready in self._forks:
                    self._bury(ready)
                elif (name := self._answer()) is not None:
                    return name

    def _answer(self) -> str | None:
        """Do what is asked for; in the forked process, and only there, returns its name."""
        try:
            raw, outputs, _, _ = socket.recv_fds(self._line, LONGEST_MESSAGE_BYTES, 2)
        except ConnectionResetError:
            raw = b""
        if not raw:
            # `up` is gone, or has no more use for this process. There is nothing to tidy up.
            os._exit(0)
        request, parent = Request.from_bytes(raw), os.getpid()
        try:
            pid = os.fork()
        except OSError as error:
            self._tell(Told(request.number, error=error.errno))
        else:
            if pid == 0:
                self._become(request, outputs, parent=parent)
                return request.name
            self._watch(pid, request.number)
        for descriptor in outputs:
            os.close(descriptor)
        return None

    def _watch(self, pid: int, number: int) -> None:
        ended = os.pidfd_open(pid)
        self._forks[ended] = (number, pid)
        self._poll.register(ended, select.POLLIN)

    def _bury(self, ended: int) -> None:
        number, pid = self._forks.pop(ended)
        self._poll.unregister(ended)
        os.close(ended)
        # What it left in its group goes first: as long as it isn't reaped, its number is nobody else's.
        os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(pid, signal.SIGKILL)
        _, status = os.waitpid(pid, 0)
        self._tell(Told(number, code=os.waitstatus_to_exitcode(status)))

    def _become(self, request: Request, outputs: Iterable[int], *, parent: int) -> None:
        """What exec, and Popen before it, would have done."""
        if (die_with_template := dying_with(parent, signal.SIGKILL)) is not None:
            die_with_template()
        os.setsid()
        for standard, output in zip((1, 2), outputs, strict=True):
            os.dup2(output, standard)
            os.close(output)
        for ended in self._forks:
            os.close(ended)
        os.environ.update(request.environment)
        sys.argv[1:] = [request.name]
        # The last two told the template what it is, and where its line is.
        show_arguments([*sys.orig_argv[:-2], request.name])
        # Only now may it be signalled: before, it was in another group.
        self._tell(Told(request.number, pid=os.getpid()))
        self._line.close()

    def _tell(self, told: Told) -> None:
        try:
            self._line.send(told.to_bytes())
        except (BrokenPipeError, ConnectionResetError):
            os._exit(0)


def show_arguments(arguments: Iterable[str]) -> None:
    """Let `ps` show these arguments for this process, as far as they fit where its own are."""
    try:
        fields = Path("/proc/self/stat").read_bytes().rpartition(b")")[2].split()
        # The first two fields, pid and name, are cut off.
        start, end = int(fields[ARGUMENTS_START - 2]), int(fields[ARGUMENTS_END - 2])
    except (OSError, IndexError, ValueError):
        return
    room = end - start
    shown = b"\0".join(map(os.fsencode, arguments)) + b"\0"
    # Without a zero at its end, the kernel would take what comes after it, the environment, for more of it.
    if start and len(shown) <= room:
        ctypes.memmove(start, shown.ljust(room, b"\0"), room)
