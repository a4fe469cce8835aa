"""What every peer is given, fresh for each run: a Valkey on a port of the loopback, a database of its own."""

from __future__ import annotations

import asyncio
import shutil
import socket
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

from bot.embedded import server_binary
from tests.services.postgresql import PostgreSQL

READY_SECONDS = 30.0
POLL_SECONDS = 0.05


@asynccontextmanager
async def model_server(*, latency: float) -> AsyncIterator[str]:
    """The model and the sink; yields its address."""
    command = (sys.executable, "-m", "benchmarks.peers.server", "--latency", str(latency))
    process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    try:
        assert process.stdout is not None
        line = await asyncio.wait_for(process.stdout.readline(), READY_SECONDS)
        yield f"http://127.0.0.1:{int(line.split()[1])}"
    finally:
        process.terminate()
        await process.wait()


@asynccontextmanager
async def valkey() -> AsyncIterator[tuple[str, int]]:
    """An empty Valkey as FlowMate embeds it (appended to a file, synced every second), but on a port: not every
    client knows sockets. Yields its address and its process id."""
    folder = tempfile.mkdtemp(prefix="fm-valkey-")
    port = _free_port()
    options = {
        "port": str(port),
        "bind": "127.0.0.1",
        "dir": folder,
        "appendonly": "yes",
        "appendfsync": "everysec",
        "save": "",
        "maxclients": "4000",
        "logfile": str(Path(folder) / "log"),
    }
    arguments = [part for name, value in options.items() for part in (f"--{name}", value)]
    process = await asyncio.create_subprocess_exec(str(server_binary()), *arguments)
    try:
        await asyncio.wait_for(_listening(port), READY_SECONDS)
        yield f"redis://127.0.0.1:{port}/0", process.pid
    finally:
        process.terminate()
        await process.wait()
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def postgresql() -> Iterator[tuple[PostgreSQL, int]]:
    """A running server, without fsync as in the tests: for all who use one alike. With its process id."""
    folder = Path(tempfile.mkdtemp(prefix="fm-pg-", dir="/tmp"))
    server = PostgreSQL(folder)
    try:
        server.start()
        yield server, int((folder / "data" / "postmaster.pid").read_text().split()[0])
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def database(kind: str, server: PostgreSQL | None) -> Iterator[str]:
    """The address of a fresh database, empty where none is wanted."""
    if kind == "postgresql":
        assert server is not None
        name = server.create()
        try:
            yield server.url(name)
        finally:
            server.drop(name)
    elif kind == "sqlite":
        folder = tempfile.mkdtemp(prefix="fm-sqlite-")
        try:
            yield f"sqlite:///{folder}/peer.db"
        finally:
            shutil.rmtree(folder, ignore_errors=True)
    else:
        yield ""


async def _listening(port: int) -> None:
    while True:
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            await asyncio.sleep(POLL_SECONDS)
        else:
            writer.close()
            return


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
        return port
