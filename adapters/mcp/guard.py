"""Run as a program between FlowMate and a server that it starts, so that the server never outlives it.

    guard.py PARENT COMMAND ARGUMENT…

It stands at the head of a process group of its own. The server inherits its pipes; the guard itself reads and writes
nothing. When the server ends, what it left behind ends; when FlowMate is gone, even by SIGKILL, the whole group gets a
moment to see its input end, and then ends. Standard library only: it is started without site packages.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import sys
import time

PR_SET_PDEATHSIG = 1
GOODBYE_SECONDS = 1.0
LOOK_SECONDS = 0.5


def main() -> None:
    parent, command = int(sys.argv[1]), sys.argv[2:]
    # Handlers, not SIG_IGN: what is ignored stays ignored in the server.
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda *_: None)
    signal.signal(signal.SIGUSR1, lambda *_: _end_all(GOODBYE_SECONDS))
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGUSR1)
    if os.getppid() == parent:
        server = os.posix_spawn(command[0], command, os.environ)
        nowhere = os.open(os.devnull, os.O_RDWR)
        for descriptor in (0, 1, 2):
            # Else the pipes would stay open after the server has closed them.
            os.dup2(nowhere, descriptor)
        _wait(server, parent)
    _end_all(0.0)


def _wait(server: int, parent: int) -> None:
    """Return once the server has ended, or nobody is left to serve."""
    while os.getppid() == parent:
        if sys.platform == "linux":
            os.waitpid(server, 0)
            return
        if os.waitpid(server, os.WNOHANG)[0]:
            return
        time.sleep(LOOK_SECONDS)


def _end_all(seconds: float) -> None:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        with contextlib.suppress(ChildProcessError):
            if os.waitpid(-1, os.WNOHANG)[0]:
                break
        time.sleep(0.02)
    os.killpg(0, signal.SIGKILL)


if __name__ == "__main__":
    main()
