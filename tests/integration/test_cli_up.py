"""`flowmate up`, with a real Valkey, a real database and stand-ins for the processes."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import sys
from pathlib import Path

import pytest

from tests.integration.test_cli_command import TOKEN, Flowmate, free_port
from tests.services.waiting import eventually

STAND_IN = Path(__file__).parents[1] / "counterparts" / "flowmate_api.py"
WORKER = """\
import json, os, signal, sys, time
with open(sys.argv[1], "a") as file:
    file.write(json.dumps([os.getpid(), os.environ["FLOWMATE_PROCESS"], os.environ["REDIS_URL"]]) + "\\n")
print(json.dumps({"event": "the model is slow", "level": "warning"}), file=sys.stderr, flush=True)
time.sleep(600)
"""

pytestmark = [pytest.mark.slow, pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")]


class Deployment:
    """A data folder, a port and a Procfile of stand-ins."""

    def __init__(self, folder: Path) -> None:
        self.flowmate = Flowmate(folder, port=free_port())
        self.data = folder / "data"
        self.started = folder / "started"
        (folder / "token").write_text(TOKEN)
        (folder / "worker.py").write_text(WORKER)
        self.procfile = folder / "Procfile"
        self.procfile.write_text(
            f"web: {sys.executable} {STAND_IN} {self.flowmate.port} {folder / 'token'}\n"
            f"worker: {sys.executable} {folder / 'worker.py'} {self.started}\n"
        )

    @property
    def arguments(self) -> tuple[str, ...]:
        return ("up", "--procfile", str(self.procfile))

    def workers(self) -> list[tuple[int, str, str]]:
        return [tuple(json.loads(line)) for line in self.started.read_text().splitlines()]

    def valkey_pid(self) -> int:
        return int((self.data / "valkey" / "valkey.pid").read_text())


@pytest.fixture
def deployment(tmp_path: Path) -> Deployment:
    return Deployment(tmp_path)


async def test_everything_starts_is_told_and_ends_with_one_signal(deployment: Deployment) -> None:
    up = await deployment.flowmate.start(*deployment.arguments, environment={"FLOWMATE_WORKERS": "2"})
    assert f"http://127.0.0.1:{deployment.flowmate.port}" in await up.line_with("FlowMate is up")
    assert "not connected: its settings begin with TELEGRAM_" in await up.line_with("Telegram")
    assert "none: rules plan" in await up.line_with("Model")
    await up.line_with("Ctrl-C stops everything")
    workers, valkey = deployment.workers(), deployment.valkey_pid()

    up.signal(signal.SIGINT)
    ran = await up.end()

    assert ran.code == 0
    assert ran.out.splitlines()[-1] == "Stopped."
    assert sorted(name for _, name, _ in workers) == ["worker.1", "worker.2"]
    assert {url for _, _, url in workers} == {f"unix://{deployment.data / 'valkey' / 'valkey.sock'}"}
    assert not any(alive(pid) for pid in (valkey, *(pid for pid, _, _ in workers)))
    assert "the model is slow" in (deployment.data / "logs" / "worker.1.log").read_text()
    assert (deployment.data / "flowmate.sqlite3").exists()
    assert deployment.data.stat().st_mode & 0o777 == 0o700


async def test_what_dies_is_started_again(deployment: Deployment) -> None:
    up = await deployment.flowmate.start(*deployment.arguments, environment={"FLOWMATE_WORKERS": "1"})
    await up.line_with("Ctrl-C stops everything")

    os.kill(deployment.workers()[0][0], signal.SIGKILL)
    assert "worker.1 stopped (killed by SIGKILL), starting again in 1 s" in await up.line_with(
        "worker.1 stopped"
    )
    os.kill(deployment.valkey_pid(), signal.SIGKILL)
    assert "starting again in 1 s" in await up.line_with("valkey stopped")
    await eventually(lambda: len(deployment.workers()) >= 2)

    up.signal(signal.SIGTERM)
    assert (await up.end()).code == 0
    assert not any(alive(pid) for pid, _, _ in deployment.workers())


async def test_killing_up_itself_leaves_nothing_and_the_next_one_starts(deployment: Deployment) -> None:
    up = await deployment.flowmate.start(*deployment.arguments)
    await up.line_with("Ctrl-C stops everything")
    pids = [deployment.valkey_pid(), *(pid for pid, _, _ in deployment.workers())]

    up.signal(signal.SIGKILL)
    await up.end()
    await eventually(lambda: not any(alive(pid) for pid in pids))

    again = await deployment.flowmate.start(*deployment.arguments)
    await again.line_with("Ctrl-C stops everything")
    again.signal(signal.SIGTERM)
    assert (await again.end()).code == 0


async def test_a_second_up_on_the_same_data_says_so_in_one_line(deployment: Deployment) -> None:
    up = await deployment.flowmate.start(*deployment.arguments)
    await up.line_with("Ctrl-C stops everything")

    second = await deployment.flowmate.run(*deployment.arguments)

    assert (second.code, second.out) == (1, "")
    assert second.err.count("\n") == 1
    assert f"FlowMate already runs on {deployment.data} (process {up.pid})" in second.err
    up.signal(signal.SIGTERM)
    assert (await up.end()).code == 0


async def test_a_taken_port_is_named_with_the_way_out(deployment: Deployment) -> None:
    with socket.create_server(("127.0.0.1", deployment.flowmate.port)):
        ran = await deployment.flowmate.run(*deployment.arguments)

    assert ran.code == 1
    assert f"Port {deployment.flowmate.port} on 127.0.0.1 is taken" in ran.err
    assert "FLOWMATE_PORT" in ran.err
    assert not (deployment.data / "valkey").exists()


async def test_a_crash_loop_ends_everything_with_its_reason(deployment: Deployment) -> None:
    deployment.procfile.write_text("worker: python3 -c \"import sys; sys.exit('no such model')\"\n")

    ran = await deployment.flowmate.run(*deployment.arguments, "--crash-limit", "2")

    assert ran.code == 1
    assert "stopped 2 times in a row just after its start (exit 1). Everything was stopped." in ran.out
    assert "  no such model\n" in ran.out
    assert not (deployment.data / "valkey" / "valkey.pid").exists()


async def test_a_database_that_cannot_be_used_is_one_clear_line(deployment: Deployment) -> None:
    url = f"postgresql+psycopg://nobody:invented@127.0.0.1:{free_port()}/none"

    ran = await deployment.flowmate.run(*deployment.arguments, environment={"DATABASE_URL": url})

    assert ran.code == 1
    assert ran.err.count("\n") == 1
    assert "can't be used" in ran.err
    assert "invented" not in ran.err
    assert not deployment.started.exists()


async def test_production_without_its_secrets_starts_nothing(deployment: Deployment) -> None:
    ran = await deployment.flowmate.run(*deployment.arguments, environment={"FLOWMATE_ENV": "production"})

    assert ran.code == 1
    assert "JWT_SECRET is missing; REFRESH_SECRET is missing" in ran.err
    assert not deployment.data.exists()


async def test_our_own_processes_are_forks_that_die_and_come_back_with_their_template(tmp_path: Path) -> None:
    flowmate = Flowmate(tmp_path, port=free_port())
    up = await flowmate.start("up", environment={"FLOWMATE_WORKERS": "1"})
    await up.line_with("Ctrl-C stops everything")
    template, forks = family(up.pid)
    assert sorted(forks.values()) == ["scheduler", "web", "worker"]

    os.kill(template, signal.SIGKILL)
    await up.line_with("(killed by SIGKILL), starting again in 1 s")
    await eventually(lambda: sorted(family(up.pid)[1].values()) == ["scheduler", "web", "worker"])
    next_template, next_forks = family(up.pid)
    assert next_template != template
    assert not any(alive(pid) for pid in forks)
    await eventually(lambda: all(catches(pid, signal.SIGTERM) for pid in next_forks))

    up.signal(signal.SIGTERM)
    ran = await up.end()
    assert (ran.code, ran.out.splitlines()[-1]) == (0, "Stopped.")
    assert not any(alive(pid) for pid in (next_template, *next_forks))
    # They ended because they were asked to: nobody was killed.
    assert "jobs in flight" in (tmp_path / "data" / "logs" / "worker.1.log").read_text()


async def test_what_no_process_could_start_with_is_said_once_and_ends_everything(tmp_path: Path) -> None:
    flowmate = Flowmate(tmp_path, port=free_port())
    agents = tmp_path / "data" / "agents"
    agents.mkdir(parents=True)
    (agents / "odd.md").write_text(
        "---\nname: odd\ndescription: Does odd things.\ntools: [no_such_tool]\n---\nHi"
    )
    (agents / "other.md").write_text("Hi")

    ran = await flowmate.run("up", environment={"FLOWMATE_WORKERS": "1"})

    assert ran.code == 1
    assert ran.out.count("no_such_tool") == 1
    lines = ran.out.splitlines()
    at = lines.index("FlowMate can't start:")
    assert lines[at + 1].startswith(f"  {agents / 'odd.md'}: There is no tool called no_such_tool")
    assert lines[at + 2].startswith(f"  {agents / 'other.md'}: ")
    assert ran.out.endswith("Mend that, and start it again.\n")
    assert not (tmp_path / "data" / "logs" / "template.log").exists()


async def test_what_env_says_in_vain_is_told_once_at_the_start_and_by_doctor(tmp_path: Path) -> None:
    flowmate = Flowmate(tmp_path, port=free_port())
    (tmp_path / ".env").write_text("= invented-secret\nFLOWMATE_LOGLEVEL=invented-secret\n")

    up = await flowmate.start("up", environment={"FLOWMATE_WORKERS": "1"})
    told = await up.line_with("Ctrl-C stops everything")
    up.signal(signal.SIGTERM)
    ran = await up.end()
    examined = await flowmate.run("doctor")

    assert ran.code == 0
    for said in (told + ran.out + ran.err, examined.out + examined.err):
        assert said.count(".env, line 1 is no NAME=value") == 1
        assert said.count("FLOWMATE_LOGLEVEL is no setting") == 1
        assert "dotenv" not in said
        assert "invented-secret" not in said


async def test_loading_leaves_no_threads_no_descriptors_and_no_command_line(tmp_path: Path) -> None:
    script = (
        "import json, os, sys\n"
        "from bot.loading import load\n"
        "load()\n"
        "threads, files = os.listdir('/proc/self/task'), sorted(os.listdir('/proc/self/fd'))[:-1]\n"
        "print(json.dumps([len(threads), files, sorted(sys.modules)]))\n"
    )
    configured = {
        "FLOWMATE_DATA_DIR": str(tmp_path),
        "SLACK_BOT_TOKEN": "xoxb-invented",
        "SLACK_APP_TOKEN": "xapp-invented",
        "TELEGRAM_BOT_TOKEN": "123456:invented-invented-invented-invented",
        "OPENAI_API_KEY": "sk-invented",
    }
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        script,
        env={"PATH": os.environ["PATH"], **configured},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        cwd=Path(__file__).parents[2],
    )
    out, errors = await asyncio.wait_for(process.communicate(), 60)

    assert errors == b""
    threads, files, modules = json.loads(out)
    assert (threads, files) == (1, ["0", "1", "2"])
    wanted = {
        "bot.http.server",
        "workers.process",
        "workers.scheduler",
        "core.planning",
        "slack_sdk",
        "telegram",
    }
    assert wanted <= set(modules)
    assert not {"typer", "bot.cli.app"} & set(modules)
    assert not (tmp_path / "flowmate.sqlite3").exists()


def family(up: int) -> tuple[int, dict[int, str]]:
    """The template of this `up`, and its forks with what they are; the template is 0 while there is none."""
    for child in children(up):
        if "_template" in arguments(child):
            return child, {
                pid: arguments(pid)[-1] for pid in children(child) if "_template" not in arguments(pid)
            }
    return 0, {}


def children(pid: int) -> list[int]:
    try:
        return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except (FileNotFoundError, ProcessLookupError):
        return []


def arguments(pid: int) -> list[str]:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().rstrip(b"\0").decode().split("\0")
    except (FileNotFoundError, ProcessLookupError):
        return [""]


def catches(pid: int, number: signal.Signals) -> bool:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    caught = next(int(line.split()[1], 16) for line in lines if line.startswith("SigCgt"))
    return bool(caught & 1 << number - 1)


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False
