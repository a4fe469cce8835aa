"""A log file that is kept small: the newest lines in NAME.log, older ones in NAME.log.1 and so on."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import BinaryIO

LARGEST_BYTES = 10 * 1024 * 1024
KEPT = 4


class LogFile:
    """An append-only file of lines, mode 0600. A full disk loses lines and nothing else."""

    def __init__(self, path: Path, *, largest_bytes: int = LARGEST_BYTES, kept: int = KEPT) -> None:
        self._path = path
        self._largest_bytes = largest_bytes
        self._kept = kept
        self._file: BinaryIO | None = None
        self._size = 0

    def write(self, line: bytes) -> None:
        with contextlib.suppress(OSError):
            if self._file is None:
                self._open()
            elif self._size + len(line) >= self._largest_bytes:
                self._rotate()
            if self._file is not None:
                self._size += self._file.write(line + b"\n")

    def close(self) -> None:
        if self._file is not None:
            with contextlib.suppress(OSError):
                self._file.close()
            self._file = None

    def _open(self) -> None:
        descriptor = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        # Unbuffered: whoever follows the file sees each line, and a kill loses none.
        self._file = open(descriptor, "ab", buffering=0)
        self._size = os.fstat(descriptor).st_size

    def _rotate(self) -> None:
        self.close()
        for number in range(self._kept, 0, -1):
            older = self._path if number == 1 else self._numbered(number - 1)
            if older.exists():
                older.replace(self._numbered(number))
        self._open()

    def _numbered(self, number: int) -> Path:
        return self._path.with_name(f"{self._path.name}.{number}")
