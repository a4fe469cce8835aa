"""One of FlowMate's own processes: `python -m tests.chaos.process ROLE`.

`CHAOS_HASTE` divides the intervals after which something counts as dead, so that a short run sees recoveries too;
`CHAOS_LEASES` instead of it those of leases.
It says on SIGUSR1 where it stands.
`CHAOS_LIES` is the share of commits that are made and then reported as failed. `CHAOS_CLOCK` names a file that holds
how many seconds this machine's clock is off; `CHAOS_DISK` one that says "full" while SQLite gets no more room.
"""

from __future__ import annotations

import asyncio
import contextlib
import faulthandler
import os
import random
import signal
import sys
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from core import policies


def main(role: str) -> int:
    haste = os.environ.get("CHAOS_HASTE", "1")
    hurry(float(haste), leases=float(os.environ.get("CHAOS_LEASES", haste)))
    lie(float(os.environ.get("CHAOS_LIES", "0")))
    step(Path(os.environ["CHAOS_CLOCK"]))
    fill(Path(os.environ["CHAOS_DISK"]))
    signal.signal(signal.SIGUSR1, tell)
    # What is hurried has to be so before anything takes a copy of it.
    from bot.processes import run

    return run(role)


def hurry(haste: float, *, leases: float, spared: str = "") -> None:
    """Make checks, sweeps and heartbeats this many times as frequent, and leases that many times as short.

    One of a worker's intervals may be `spared`.
    """
    policies.LEASE_SECONDS /= leases
    policies.LEASE_RENEWAL_SECONDS /= leases
    if haste == 1:
        return
    policies.CHECK_SECONDS /= haste
    from workers import pace, scheduler

    scheduler.SWEEP_SECONDS /= haste
    quick = {"heartbeat", "abandoned_after", "maintenance"} - {spared}
    fields: dict[str, Any] = {name: field.default for name, field in pace.Pace.__dataclass_fields__.items()}
    pace.Pace.__init__.__defaults__ = tuple(
        value / haste if name in quick else value for name, value in fields.items()
    )


def step(file: Path) -> None:
    """Let the clock be off by as many seconds as the file says, whenever it says so."""
    from adapters.clock import SystemClock

    now = SystemClock.now

    def stepped(self: SystemClock) -> datetime:
        return now(self) + timedelta(seconds=float(file.read_text() or 0))

    replacement: Any = stepped
    SystemClock.now = replacement  # type: ignore[method-assign]


def fill(file: Path) -> None:
    """Let SQLite find no room for another page while the file says "full"; it answers as it does on a full disk."""
    from sqlalchemy import Connection, Engine, event

    def begin(connection: Connection) -> None:
        if connection.dialect.name == "sqlite":
            # Less than there is means: no more than there is.
            pages = 1 if file.read_text() == "full" else 0x7FFFFFFF
            connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")

    event.listen(Engine, "begin", begin)


def lie(share: float) -> None:
    """Let this share of commits happen and fail all the same, as when the answer is lost on its way."""
    if not share:
        return
    from sqlalchemy import Connection
    from sqlalchemy.exc import OperationalError

    dice = random.Random(os.getpid())
    commit = Connection.commit

    def lying(self: Connection) -> None:
        commit(self)
        if dice.random() < share:
            raise OperationalError("COMMIT", None, ConnectionError("the answer was lost"))

    replacement: Any = lying
    Connection.commit = replacement  # type: ignore[method-assign]


def tell(*_: Any) -> None:
    """Write to stderr what each thread and each task does just now."""
    faulthandler.dump_traceback()
    with contextlib.suppress(RuntimeError):  # before or after its loop
        for task in asyncio.all_tasks():
            task.print_stack()
    sys.stderr.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
