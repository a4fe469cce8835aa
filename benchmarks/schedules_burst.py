"""How long it takes until schedules that are due in the same second are all answered: 1,000 of them by default.

    make bench-schedules      (or: python -m benchmarks.schedules_burst --count 1000 --workers 2 --postgresql)

Everything is real: the embedded Valkey, SQLite (or a PostgreSQL of its own), the scheduler and its alarm clock, the
worker processes. Counted from the due second to each delegation's `delivered_at`, as the rows say. It ends after
`--patience` seconds, whatever has been answered by then. The workers have answered before, unless it is `--cold`:
the first plan of each takes a second longer.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import platform
import resource
import signal
import statistics
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from redis import Redis
from sqlalchemy import Connection, func, select

from adapters.queue.connection import connect
from adapters.settings import Settings
from adapters.sql import tables
from adapters.sql.database import Database
from adapters.sql.migrations import migrate
from adapters.sql.schedules import SqlSchedules
from bot.embedded import EmbeddedValkey
from core.models import Address, Person, Schedule, ScheduleState
from core.models.schedule import Cron
from tests.services.postgresql import PostgreSQL

D = tables.delegations
MOST = 20_000
LEAD = timedelta(seconds=10)
"""From when the processes are ready to the due second; saving the schedules has to fit in."""
POLL_SECONDS = 0.25
READY_SECONDS = 60.0
WARM_UP = 20
"""Runs for each worker."""


@dataclass(frozen=True)
class Burst:
    """Seconds from the due second, sorted: when each run began, and when its answer was delivered."""

    began: list[float]
    delivered: list[float]
    load: float
    """The machine's load average over the last minute, before it began."""


@dataclass(frozen=True)
class Options:
    """What is measured."""

    count: int
    workers: int
    people: int
    postgresql: bool
    patience: float
    cold: bool


async def measure(options: Options) -> Burst:
    """Let many schedules be due in one second. Everything that is started is ended again."""
    workers = options.workers
    with (
        tempfile.TemporaryDirectory(prefix="flowmate-burst-") as folder,
        _database_url(options.postgresql) as url,
    ):
        async with EmbeddedValkey(Path(folder) / "valkey") as valkey:
            os.environ.update(
                {"REDIS_URL": valkey.url, "FLOWMATE_DATA_DIR": folder, "FLOWMATE_LOG_LEVEL": "WARNING"}
            )
            if url is not None:
                os.environ["DATABASE_URL"] = url
            settings = Settings()
            await asyncio.to_thread(migrate, settings)
            load = os.getloadavg()[0]
            database = Database(settings.database)
            try:
                async with _process("scheduler"), _processes("worker", workers):
                    await _ready(connect(valkey.url), workers=workers)
                    if not options.cold:
                        warm = replace(options, count=WARM_UP * workers)
                        slot = await _save(database, warm, name="warm")
                        await _wait(database, slot, warm, load=load)
                    slot = await _save(database, options, name="burst")
                    return await _wait(database, slot, options, load=load)
            finally:
                database.close()


async def _save(database: Database, options: Options, *, name: str) -> datetime:
    slot = datetime.now(UTC).replace(microsecond=0) + LEAD
    schedules = SqlSchedules(database)
    # At this minute of every hour: once within the measurement.
    timing = Cron(expression=f"{slot.minute} * * * *")
    await asyncio.gather(
        *(
            schedules.save(
                Schedule(
                    id=f"{name}-{n}",
                    text="@calculator 6*7",
                    person=Person(id=f"local:local:person-{n % options.people}"),
                    address=Address(platform="local", workspace="local", place=f"{name}-{n}"),
                    timing=timing,
                    zone="UTC",
                    state=ScheduleState.ACTIVE,
                    created_at=slot,
                    next_slot=slot,
                )
            )
            for n in range(options.count)
        )
    )
    if datetime.now(UTC) > slot - timedelta(seconds=1):
        raise SystemExit("Saving the schedules took until they were due; is the machine busy?")
    return slot


