"""A worker in a process of its own, for tests that kill it: `python -m tests.contracts.worker_process SOCKET NAME`."""

from __future__ import annotations

import asyncio
import sys

from redis import Redis

from tests.contracts.worker_harness import QUEUE, QUICK
from workers.async_worker import AsyncWorker


def main(socket: str, name: str) -> None:
    worker = AsyncWorker(QUEUE, connection=Redis(unix_socket_path=socket), name=name, pace=QUICK)
    asyncio.run(worker.run())


if __name__ == "__main__":
    main(*sys.argv[1:])
