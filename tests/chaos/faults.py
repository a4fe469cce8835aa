"""Faults, drawn from a seed: what goes wrong, when, and to whom."""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path

from redis import Redis
from redis.exceptions import RedisError

from tests.chaos.fleet import Fleet
from tests.counterparts.slack import SlackServer
from tests.counterparts.telegram import TelegramServer
from tests.services.valkey import Valkey

Outage = Callable[[float], Awaitable[None]]
"""Takes the database away for so many seconds."""
VICTIMS = ("web", "worker", "worker", "worker", "scheduler")
SLACK_FAULTS = ("reset_after", "cut_after", "429", "500", "503", "reset", "slow")
SLACK_METHODS = ("chat.postMessage", "chat.update")


@dataclass
class Trouble:
    """Everything that can go wrong with one world."""

    fleet: Fleet
    valkey: Valkey
    slack: SlackServer
    telegram: TelegramServer
    dice: random.Random
    halt_seconds: float
    database: Outage
    clock: Path
    disk: Path
    done: Counter[str] = field(default_factory=Counter)
    tasks: set[asyncio.Task[None]] = field(default_factory=set)

    async def cause(self, kind: str) -> None:
        """One fault of this kind; those that last go on by themselves."""
        self.done[kind] += 1
        await {
            "kill": self._kill,
            "halt": self._halt,
            "flush": self._flush,
            "restart": self._restart,
            "read-only": self._read_only,
            "slow": self._slow,
            "platforms": self._platforms,
            "database": self._database,
            "clock": self._clock,
            "disk": self._disk,
            "restart all": self._roll,
        }[kind]()

    async def settle(self) -> None:
        """Wait until whatever lasts is over."""
        while self.tasks:
            await asyncio.wait(set(self.tasks))

    async def _kill(self) -> None:
        members = self.fleet.of(self.dice.choice(VICTIMS))
        if members:
            self.fleet.kill(self.dice.choice(members))

    async def _halt(self) -> None:
        members = self.fleet.of(self.dice.choice(VICTIMS))
        if members:
            self._go_on(self.fleet.halt(self.dice.choice(members), self.halt_seconds))

    async def _flush(self) -> None:
        """FLUSHALL: the queue is gone, the server is not."""
        await self._ask_redis(lambda client: client.flushall())

    async def _restart(self) -> None:
        """The server dies, and comes back empty."""
        await asyncio.to_thread(self.valkey.stop)
        await asyncio.sleep(self.dice.uniform(0.2, 2.0))
        await asyncio.to_thread(self.valkey.start)
        await self._flush()

    async def _read_only(self) -> None:
        """For a while every write is refused, as on a replica that nobody has promoted yet, or without memory."""

        async def for_a_while() -> None:
            await self._ask_redis(lambda client: client.config_set("maxmemory", "1"))
            await asyncio.sleep(self.dice.uniform(1.0, 3.0))
            await self._ask_redis(lambda client: client.config_set("maxmemory", "0"))

        self._go_on(for_a_while())

    async def _slow(self) -> None:
        """Redis answers nobody for a while."""
        await self._ask_redis(
            lambda client: client.client_pause(round(self.dice.uniform(1000, 8000)), all=True)
        )

    async def _database(self) -> None:
        """The database is locked or gone for a while."""
        self._go_on(self.database(self.dice.uniform(0.5, 1.0) * self.halt_seconds))

    async def _clock(self) -> None:
        """The clock of this machine steps an hour, one way or the other, and back."""

        async def for_a_while() -> None:
            self.clock.write_text(str(self.dice.choice((-3600, 3600))))
            await asyncio.sleep(self.dice.uniform(1.0, 5.0))
            self.clock.write_text("0")

        self._go_on(for_a_while())

    async def _disk(self) -> None:
        """The database finds no more room on its disk, until somebody makes some. SQLite only."""

        async def for_a_while() -> None:
            self.disk.write_text("full")
            await asyncio.sleep(self.dice.uniform(0.2, 1.0) * self.halt_seconds)
            self.disk.write_text("")

        self._go_on(for_a_while())

    async def _roll(self) -> None:
        """A rolling restart of everything: each is asked to end, and started again, one after the other."""

        async def one_by_one() -> None:
            for member in list(self.fleet.members):
                await self.fleet.renew(member)

        self._go_on(one_by_one())

    async def _platforms(self) -> None:
        """The next calls fail: before they are made, or after."""
        self.slack.fail_next(self.dice.choice(SLACK_METHODS), self.dice.choice(SLACK_FAULTS), seconds=1.0)
        method = self.dice.choice(("sendMessage", "editMessageText"))
        status, applied = self.dice.choice(((0, True), (0, False), (500, True), (502, False), (429, False)))
        self.telegram.fail(method, status=status, applied=applied, retry_after=1 if status == 429 else 0)

    async def _ask_redis(self, question: Callable[[Redis], object]) -> None:
        def ask() -> None:
            with contextlib.suppress(RedisError), Redis(unix_socket_path=str(self.valkey.socket)) as client:
                question(client)

        await asyncio.to_thread(ask)

    def _go_on(self, work: Awaitable[None]) -> None:
        task = asyncio.ensure_future(work)
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)
