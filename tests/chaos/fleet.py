"""FlowMate's processes on this machine, which are killed, halted and started again."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
from asyncio.subprocess import Process
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tests.services.forking import Forked

ROOT = Path(__file__).parents[2]
ROLES = ("web", "worker", "worker", "scheduler")
LAST_WORDS = 20_000
"""How many characters of a log are shown of a process that does not end."""


@dataclass
class Member:
    """One process by its place in the fleet, whichever process that is just now."""

    name: str
    role: str
    environment: Mapping[str, str]
    log: Path
    process: Forked | Process | None = None
    deaths: int = 0
    keeping: asyncio.Task[None] | None = None
    stopping: bool = False
    halted: bool = False
    renewed: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def pid(self) -> int | None:
        return None if self.process is None or self.process.returncode is not None else self.process.pid


@dataclass
class Fleet:
    """All of them. Whoever dies is started again, as `flowmate up` or a service manager does."""

    environment: Mapping[str, str]
    folder: Path
    roles: tuple[str, ...] = ROLES
    members: list[Member] = field(default_factory=list)
    older: Path | None = None
    unasked: list[str] = field(default_factory=list)
    """Processes that ended although nobody killed them."""
    _killed: set[int] = field(default_factory=set)

    async def start(self) -> None:
        for number, role in enumerate(self.roles):
            member = Member(f"{role}.{number}", role, self.environment, self.folder / f"{role}.{number}.log")
            self.members.append(member)
            await self._run(member)
            member.keeping = asyncio.create_task(self._keep(member))

    async def stop(self) -> list[str]:
        """Ask all to end, as one Ctrl-C does; a sentence for each that had to be killed for it, with its log's end."""
        for member in self.members:
            member.stopping = True
            if member.keeping is not None:
                member.keeping.cancel()
        await asyncio.gather(*(m.keeping for m in self.members if m.keeping), return_exceptions=True)
        for member in self.members:
            self._signal(member, signal.SIGCONT)
            self._signal(member, signal.SIGTERM)
        return [said for member in self.members if (said := await self._ended(member))]

    def of(self, role: str) -> list[Member]:
        return [member for member in self.members if member.role == role and member.pid and not member.halted]

    def kill(self, member: Member) -> None:
        if member.pid is not None:
            self._killed.add(member.pid)
            member.deaths += 1
            self._signal(member, signal.SIGKILL)

    async def halt(self, member: Member, seconds: float) -> None:
        """SIGSTOP, and SIGCONT after a while: a process that sleeps and doesn't know it."""
        pid = member.pid
        if pid is None:
            return
        member.halted = True
        self._signal(member, signal.SIGSTOP)
        try:
            await asyncio.sleep(seconds)
        finally:
            member.halted = False
            if member.pid == pid:
                self._signal(member, signal.SIGCONT)

    async def renew(self, member: Member) -> None:
        """End it as a rolling restart does, with SIGTERM, and wait until its successor runs."""
        process = member.process
        if process is None or member.halted or process.returncode is not None:
            return
        self._killed.add(process.pid)
        member.renewed.clear()
        self._signal(member, signal.SIGTERM)
        await member.renewed.wait()

    async def _keep(self, member: Member) -> None:
        while True:
            assert member.process is not None
            code = await member.process.wait()
            if member.process.pid not in self._killed:
                self.unasked.append(f"{member.name} ended with {code}")
                await asyncio.sleep(1.0)
            await self._run(member)

    async def _run(self, member: Member) -> None:
        environment = {**member.environment, **self._port(member)}
        if self.older is not None and member.name == f"worker.{self.roles.index('worker')}":
            with member.log.open("ab") as log:
                member.process = await asyncio.create_subprocess_exec(
                    *(sys.executable, "-m", "tests.chaos.process", member.role),
                    cwd=self.older,
                    env={**environment, "PYTHONPATH": str(self.older)},
                    stdout=log,
                    stderr=log,
                )
        else:
            member.process = Forked(
                "tests.chaos.process",
                [member.role],
                environment=environment,
                out=member.log,
                err=member.log,
            )
        member.renewed.set()

    def _port(self, member: Member) -> dict[str, str]:
        """Each web process listens on a port of its own, the first on the one that everybody knows."""
        if member.role != "web":
            return {}
        number = [other.name for other in self.members if other.role == "web"].index(member.name)
        return {"FLOWMATE_PORT": str(int(member.environment["FLOWMATE_PORT"]) + number)}

    async def _ended(self, member: Member) -> str:
        process = member.process
        if process is None:
            return ""
        try:
            async with asyncio.timeout(40):
                await process.wait()
        except TimeoutError:
            self._signal(member, signal.SIGUSR1)
            await asyncio.sleep(1)  # it writes where it stands
            process.kill()
            await process.wait()
            log = member.log.read_text(errors="replace")[-LAST_WORDS:]
            return f"a process did not end when it was asked to: {member.name}: {log}"
        return ""

    def _signal(self, member: Member, number: signal.Signals) -> None:
        if member.pid is not None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(member.pid, number)