async def _wait(database: Database, slot: datetime, options: Options, *, load: float) -> Burst:
    these = D.c.received_at >= slot

    def delivered(c: Connection) -> int:
        return c.execute(select(func.count()).where(these, D.c.delivered_at.is_not(None))).scalar_one()

    def times(c: Connection) -> list[tuple[datetime, datetime | None]]:
        return [(row.received_at, row.delivered_at) for row in c.execute(select(D).where(these))]

    while datetime.now(UTC) < slot + timedelta(seconds=options.patience):
        await asyncio.sleep(POLL_SECONDS)
        if datetime.now(UTC) > slot and await database.read(delivered) >= options.count:
            break
    rows = await database.read(times)
    return Burst(
        began=sorted((began - slot).total_seconds() for began, _ in rows),
        delivered=sorted((end - slot).total_seconds() for _, end in rows if end is not None),
        load=load,
    )


async def _ready(redis: Redis, *, workers: int) -> None:
    def ready() -> bool:
        return redis.scard("rq:workers") >= workers and bool(redis.exists("flowmate:scheduler:alive"))

    try:
        async with asyncio.timeout(READY_SECONDS):
            while not await asyncio.to_thread(ready):  # noqa: ASYNC110 - other processes set no event here
                await asyncio.sleep(POLL_SECONDS)
    finally:
        redis.close()


@asynccontextmanager
async def _processes(name: str, count: int) -> AsyncIterator[None]:
    if count == 0:
        yield
        return
    async with _process(name), _processes(name, count - 1):
        yield


@asynccontextmanager
async def _process(name: str) -> AsyncIterator[None]:
    process = await asyncio.create_subprocess_exec(sys.executable, "-m", "bot.cli", name)
    try:
        yield
    finally:
        process.send_signal(signal.SIGTERM)
        await process.wait()


@contextmanager
def _database_url(postgresql: bool) -> Iterator[str | None]:
    """None: SQLite in the data folder."""
    if not postgresql:
        yield None
        return
    with tempfile.TemporaryDirectory(prefix="fm-pg-") as folder:
        server = PostgreSQL(Path(folder))
        server.start()
        try:
            yield server.url("postgres")
        finally:
            server.stop()


def _cpu_seconds() -> float:
    """Of this process and those that it started and that have ended."""
    used = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(one.ru_utime + one.ru_stime for one in used)


def _line(name: str, seconds: list[float]) -> str:
    if len(seconds) < 2:
        return f"| {name} | {len(seconds)} | | | |"
    cuts = statistics.quantiles(seconds, n=100, method="inclusive")
    return f"| {name} | {len(seconds)} | {cuts[49]:.2f} | {cuts[94]:.2f} | {seconds[-1]:.2f} |"


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--quick", action="store_true", help="200 schedules")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--people", type=int, default=100)
    parser.add_argument("--postgresql", action="store_true")
    parser.add_argument("--patience", type=float, default=120.0, help="seconds after which it ends anyway")
    parser.add_argument("--cold", action="store_true", help="workers that have planned nothing yet")
    given: Any = parser.parse_args()
    if not 1 <= given.count <= MOST:
        parser.error(f"--count goes from 1 to {MOST}")
    if given.quick:
        given.count, given.people = 200, 20
    del given.quick
    burst = asyncio.run(measure(Options(**vars(given))))
    machine = f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}"
    store = "PostgreSQL" if given.postgresql else "SQLite"
    print(
        f"{given.count} schedules of {given.people} people due in the same second, {store}, embedded Valkey, "
        f"{given.workers} worker processes ({machine}; load {burst.load:.1f} before)\n"
    )
    print("| seconds after it was due | runs | p50 | p95 | last |")
    print("| --- | ---: | ---: | ---: | ---: |")
    print(_line("begun", burst.began))
    print(_line("delivered", burst.delivered))
    print(f"\nCPU seconds of all processes, from their start: {_cpu_seconds():.0f}")
    if len(burst.delivered) < given.count:
        raise SystemExit(f"Only {len(burst.delivered)} of {given.count} were answered in {given.patience} s.")


if __name__ == "__main__":
    main()
