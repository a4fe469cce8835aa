"""Lock files: one holder at a time, and a dead holder holds nothing."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path


class Held(Exception):
    """Another process holds this lock; `pid` is what it wrote, 0 where it wrote nothing."""

    def __init__(self, pid: int) -> None:
        super().__init__(f"held by process {pid}")
        self.pid = pid


def hold(path: Path) -> int:
    """Lock the file and return its descriptor: the lock lasts as long as any process has it open.

    A child that inherits the descriptor holds the lock as well. Raises Held at once where somebody else has it.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        written = os.pread(descriptor, 20, 0).strip()
        os.close(descriptor)
        raise Held(int(written) if written.isdigit() else 0) from None
    return descriptor


def sign(descriptor: int, pid: int) -> None:
    """Write into a held lock who holds it."""
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, f"{pid}\n".encode(), 0)
