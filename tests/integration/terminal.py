"""A `flowmate …` on a terminal of its own: what is typed there, and all that it wrote."""

from __future__ import annotations

import asyncio
import fcntl
import os
import pty
import struct
import termios
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from bot.procfile import own_command
from tests.services.waiting import eventually

SECONDS = 20.0


@dataclass
class Terminal:
    """The command's process, and its screen as it came."""

    process: asyncio.subprocess.Process
    master: int
    screen: bytearray = field(default_factory=bytearray)

    def type(self, text: str) -> None:
        os.write(self.master, text.encode())

    async def shows(self, text: str, *, times: int = 1) -> None:
        await eventually(lambda: self.screen.count(text.encode()) >= times, seconds=SECONDS)


@asynccontextmanager
async def on_a_terminal(
    *arguments: str,
    environment: Mapping[str, str],
    folder: Path | None = None,
    size: tuple[int, int] | None = None,
) -> AsyncIterator[Terminal]:
    """Started in this folder; `size` is in rows and columns. What still runs at the end is killed."""
    master, slave = pty.openpty()
    if size is not None:
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", *size, 0, 0))
    process = await asyncio.create_subprocess_exec(
        *own_command(),
        *arguments,
        cwd=folder,
        env={**environment, "TERM": "xterm"},
        stdin=slave,
        stdout=slave,
        stderr=slave,
    )
    os.close(slave)
    terminal = Terminal(process, master)
    loop = asyncio.get_running_loop()

    def read() -> None:
        try:
            terminal.screen.extend(os.read(master, 65536))
        except OSError:  # its other end is closed
            loop.remove_reader(master)

    loop.add_reader(master, read)
    try:
        yield terminal
    finally:
        loop.remove_reader(master)
        if process.returncode is None:
            process.kill()
            await process.wait()
        os.close(master)
