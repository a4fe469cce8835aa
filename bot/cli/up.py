"""`flowmate up`: everything on this machine, in the order in which it is needed."""

from __future__ import annotations

import asyncio
import errno
import os
import signal
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from rich.text import Text

from adapters.env_file import idle_lines
from adapters.settings import Settings, check_production, operator_token, prepare_data_dir
from bot.child import Child, Line, Spec, watch_children_without_threads
from bot.cli import LAST_WORDS
from bot.cli.local_http import get
from bot.cli.summary import make_link, read_status, show_summary
from bot.cli.terminal import SteadyConsole
from bot.embedded import EmbeddedValkey, redis_url, valkey_folder
from bot.locking import Held, hold, sign
from bot.nursery import TEMPLATE, Nursery
from bot.procfile import find_procfile, own_command, read_procfile
from bot.readout import SHOWN_FROM, Readout, to_record
from bot.supervisor import CrashLoop, RestartPolicy, Supervisor, first_of
from core.errors import ConfigurationError, FlowMateError

REDIS_SECONDS = 30.0
POLL_SECONDS = 0.1
SLOW_START_SECONDS = 20.0
SHOWN_REASONS = 8
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
REDIS_PORT = 6379


@dataclass(frozen=True)
class Options:
    """How `up` was called."""

    verbose: bool = False
    procfile: Path | None = None
    crash_limit: int = RestartPolicy.crash_limit


def up(settings: Settings, options: Options) -> int:
    """Run everything until it is told to end; returns the exit code.

    Raises ConfigurationError, before anything is started, where it can't.
    """
    check_production(settings)
    data = prepare_data_dir(settings)
    lock = _only_one(data)
    try:
        _check_port(settings)
        # Made before the processes look for it: one that comes second must not find it half written.
        operator_token(settings)
        (data / "logs").mkdir(mode=0o700, exist_ok=True)
        specs = _specs(settings, options)
        watch_children_without_threads()
        return asyncio.run(_Up(settings, options, specs).run())
    finally:
        os.close(lock)


