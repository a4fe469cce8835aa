"""Processes of FlowMate's that begin with the libraries already loaded: most of what a start costs is loading them.

They are as real as any (own memory, own signals, killed as any other); only the loading was done once, in a process
that does nothing else and forks. FlowMate's own modules are loaded by each process itself, so that each may change
what it does with them first. Tests of starting itself start `flowmate` as a person would.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import runpy
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

LIBRARIES = (
    "fastapi",
    "jinja2",
    "lxml.html",
    "openai",
    "pydantic_settings",
    "redis.asyncio",
    "rich.markdown",
    "rq",
    "rq_scheduler",
    "slack_bolt.async_app",
    "slack_sdk.web.async_client",
    "sqlalchemy.dialects.postgresql.asyncpg",
    "sqlalchemy.dialects.sqlite.pysqlite",
    "telegram.ext",
    "trafilatura",
    "typer",
    "uvicorn",
    "uvloop",
)

_forks = multiprocessing.get_context("forkserver")
_forks.set_forkserver_preload([__name__, *LIBRARIES])


class Forked:
    """A running module, with what is wanted of an `asyncio.subprocess.Process`."""

    def __init__(
        self,
        module: str,
        arguments: Sequence[str],
        *,
        environment: Mapping[str, str],
        out: Path,
        err: Path,
        folder: Path | None = None,
    ) -> None:
        given = (module, list(arguments), dict(environment), str(out), str(err), str(folder or Path.cwd()))
        self._process = _forks.Process(target=_run, args=given)
        self._process.start()
        assert self._process.pid is not None
        self.pid: int = self._process.pid

    @property
    def returncode(self) -> int | None:
        return self._process.exitcode

    async def wait(self) -> int:
        loop = asyncio.get_running_loop()
        # Watched through a copy: several may wait for one process, and a loop watches each descriptor once.
        sentinel = os.dup(self._process.sentinel)
        ended = asyncio.Event()
        loop.add_reader(sentinel, ended.set)
        try:
            await ended.wait()
        finally:
            loop.remove_reader(sentinel)
            os.close(sentinel)
        # It is dead: there is nothing to wait for but its exit code.
        self._process.join()
        assert self._process.exitcode is not None
        return self._process.exitcode

    def kill(self) -> None:
        self._process.kill()


async def flowmate(
    *arguments: str, environment: Mapping[str, str], folder: Path | None = None
) -> tuple[int, str, str]:
    """Run `flowmate …` in a folder to its end; its exit code, what it wrote to stdout, and to stderr."""
    with tempfile.TemporaryDirectory(prefix="fm-forked-", dir="/tmp") as aside:
        out, err = Path(aside, "out"), Path(aside, "err")
        process = Forked("bot.cli", arguments, environment=environment, out=out, err=err, folder=folder)
        code = await process.wait()
        return code, out.read_text(), err.read_text()


def _run(
    module: str, arguments: list[str], environment: dict[str, str], out: str, err: str, folder: str
) -> None:
    os.chdir(folder)
    for name, descriptor in ((out, 1), (err, 2)):
        file = os.open(name, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        os.dup2(file, descriptor)
        os.close(file)
    os.environ.clear()
    os.environ.update(environment)
    sys.argv[1:] = arguments
    runpy.run_module(module, run_name="__main__", alter_sys=True)
