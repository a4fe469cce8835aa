"""The supervisor, over tiny real processes."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from bot.child import Child, Line, Spec
from bot.supervisor import CrashLoop, RestartPolicy, Restarts, Supervisor, Timing, describe_exit

ROOT = Path(__file__).parents[2]
SLEEPS = "import time; print('up', flush=True); time.sleep(600)"
STUBBORN = "import signal, time; signal.signal(15, signal.SIG_IGN); print('up', flush=True); time.sleep(600)"
DIES = "import sys; sys.exit('the reason why')"

on_linux = pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc; only Linux ends children so")


def python(code: str, *, name: str = "web") -> Spec:
    return Spec(name=name, argv=(sys.executable, "-c", code))


class Heard:
    """Lines and announcements, and a way to wait for the next one."""

    def __init__(self) -> None:
        self.lines: list[Line] = []
        self.sentences: list[str] = []
        self._more = asyncio.Event()

    def line(self, line: Line) -> None:
        self.lines.append(line)
        self._more.set()

    def sentence(self, sentence: str) -> None:
        self.sentences.append(sentence)
        self._more.set()

    async def until(self, condition: Callable[[], bool]) -> None:
        async with asyncio.timeout(20):
            while not condition():
                self._more.clear()
                await self._more.wait()

    def ups(self) -> int:
        return sum(line.raw == b"up" for line in self.lines)


class FakeTime:
    """A clock that only the waiting moves, but for how long each life is said to last."""

    def __init__(self, *, lives: list[float]) -> None:
        self.slept: list[float] = []
        self._lives = iter(lives)
        self._now = 0.0
        self._asked = 0

    def monotonic(self) -> float:
        self._asked += 1
        if self._asked % 2 == 0:  # asked at the start and at the end of each life
            self._now += next(self._lives)
        return self._now

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self._now += seconds
        await asyncio.sleep(0)


def supervisor(
    heard: Heard, *, policy: RestartPolicy | None = None, time: FakeTime | None = None
) -> Supervisor:
    timing = None if time is None else Timing(sleep=time.sleep, monotonic=time.monotonic)
    return Supervisor(output=heard.line, announce=heard.sentence, policy=policy, timing=timing)


@pytest.mark.parametrize(
    ("lives", "decisions"),
    [
        ([20, 20, 20, 20, 20, 20, 20], [1, 2, 4, 8, 16, 30, 30]),
        ([20, 20, 60, 20], [1, 2, 1, 2]),
        ([0, 0, 0, 0, 0], [1, 2, 4, 8, None]),
        ([0, 0, 0, 0, 10, 0, 0, 0, 0, 0], [1, 2, 4, 8, 16, 30, 30, 30, 30, None]),
        ([9.9, 9.9, 9.9, 9.9, 9.9], [1, 2, 4, 8, None]),
    ],
    ids=[
        "doubles up to the longest",
        "begins again when steady",
        "crash loop",
        "one long life",
        "just too short",
    ],
)
def test_how_long_a_process_waits_for_its_next_start(
    lives: list[float], decisions: list[float | None]
) -> None:
    restarts = Restarts(RestartPolicy())

    assert [restarts.died(after_seconds=life) for life in lives] == decisions


@pytest.mark.parametrize(
    ("code", "words"),
    [(0, "exit 0"), (3, "exit 3"), (-9, "killed by SIGKILL"), (-200, "killed by signal 200")],
)
def test_an_exit_code_is_told_in_words(code: int, words: str) -> None:
    assert describe_exit(code) == words


async def test_a_process_that_dies_is_started_again_and_that_is_said() -> None:
    heard, time = Heard(), FakeTime(lives=[20, 20, 20])

    async with supervisor(heard, time=time) as watching:
        watching.keep(python(DIES, name="worker.1"))
        await heard.until(lambda: len(heard.sentences) >= 3)

    assert heard.sentences[:2] == [
        "worker.1 stopped (exit 1), starting again in 1 s",
        "worker.1 stopped (exit 1), starting again in 2 s",
    ]
    assert time.slept[:3] == [1, 2, 4]


async def test_a_crash_loop_ends_everything_with_what_the_process_said_last() -> None:
    heard, time = Heard(), FakeTime(lives=[0.1] * 5)

    async with supervisor(heard, time=time) as watching:
        watching.keep(python(DIES, name="worker.1"))
        with pytest.raises(CrashLoop, match=r"worker.1 stopped 5 times in a row .* \(exit 1\)") as crash:
            await asyncio.wait_for(watching.ended(), 20)

    assert [line.raw for line in crash.value.last_lines] == [b"the reason why"]
    assert time.slept == [1, 2, 4, 8]


async def test_a_program_that_is_not_there_is_a_crash_loop_too() -> None:
    heard, time = Heard(), FakeTime(lives=[0.0] * 5)

    async with supervisor(heard, time=time) as watching:
        watching.keep(Spec(name="web", argv=("/nonexistent/program",)))
        with pytest.raises(CrashLoop, match="can't be started"):
            await asyncio.wait_for(watching.ended(), 20)


async def test_stopping_ends_the_last_ones_after_all_others() -> None:
    heard = Heard()
    says_bye = (
        "import signal, sys, time\n"
        "def bye(*_): print('bye', flush=True); sys.exit(0)\n"
        "signal.signal(signal.SIGTERM, bye); print('up', flush=True); time.sleep(600)"
    )

    async with supervisor(heard) as watching:
        watching.keep(python(says_bye, name="valkey"), last=True)
        watching.keep(python(says_bye, name="web"))
        watching.keep(python(says_bye, name="worker"))
        await heard.until(lambda: heard.ups() == 3)
        watching.stop()
        await watching.ended()

    left = [line.name for line in heard.lines if line.raw == b"bye"]
    assert sorted(left[:2]) == ["web", "worker"]
    assert left[2:] == ["valkey"]
    assert heard.sentences == []


async def test_a_process_that_does_not_listen_is_killed_when_its_grace_is_over() -> None:
    heard = Heard()

    async with supervisor(heard, policy=RestartPolicy(grace_seconds=0.2)) as watching:
        watching.keep(python(STUBBORN))
        await heard.until(lambda: heard.ups() == 1)
        watching.stop()
        await asyncio.wait_for(watching.close(), 20)


async def test_a_second_stop_kills_at_once() -> None:
    heard = Heard()

    async with supervisor(heard, policy=RestartPolicy(grace_seconds=600)) as watching:
        watching.keep(python(STUBBORN))
        await heard.until(lambda: heard.ups() == 1)
        watching.stop()
        watching.stop()
        await asyncio.wait_for(watching.close(), 20)


async def test_a_process_that_waits_for_its_next_start_does_not_delay_the_end() -> None:
    heard = Heard()

    async with supervisor(
        heard, policy=RestartPolicy(first_delay_seconds=600, longest_delay_seconds=600)
    ) as watching:
        watching.keep(python(DIES))
        await heard.until(lambda: bool(heard.sentences))
        watching.stop()
        await asyncio.wait_for(watching.close(), 20)


@on_linux
async def test_grandchildren_end_with_their_parent() -> None:
    heard = Heard()
    code = (
        "import subprocess, sys\n"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'])\n"
        "print(child.pid, flush=True); child.wait()"
    )

    child = await Child.start(python(code), output=heard.line)
    await heard.until(lambda: bool(heard.lines))
    code_at_end = await child.end(grace_seconds=20)

    assert code_at_end == -signal.SIGTERM
    assert await gone(int(heard.lines[0].raw))


async def test_long_and_unfinished_lines_arrive_all_the_same() -> None:
    heard = Heard()

    child = await Child.start(python("print('x' * 200_000); print('end', end='')"), output=heard.line)
    await child.wait()

    assert b"".join(line.raw for line in heard.lines) == b"x" * 200_000 + b"end"
    assert heard.lines[-1].raw == b"end"


@on_linux
async def test_killing_the_supervisor_leaves_nothing_behind() -> None:
    script = (
        "import asyncio, sys\n"
        "from bot.child import Spec\n"
        "from bot.supervisor import Supervisor\n"
        "async def main():\n"
        "    say = lambda line: print(line.raw.decode(), flush=True)\n"
        "    async with Supervisor(output=say, announce=print) as s:\n"
        "        for n in range(3):\n"
        "            code = 'import os, time; print(os.getpid(), flush=True); time.sleep(600)'\n"
        "            s.keep(Spec(name=str(n), argv=(sys.executable, '-c', code)))\n"
        "        await s.ended()\n"
        "asyncio.run(main())\n"
    )
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", script, stdout=asyncio.subprocess.PIPE, cwd=ROOT
    )
    assert process.stdout is not None
    async with asyncio.timeout(20):
        pids = [int(await process.stdout.readline()) for _ in range(3)]

    process.kill()
    await process.wait()

    assert [await gone(pid) for pid in pids] == [True, True, True]


async def gone(pid: int) -> bool:
    """Whether the process ends; it may still be on its way, and one that nobody has waited for yet is gone too."""
    for _ in range(1000):
        try:
            if Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z":
                return True
        except (FileNotFoundError, ProcessLookupError):
            return True
        await asyncio.sleep(0.01)
    return False
