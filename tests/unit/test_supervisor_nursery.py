"""Processes forked from a template: a real one, that loads nothing but what it takes to fork."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.child import Child, Line, Spec
from bot.nursery import Nursery
from bot.procfile import own_command
from bot.supervisor import RestartPolicy, Supervisor, Timing
from tests.unit.test_supervisor import FakeTime, Heard, gone

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux ends children with their parent")

ROOT = Path(__file__).parents[2]
FORKS = """
import os, sys
from bot.cradle import fork_on_request
fork_on_request(int(sys.argv[-1]))
exec(os.environ["DO"])
"""
SLEEPS = "import time; print(os.getpid(), flush=True); time.sleep(600)"
WITH_GRANDCHILD = """
import subprocess, time
grandchild = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
print(grandchild.pid, flush=True)
"""
LOOKS = """
import json, signal
print(json.dumps({
    "parent": os.getppid(),
    "session": os.getsid(0) == os.getpid(),
    "argv": sys.argv[1:],
    "process": os.environ["FLOWMATE_PROCESS"],
    "home": os.environ.get("FM_INHERITED"),
    "descriptors": sorted(os.listdir("/proc/self/fd"))[:-1],
    "stdin": os.readlink("/proc/self/fd/0"),
    "interrupt": signal.getsignal(signal.SIGINT) is signal.default_int_handler,
    "blocked": [line.split()[1] for line in open("/proc/self/status") if line.startswith("SigBlk")],
}))
print("to stderr", file=sys.stderr)
sys.exit(7)
"""


def template(script: str = FORKS) -> tuple[str, ...]:
    return (sys.executable, "-c", script, "_template")


def forked(do: str, *, name: str = "web") -> Spec:
    return Spec(name=name, argv=(*own_command(), "web"), environment={"DO": do, "FLOWMATE_PROCESS": name})


def number(line: Line) -> int:
    return int(line.raw)


def parent(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


def children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


@pytest.fixture
def heard() -> Heard:
    return Heard()


@pytest.fixture
async def nursery(heard: Heard) -> AsyncIterator[Nursery]:
    async with Nursery(output=heard.line, command=template()) as nursery:
        yield nursery


async def started(nursery: Nursery, heard: Heard, do: str = SLEEPS) -> tuple[Child, int]:
    """A forked process that has said its first line, and the number in it."""
    before = len(heard.lines)
    child = await nursery.start(forked(do), output=heard.line)
    await heard.until(lambda: len(heard.lines) > before)
    return child, number(heard.lines[-1])


async def test_a_fork_is_a_process_as_any_other(
    nursery: Nursery, heard: Heard, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FM_INHERITED", "yes")

    first = await nursery.start(forked(LOOKS, name="worker.1"), output=heard.line)
    assert await first.wait() == 7
    second = await nursery.start(forked(LOOKS, name="worker.2"), output=heard.line)
    assert await second.wait() == 7

    one, other = (json.loads(line.raw) for line in heard.lines if not line.error)
    assert [line.raw for line in heard.lines if line.error] == [b"to stderr"] * 2
    assert {line.name for line in heard.lines} == {"worker.1", "worker.2"}
    assert (one["process"], other["process"]) == ("worker.1", "worker.2")
    assert one["parent"] == other["parent"] != os.getpid()
    assert one["session"]
    assert one["argv"] == ["web"]
    assert one["home"] == "yes"
    assert one["descriptors"] == other["descriptors"] == ["0", "1", "2"]
    assert one["stdin"] == "/dev/null"
    assert one["interrupt"]
    assert [int(mask, 16) for mask in one["blocked"]] == [0]


async def test_ps_shows_a_fork_by_its_own_name(nursery: Nursery, heard: Heard) -> None:
    child, pid = await started(nursery, heard)

    arguments = Path(f"/proc/{pid}/cmdline").read_bytes().rstrip(b"\0").split(b"\0")
    await child.end(grace_seconds=20)

    assert arguments == [os.fsencode(part) for part in (*template()[:-1], "web")]


@pytest.mark.parametrize(
    ("do", "code", "last_line"),
    [
        ("import atexit; atexit.register(print, 'tidied up')", 0, b"tidied up"),
        ("raise SystemExit('the reason why')", 1, b"the reason why"),
        ("raise KeyError('lost')", 1, b"KeyError: 'lost'"),
        ("print('unfinished', end=''); sys.stdout.flush(); os.kill(os.getpid(), 9)", -9, b"unfinished"),
    ],
)
async def test_a_fork_ends_as_any_interpreter_does(
    nursery: Nursery, heard: Heard, do: str, code: int, last_line: bytes
) -> None:
    child = await nursery.start(forked(do), output=heard.line)

    assert await asyncio.wait_for(child.wait(), 20) == code
    assert heard.lines[-1].raw == last_line


async def test_being_asked_to_end_reaches_the_whole_group(nursery: Nursery, heard: Heard) -> None:
    child, grandchild = await started(nursery, heard, WITH_GRANDCHILD + "time.sleep(600)")

    assert await child.end(grace_seconds=20) == -signal.SIGTERM
    assert await gone(grandchild)


async def test_what_a_killed_fork_leaves_in_its_group_goes_with_it(nursery: Nursery, heard: Heard) -> None:
    child, grandchild = await started(nursery, heard, WITH_GRANDCHILD + "time.sleep(600)")

    os.kill(child.pid, signal.SIGKILL)

    assert await asyncio.wait_for(child.wait(), 20) == -signal.SIGKILL
    assert await gone(grandchild)


async def test_a_killed_template_takes_its_forks_along_and_is_replaced(
    nursery: Nursery, heard: Heard
) -> None:
    one, pid = await started(nursery, heard)
    other, other_pid = await started(nursery, heard)
    first_template = parent(pid)

    os.kill(first_template, signal.SIGKILL)

    assert await asyncio.wait_for(one.wait(), 20) == -signal.SIGKILL
    assert await asyncio.wait_for(other.wait(), 20) == -signal.SIGKILL
    assert await gone(pid)
    assert await gone(other_pid)
    child, again = await started(nursery, heard)
    assert parent(again) not in (first_template, os.getpid())
    await child.end(grace_seconds=20)


async def test_what_died_is_forked_again(nursery: Nursery, heard: Heard) -> None:
    time = FakeTime(lives=[20, 20, 20])

    async with Supervisor(
        output=heard.line,
        announce=heard.sentence,
        timing=Timing(sleep=time.sleep, monotonic=time.monotonic),
        start=nursery.start,
    ) as watching:
        watching.keep(forked(SLEEPS))
        await heard.until(lambda: len(heard.lines) == 1)
        first = number(heard.lines[0])
        first_parent = parent(first)
        os.kill(first, signal.SIGKILL)
        await heard.until(lambda: len(heard.lines) == 2)
        second = number(heard.lines[1])

        assert parent(second) == first_parent
    assert heard.sentences == ["web stopped (killed by SIGKILL), starting again in 1 s"]
    assert await gone(second)


async def test_leaving_ends_the_template_and_all_that_it_forked(heard: Heard) -> None:
    async with Nursery(output=heard.line, command=template()) as nursery:
        child, pid = await started(nursery, heard)
        template_pid = parent(pid)

    assert await asyncio.wait_for(child.wait(), 20) == -signal.SIGKILL
    assert await gone(pid)
    assert await gone(template_pid)


async def test_stopping_does_not_wait_for_a_template_that_loads(heard: Heard) -> None:
    loads = "import os, time; print(os.getpid(), flush=True); time.sleep(600)"

    async with (
        Nursery(output=heard.line, command=template(loads)) as nursery,
        Supervisor(
            output=heard.line,
            announce=heard.sentence,
            policy=RestartPolicy(grace_seconds=600),
            start=nursery.start,
        ) as watching,
    ):
        watching.keep(forked(SLEEPS))
        await heard.until(lambda: len(heard.lines) == 1)
        watching.stop()
        await asyncio.wait_for(watching.close(), 20)

    assert await gone(number(heard.lines[0]))


async def test_a_fork_that_nobody_waits_for_any_more_is_killed(heard: Heard, tmp_path: Path) -> None:
    gate = tmp_path / "gate"
    os.mkfifo(gate)

    async with Nursery(
        output=heard.line, command=template(f"open({str(gate)!r}).read()\n{FORKS}")
    ) as nursery:
        unwanted = asyncio.create_task(nursery.start(forked(SLEEPS), output=heard.line))
        writing = await asyncio.to_thread(gate.open, "w")  # open once the template reads
        await nursery.warm([forked(SLEEPS)])
        unwanted.cancel()
        await asyncio.wait([unwanted])
        writing.close()
        wanted, pid = await started(nursery, heard)
        async with asyncio.timeout(20):
            while children(parent(pid)) != [pid]:  # noqa: ASYNC110 - the kernel tells nobody
                await asyncio.sleep(0.01)

        await wanted.end(grace_seconds=20)

    assert wanted.pid == pid
    assert unwanted.cancelled()


@pytest.mark.parametrize(
    "command",
    [("/nonexistent/python",), template("raise SystemExit(1)")],
    ids=["can't be started", "ends at once"],
)
async def test_without_a_template_a_process_is_started_by_itself(
    heard: Heard, command: tuple[str, ...]
) -> None:
    wrong = Spec(name="web", argv=(*own_command(), "web"), environment={"FLOWMATE_PORT": "no number"})

    async with Nursery(output=heard.line, command=command) as nursery:
        await nursery.warm([wrong])
        child = await nursery.start(wrong, output=heard.line)
        assert parent(child.pid) == os.getpid()
        assert await asyncio.wait_for(child.wait(), 60) == os.EX_CONFIG

    assert [line.raw.startswith(b"flowmate: Some settings are wrong") for line in heard.lines] == [True]


async def test_where_the_kernel_does_not_tell_of_an_end_processes_are_started_by_themselves(
    nursery: Nursery, heard: Heard, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr("os.pidfd_open")
    wrong = Spec(name="web", argv=(*own_command(), "web"), environment={"FLOWMATE_PORT": "no number"})

    await nursery.warm([wrong])
    child = await nursery.start(wrong, output=heard.line)

    assert parent(child.pid) == os.getpid()
    assert await asyncio.wait_for(child.wait(), 60) == os.EX_CONFIG


@pytest.mark.parametrize(
    "spec",
    [
        Spec(name="web", argv=(sys.executable, "-c", "import os; print(os.getppid())")),
        Spec(name="web", argv=("/bin/sh", "-c", "echo $PPID")),
    ],
)
async def test_what_is_not_ours_is_started_by_itself(nursery: Nursery, heard: Heard, spec: Spec) -> None:
    await nursery.warm([spec])
    child = await nursery.start(spec, output=heard.line)
    await child.wait()

    assert [number(line) for line in heard.lines] == [os.getpid()]


async def test_killing_the_one_who_asked_leaves_nothing_behind() -> None:
    script = (
        "import asyncio, sys\n"
        "from tests.unit.test_supervisor_nursery import SLEEPS, forked, template\n"
        "from bot.nursery import Nursery\n"
        "async def main():\n"
        "    say = lambda line: print(line.raw.decode(), flush=True)\n"
        "    async with Nursery(output=say, command=template()) as nursery:\n"
        "        for n in range(3):\n"
        "            await nursery.start(forked(SLEEPS), output=say)\n"
        "        await asyncio.Event().wait()\n"
        "asyncio.run(main())\n"
    )
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", script, stdout=asyncio.subprocess.PIPE, cwd=ROOT
    )
    assert process.stdout is not None
    async with asyncio.timeout(20):
        pids = [int(await process.stdout.readline()) for _ in range(3)]
    pids.append(parent(pids[0]))

    process.kill()
    await process.wait()

    assert [await gone(pid) for pid in pids] == [True] * 4
