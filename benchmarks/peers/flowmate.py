"""FlowMate with the peers' command line: the real path, two worker processes, answers into a conversation.

The conversation is a chat platform that posts over HTTP to the sink (`benchmarks/peers/sink.py`): a placeholder, then
its edit with the answer. Instructions come in through `reception.receive`, in this process, from a hundred people.
Beside the two workers runs the scheduler, as in `flowmate up`: its reconcile starts what could not be queued.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING

from redis import Redis

import adapters.chat
from benchmarks.peers import sink
from benchmarks.peers.shared import contract

if TYPE_CHECKING:
    from adapters.assembly import Assembly

# Before anything else asks which platforms there are: what follows is imported where it is used.
adapters.chat.PLATFORMS = (*adapters.chat.PLATFORMS, sink.PLATFORM)

AGENT = (
    "---\nname: {name}\ndescription: Answers for the benchmark, number {name}.\n---\nAnswer in one word.\n"
)
PEOPLE = 100
RECEIVED_AT_ONCE = 100
READY_SECONDS = 60.0
PACKAGES = ("flowmate", "rq", "redis", "sqlalchemy", "psycopg", "openai")


def work(name: str) -> None:
    """`flowmate worker` or `flowmate scheduler`; a worker is ready when it says so in Redis."""
    from bot.processes import run

    raise SystemExit(run(name))


def settings_in(folder: str, given: argparse.Namespace) -> None:
    """Everything FlowMate is told, in the environment that its processes share."""
    agents = Path(folder) / "agents"
    agents.mkdir()
    for name in contract.AGENTS:
        (agents / f"{name}.md").write_text(AGENT.format(name=name))
    os.environ.update(
        {
            "REDIS_URL": given.redis_url,
            "DATABASE_URL": given.database_url,
            "FLOWMATE_DATA_DIR": folder,
            "FLOWMATE_AGENTS_DIR": str(agents),
            "OPENAI_API_KEY": contract.KEY,
            "OPENAI_BASE_URL": given.model_url,
            "PEER_SINK_URL": given.sink_url,
            "RATE_LIMIT_MAX_REQUESTS": "1000000",
            "FLOWMATE_LOG_LEVEL": "WARNING",
        }
    )
    if not given.database_url.startswith("postgresql"):
        # SQLite where it lies by default: in the data folder.
        del os.environ["DATABASE_URL"]


async def receive_all(assembly: Assembly, delegations: list[str]) -> None:
    from core.models import Address, Instruction, Person

    places = asyncio.Semaphore(RECEIVED_AT_ONCE)

    async def receive(number: int, name: str) -> None:
        # No two say the same: what is remembered of a text helps nobody here.
        text = "; ".join(f"@{agent} say so for {name}" for agent in contract.AGENTS)
        instruction = Instruction(
            key=name,
            text=text,
            person=Person(id=f"sink:bench:person-{number % PEOPLE}"),
            address=Address(platform=sink.NAME, workspace="bench", place=name),
            origin="api",
        )
        async with places:
            await assembly.reception.receive(instruction)

    await asyncio.gather(*(receive(number, name) for number, name in enumerate(delegations)))


@contextmanager
def door() -> Iterator[Callable[[list[str]], None]]:
    """What hands instructions in from this process, as its web process would: ready before the clock starts."""
    ready: Future[tuple[Assembly, asyncio.Event]] = Future()
    loop = asyncio.new_event_loop()

    async def stand_open() -> None:
        from adapters.assembly import assembled
        from adapters.settings import Settings

        async with assembled(Settings(), runs_agents=False) as assembly:
            closed = asyncio.Event()
            ready.set_result((assembly, closed))
            await closed.wait()

    # A thread that doesn't keep the process: told to end, it has workers to end.
    Thread(target=loop.run_forever, daemon=True).start()
    standing = asyncio.run_coroutine_threadsafe(stand_open(), loop)
    assembly, closed = ready.result(READY_SECONDS)
    yield lambda names: asyncio.run_coroutine_threadsafe(receive_all(assembly, names), loop).result()
    loop.call_soon_threadsafe(closed.set)
    standing.result(READY_SECONDS)


async def until_ready(url: str, count: int) -> None:
    redis = Redis.from_url(url)
    async with asyncio.timeout(READY_SECONDS):
        while redis.scard("rq:workers") < count:  # noqa: ASYNC110 - other processes set no event here
            await asyncio.sleep(0.1)
    redis.close()


def main() -> None:
    given = contract.options()
    if given.command == "work":
        work(given.name)
    from adapters.settings import Settings
    from adapters.sql.migrations import migrate

    with tempfile.TemporaryDirectory(prefix="flowmate-bench-") as folder:
        settings_in(folder, given)
        migrate(Settings())
        command = [sys.executable, "-m", "benchmarks.peers.flowmate", "work", *sys.argv[2:], "--name"]
        with (
            contract.workers([*command, "scheduler"], 1, says_ready=False) as others,
            contract.workers([*command, "worker"], contract.WORKERS, says_ready=False) as started,
        ):
            asyncio.run(until_ready(given.redis_url, contract.WORKERS))
            with door() as submit:
                contract.measure(given, submit, started, others={"scheduler": others[0]})
        contract.finish(PACKAGES)


if __name__ == "__main__":
    main()
