"""`flowmate up` as a person starts it: on a data folder of its own, with nothing of ours in its environment."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.services.forking import flowmate

START_SECONDS = 60.0
ANSWER_SECONDS = 30.0


@dataclass(frozen=True)
class Service:
    """A running `flowmate up`."""

    environment: dict[str, str]
    base_url: str
    output: list[str]

    @property
    def token(self) -> str:
        return (Path(self.environment["FLOWMATE_DATA_DIR"]) / "operator.token").read_text().strip()

    async def command(self, *arguments: str) -> tuple[int, str, str]:
        """Run `flowmate …` beside it."""
        async with asyncio.timeout(ANSWER_SECONDS):
            return await flowmate(*arguments, environment=self.environment)


@asynccontextmanager
async def running(folder: Path, **environment: str) -> AsyncIterator[Service]:
    """`flowmate up` on its own data folder; ended by one SIGINT, with nothing left behind."""
    port = _free_port()
    env = {
        **own_environment(),
        "FLOWMATE_DATA_DIR": str(folder / "data"),
        "FLOWMATE_PORT": str(port),
        "FLOWMATE_WORKERS": "1",
        "PYTHONUNBUFFERED": "1",
        "NO_COLOR": "1",
        **environment,
    }
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "bot.cli",
        "up",
        # No `.env` is there, and Ctrl-C in our terminal is for us alone: this is ended below.
        cwd=folder,
        start_new_session=True,
        env=env,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    service = Service(env, f"http://127.0.0.1:{port}", [])
    reading = asyncio.create_task(_read(process, service.output))
    try:
        await _until_said(process, service.output, "Ctrl-C stops everything")
        yield service
    finally:
        children = _descendants(process.pid)
        if process.returncode is None:
            process.send_signal(signal.SIGINT)
        async with asyncio.timeout(40):
            code = await process.wait()
            await reading
        assert code == 0, "".join(service.output)
        assert not [pid for pid in children if _alive(pid)], "a process was left behind"


def own_environment() -> dict[str, str]:
    """The little that a process needs of ours."""
    return {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}


async def _read(process: asyncio.subprocess.Process, output: list[str]) -> None:
    assert process.stdout is not None
    async for line in process.stdout:
        output.append(line.decode(errors="replace"))


async def _until_said(process: asyncio.subprocess.Process, output: list[str], wanted: str) -> None:
    async with asyncio.timeout(START_SECONDS):
        while not any(wanted in line for line in output):
            assert process.returncode is None, "".join(output)
            await asyncio.sleep(0.02)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _descendants(pid: int) -> list[int]:
    """Its children, and theirs; none where nothing tells."""
    if not Path("/proc").is_dir():
        return []
    children = [
        int(entry.name)
        for entry in Path("/proc").iterdir()
        if entry.name.isdigit() and _parent(int(entry.name)) == pid
    ]
    return children + [found for child in children for found in _descendants(child)]


def _parent(pid: int) -> int | None:
    try:
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    except (OSError, IndexError):
        return None


def _alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (OSError, IndexError):
        return False
