"""FlowMate's own processes over a folder and a Valkey of their own, started as a Procfile would."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
import tempfile
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from redis import Redis

from adapters.queue.connection import connect
from adapters.settings import Settings
from adapters.sql.migrations import migrate
from bot.embedded import EmbeddedValkey

READY_SECONDS = 60.0
STOP_SECONDS = 40.0
POLL_SECONDS = 0.05
KEPT = ("PATH", "HOME", "LANG", "VIRTUAL_ENV", "TMPDIR")


@dataclass
class Service:
    """A folder with a database and a queue, and what runs over it."""

    folder: Path
    environment: dict[str, str]
    settings: Settings
    redis: Redis
    pids: dict[str, list[int]] = field(default_factory=dict)

    @asynccontextmanager
    async def process(self, *command: str, module: str = "bot.cli", **environment: str) -> AsyncIterator[int]:
        """`flowmate …` in a process of its own, ended with the block; yields its pid."""
        child = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            module,
            *command,
            env={**self.environment, **environment},
            cwd=self.folder,
        )
        self.pids.setdefault(command[0], []).append(child.pid)
        try:
            yield child.pid
        finally:
            self.pids[command[0]].remove(child.pid)
            if child.returncode is None:
                child.send_signal(signal.SIGTERM)
            try:
                await asyncio.wait_for(child.wait(), STOP_SECONDS)
            except TimeoutError:
                child.kill()
                await child.wait()

    @asynccontextmanager
    async def worker(self, *command: str, module: str = "bot.cli", **environment: str) -> AsyncIterator[int]:
        """A worker that is ready for jobs: `flowmate worker`, unless it is said otherwise."""
        before = await asyncio.to_thread(self.redis.scard, "rq:workers")
        async with self.process(*(command or ("worker",)), module=module, **environment) as pid:
            async with asyncio.timeout(READY_SECONDS):
                while await asyncio.to_thread(self.redis.scard, "rq:workers") <= before:  # noqa: ASYNC110
                    await asyncio.sleep(POLL_SECONDS)
            yield pid

    @asynccontextmanager
    async def web(self, **environment: str) -> AsyncIterator[str]:
        """The web process, once it answers; yields its base URL."""
        async with self.process("web", **environment):
            port = int(environment.get("FLOWMATE_PORT") or self.environment["FLOWMATE_PORT"])
            async with asyncio.timeout(READY_SECONDS):
                while not await _listens(port):  # noqa: ASYNC110
                    await asyncio.sleep(POLL_SECONDS)
            yield f"http://127.0.0.1:{port}"


@asynccontextmanager
async def service(
    environment: Mapping[str, str] | None = None, *, agents: Mapping[str, str] | None = None
) -> AsyncIterator[Service]:
    """A fresh folder, a migrated database, a Valkey. `agents` are the team's own, as texts by name."""
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="fm-bench-", dir="/tmp")))
        (folder / "agents").mkdir()
        for name, text in (agents or {}).items():
            (folder / "agents" / f"{name}.md").write_text(text, encoding="utf-8")
        valkey = await stack.enter_async_context(EmbeddedValkey(folder / "valkey"))
        given = {
            "REDIS_URL": valkey.url,
            "FLOWMATE_DATA_DIR": str(folder),
            "FLOWMATE_PORT": str(free_port()),
            "FLOWMATE_LOG_LEVEL": "ERROR",
            "PYTHONPATH": str(Path(__file__).parent.parent),
            **(environment or {}),
        }
        # Nothing of the caller's own settings, and none of its .env, may take part.
        os.environ.update(given)
        settings = Settings(_env_file=None)
        await asyncio.to_thread(migrate, settings)
        redis = connect(valkey.url)
        stack.callback(redis.close)
        base = {name: os.environ[name] for name in KEPT if name in os.environ}
        yield Service(folder=folder, environment={**base, **given}, settings=settings, redis=redis)


@asynccontextmanager
async def helper(module: str, *arguments: str) -> AsyncIterator[asyncio.subprocess.Process]:
    """A module of the benchmarks' own in a process of its own, its stdout piped; killed with the block."""
    child = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        module,
        *arguments,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        yield child
    finally:
        if child.returncode is None:
            child.kill()
        await child.wait()


def free_port() -> int:
    """A port of the loopback interface that nobody uses just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def resident_mb(pids: Sequence[int]) -> float:
    """Resident memory of these processes (Linux)."""
    return sum(_rollup(pid, "VmRSS") for pid in pids) / 1024


def peak_mb(pid: int) -> float:
    """The most that this process ever held (Linux)."""
    return _rollup(pid, "VmHWM") / 1024


def cpu_seconds(pid: int) -> float:
    """User and system time of this process so far (Linux)."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _rollup(pid: int, name: str) -> int:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(f"{name}:"):
            return int(line.split()[1])
    return 0


async def _listens(port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return False
    writer.close()
    return True
