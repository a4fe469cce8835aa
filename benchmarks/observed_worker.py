"""The worker process, with one task more in its event loop: a sleeper that notes how late it is woken.

`python -m benchmarks.observed_worker FILE` appends to FILE, once a second, a JSON list of the milliseconds by which
wake-ups came late. All else is `flowmate worker`.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from pathlib import Path
from typing import Any

from bot import processes
from workers import process

EVERY_SECONDS = 0.01
WRITTEN_EVERY = 100


async def note_lag(file: Path) -> None:
    """Note the lag of the running loop until cancelled."""
    late: list[float] = []
    while True:
        began = time.perf_counter()
        await asyncio.sleep(EVERY_SECONDS)
        late.append(max(0.0, time.perf_counter() - began - EVERY_SECONDS) * 1000)
        if len(late) == WRITTEN_EVERY:
            with file.open("a") as out:
                out.write(json.dumps([round(one, 2) for one in late]) + "\n")
            late.clear()


def main() -> int:
    """Run the worker; returns its exit code."""
    file = Path(sys.argv[1])
    work = process._work

    async def observed(settings: Any) -> None:
        noting = asyncio.create_task(note_lag(file))
        try:
            await work(settings)
        finally:
            noting.cancel()

    process._work = observed
    return processes.run("worker")


if __name__ == "__main__":
    sys.exit(main())