class _Up:
    def __init__(self, settings: Settings, options: Options, specs: tuple[Spec, ...]) -> None:
        self._settings = settings
        self._specs = specs
        self._console = SteadyConsole(highlight=False)
        self._logs = settings.data_dir / "logs"
        names = ["valkey", "migrate", TEMPLATE, *(spec.name for spec in specs)]
        self._readout = Readout(self._console, folder=self._logs, names=names, verbose=options.verbose)
        self._nursery = Nursery(output=self._readout.take)
        self._policy = RestartPolicy(crash_limit=options.crash_limit)
        self._told = 0

    async def run(self) -> int:
        try:
            # In this order: the end of the template would kill what it forked.
            async with self._nursery, self._supervised() as supervisor:
                starting = asyncio.create_task(self._start(supervisor))
                ended = asyncio.create_task(supervisor.ended())
                try:
                    await first_of(asyncio.shield(starting), asyncio.shield(ended))
                    if starting.done():
                        starting.result()
                    await ended
                finally:
                    starting.cancel()
                    ended.cancel()
                    await asyncio.gather(starting, ended, return_exceptions=True)
        except CrashLoop as crash:
            self._explain(crash)
            return 1
        finally:
            self._readout.close()
        self._console.print(Text("Stopped.", style="dim"))
        return 0

    @asynccontextmanager
    async def _supervised(self) -> AsyncIterator[Supervisor]:
        async with Supervisor(
            output=self._readout.take,
            announce=self._announce,
            policy=self._policy,
            start=self._nursery.start,
        ) as supervisor:
            loop = asyncio.get_running_loop()
            for number in SIGNALS:
                loop.add_signal_handler(number, self._told_to_stop, supervisor)
            yield supervisor
        # The handlers stay until the last process is gone: the second Ctrl-C is for just that time.
        for number in SIGNALS:
            loop.remove_signal_handler(number)

    def _told_to_stop(self, supervisor: Supervisor) -> None:
        supervisor.stop()
        self._told += 1
        if self._told == 1:
            self._console.print(
                Text("\nStopping; work in hand is finished first. Ctrl-C again ends it at once.")
            )
        elif self._told == 2:
            self._console.print(Text("Ending everything at once."))

    async def _start(self, supervisor: Supervisor) -> None:
        self._console.print(Text("Starting FlowMate …", style="dim"))
        for problem in idle_lines():
            self._announce(problem)
        try:
            async with asyncio.TaskGroup() as side_by_side:
                side_by_side.create_task(self._nursery.warm(self._specs))
                side_by_side.create_task(self._start_queue(supervisor))
                side_by_side.create_task(self._migrate())
        except ExceptionGroup as group:
            raise group.exceptions[0] from None
        for spec in self._specs:
            supervisor.keep(spec)
        await self._ready()
        status, link = await asyncio.gather(read_status(self._settings), make_link(self._settings))
        show_summary(self._settings, status, link=link, console=self._console, logs="logs/")

    async def _start_queue(self, supervisor: Supervisor) -> None:
        if self._settings.redis_url is not None:
            await self._wait_for_redis(self._settings.redis_url)
            return
        valkey = EmbeddedValkey(valkey_folder(self._settings))
        await valkey.prepare()
        supervisor.keep(valkey.spec(), last=True)
        await valkey.ready()

    async def _wait_for_redis(self, url: str) -> None:
        """Return when something listens there; whether it is a good Redis is for the processes to say."""
        parts = urlsplit(url)
        shown = (
            parts.path
            if parts.scheme == "unix"
            else f"{parts.hostname or 'localhost'}:{parts.port or REDIS_PORT}"
        )
        try:
            async with asyncio.timeout(REDIS_SECONDS):
                while True:
                    with suppress(OSError):
                        await _touch(url)
                        return
                    await asyncio.sleep(POLL_SECONDS)
        except TimeoutError:
            raise ConfigurationError(
                f"Nothing answers at {shown}; start that Redis or change REDIS_URL."
            ) from None

    async def _migrate(self) -> None:
        """Bring the database up to date, in a process of its own: what that takes to import is gone afterwards."""
        said: list[Line] = []

        def output(line: Line) -> None:
            said.append(line)
            self._readout.take(line) if not line.error else None

        child = await Child.start(Spec(name="migrate", argv=(*own_command(), "migrate")), output=output)
        try:
            code = await child.wait()
        except asyncio.CancelledError:
            await child.end(grace_seconds=self._policy.last_grace_seconds)
            raise
        if code != 0:
            last = next(
                (to_record(line).text for line in reversed(said) if line.error and line.raw.strip()), ""
            )
            raise FlowMateError(last.removeprefix(LAST_WORDS) or "The database can't be brought up to date.")

    async def _ready(self) -> None:
        loop = asyncio.get_running_loop()
        patience = loop.time() + SLOW_START_SECONDS
        while True:
            got = await get(self._settings, "/health/ready")
            if got is not None and got.status == 200:
                return
            if loop.time() > patience:
                patience = float("inf")
                what = "the web process doesn't answer yet" if got is None else f"not ready: {got.body[:200]}"
                self._announce(f"Still starting: {what}")
            await asyncio.sleep(POLL_SECONDS)

    def _announce(self, sentence: str) -> None:
        self._console.print(Text(sentence, style="yellow"), soft_wrap=True)

    def _explain(self, crash: CrashLoop) -> None:
        said = [record.text for record in map(to_record, crash.last_lines) if record.level >= SHOWN_FROM]
        shown = (said or [to_record(line).text for line in crash.last_lines])[-SHOWN_REASONS:]
        if crash.misconfigured and shown:
            # A line for each thing that is wrong; what was said before that is something else.
            last = [text for text in said if text.startswith(LAST_WORDS)] or shown[-1:]
            wrong = [text.removeprefix(LAST_WORDS) for text in "\n".join(last).splitlines()]
            reasons = "".join(f"\n  {text}" for text in wrong) if len(wrong) > 1 else f" {wrong[0]}"
            self._console.print(Text(f"FlowMate can't start:{reasons}", style="bold red"), soft_wrap=True)
            self._console.print(Text("Mend that, and start it again.", style="yellow"))
            return
        self._console.print(
            Text(f"{crash.sentence} Everything was stopped.", style="bold red"), soft_wrap=True
        )
        for text in shown:
            self._console.print(Text(f"  {text}", style="red"), soft_wrap=True)
        name = crash.sentence.partition(" ")[0]
        self._console.print(Text(f"All it said is in {self._logs / name}.log", style="dim"), soft_wrap=True)


def _specs(settings: Settings, options: Options) -> tuple[Spec, ...]:
    return read_procfile(
        options.procfile or find_procfile(),
        instances={"worker": settings.worker_processes},
        environment={"REDIS_URL": redis_url(settings), "PYTHONUNBUFFERED": "1"},
    )


def _only_one(data: Path) -> int:
    try:
        lock = hold(data / "up.lock")
    except Held as other:
        raise ConfigurationError(
            f"FlowMate already runs on {data} (process {other.pid}); "
            "stop it first, or set FLOWMATE_DATA_DIR to another folder."
        ) from None
    sign(lock, os.getpid())
    return lock


def _check_port(settings: Settings) -> None:
    """Raise ConfigurationError where the web process couldn't listen; found out here, it is one clear line."""
    host, port = settings.flowmate_host, settings.flowmate_port
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
            probe.listen()
    except OSError as error:
        reason = "is taken" if error.errno == errno.EADDRINUSE else f"can't be listened on ({error.strerror})"
        raise ConfigurationError(
            f"Port {port} on {host} {reason}; stop what listens there, or set FLOWMATE_PORT to another port."
        ) from error


async def _touch(url: str) -> None:
    """Raises OSError where nothing listens."""
    parts = urlsplit(url)
    if parts.scheme == "unix":
        _, writer = await asyncio.open_unix_connection(parts.path)
    else:
        _, writer = await asyncio.open_connection(parts.hostname or "localhost", parts.port or REDIS_PORT)
    writer.close()
    with suppress(OSError):
        await writer.wait_closed()
