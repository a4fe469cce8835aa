"""Running `flowmate` as people do: a process, its exit code and its two outputs."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from pathlib import Path

from bot.procfile import own_command
from tests.integration.terminal import Terminal, on_a_terminal
from tests.services.forking import flowmate

TOKEN = "invented-operator-token-0123456789"
SECONDS = 60


@dataclass(frozen=True)
class Ran:
    code: int
    out: str
    err: str


class Command:
    """One `flowmate …` that runs."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    @property
    def pid(self) -> int:
        return self._process.pid

    def signal(self, number: int) -> None:
        self._process.send_signal(number)

    async def line_with(self, text: str) -> str:
        """Read stdout up to the line that has this text; returns all of that."""
        assert self._process.stdout is not None
        read = ""
        async with asyncio.timeout(SECONDS):
            while line := (await self._process.stdout.readline()).decode():
                read += line
                if text in line:
                    return read
        raise AssertionError(f"{text!r} never came; it said:\n{read}")

    async def end(self, typed: str = "") -> Ran:
        out, err = await asyncio.wait_for(self._process.communicate(typed.encode()), SECONDS)
        assert self._process.returncode is not None
        return Ran(self._process.returncode, out.decode(), err.decode())


class Flowmate:
    """The command line over one data folder and port."""

    def __init__(self, folder: Path, *, port: int, token: str = TOKEN) -> None:
        self.folder = folder
        self.port = port
        self._environment = {
            "PATH": os.environ["PATH"],
            "FLOWMATE_DATA_DIR": str(folder / "data"),
            "FLOWMATE_PORT": str(port),
            "FLOWMATE_OPERATOR_TOKEN": token,
            "COLUMNS": "100",
        }

    async def start(self, *arguments: str, environment: Mapping[str, str] | None = None) -> Command:
        pipe = asyncio.subprocess.PIPE
        process = await asyncio.create_subprocess_exec(
            *own_command(),
            *arguments,
            stdin=pipe,
            stdout=pipe,
            stderr=pipe,
            cwd=self.folder,
            env={**self._environment, **(environment or {})},
        )
        return Command(process)

    def on_a_terminal(self, *arguments: str) -> AbstractAsyncContextManager[Terminal]:
        return on_a_terminal(*arguments, environment=self._environment, folder=self.folder)

    async def run(
        self, *arguments: str, typed: str = "", environment: Mapping[str, str] | None = None
    ) -> Ran:
        """To its end. Where nothing is typed, in a process whose libraries are loaded already."""
        if typed:
            return await (await self.start(*arguments, environment=environment)).end(typed)
        own = {**self._environment, **(environment or {})}
        async with asyncio.timeout(SECONDS):
            return Ran(*await flowmate(*arguments, environment=own, folder=self.folder))


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
