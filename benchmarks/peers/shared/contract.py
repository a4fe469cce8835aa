"""The command line that all peers' programs share; the standard library alone, for it runs in every environment.

    program run --count N --warm N --model-url … --sink-url … [--redis-url …] [--database-url …] [--memory-mb …]
    program work …                      one worker process, started by the first, which says "ready" when it is

`run` prints one line of JSON: what the server counted, with the seconds from the first instruction handed in to the
last answer arrived, the memory its workers took, and the versions of what it used.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

AGENTS = ("alpha", "beta", "gamma")
MODEL = "gpt-5-mini"
KEY = "sk-invented-key-for-tests"
SYSTEM = "Answer in one word."
CONCURRENCY = 500
"""Of each of the two worker processes, as FlowMate's."""
WORKERS = 2
PATIENCE_SECONDS = 600.0


def options(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    parser.add_argument("command", choices=("run", "work"))
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--warm", type=int, default=40)
    parser.add_argument("--model-url", required=True)
    parser.add_argument("--sink-url", required=True)
    parser.add_argument("--redis-url", default="")
    parser.add_argument("--database-url", default="")
    parser.add_argument("--memory-mb", type=float, default=0.0)
    parser.add_argument("--name", default="")
    return parser.parse_args(arguments)


def answer_of(said: Sequence[str]) -> str:
    """What is delivered: the three agents' words, put together."""
    return "\n".join(f"{agent}: {words}" for agent, words in zip(AGENTS, said, strict=True))


def messages(agent: str) -> list[Any]:
    """What an agent asks the model."""
    return [{"role": "system", "content": SYSTEM}, {"role": "user", "content": f"{agent}: say so"}]


def measure(given: argparse.Namespace, submit: Callable[[list[str]], None]) -> dict[str, Any]:
    """Warm up, then hand in all delegations at once and wait until each has arrived."""
    report: dict[str, Any] = {}
    for name, count in (("warm", given.warm), ("burst", given.count)):
        if count:
            _ask(f"{given.sink_url}/start?name={name}", b"")
            submit([f"{name}-{number}" for number in range(count)])
            report = _ask(f"{given.sink_url}/wait?count={count}", None)
    return report


def finish(report: dict[str, Any], packages: Sequence[str], workers: Sequence[subprocess.Popen[str]]) -> None:
    """Print the line that the benchmark reads."""
    memory = sum(memory_mb(worker.pid) for worker in workers)
    python = sys.version.split()[0]
    versions = {"python": python, **{package: version(package) for package in packages}}
    print(json.dumps({**report, "memory_mb": memory, "workers": len(workers), "versions": versions}))


@contextlib.contextmanager
def workers(
    command: Sequence[str], count: int, *, says_ready: bool = True
) -> Iterator[list[subprocess.Popen[str]]]:
    """Worker processes, each ready where it says so; `{n}` in the command is a worker's number."""
    started: list[subprocess.Popen[str]] = []
    # Told to end, this process ends its workers.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    try:
        for number in range(count):
            # In a session of its own each: what a worker forks ends with it.
            one = subprocess.Popen(
                [part.replace("{n}", str(number)) for part in command],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
                start_new_session=True,
            )
            started.append(one)
        for one in started if says_ready else ():
            _until_ready(one)
        yield started
    finally:
        for one in started:
            _end(one)


def memory_mb(pid: int) -> float:
    """A process and those it started, pages shared with others in proportion (PSS)."""
    own = 0
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                own = int(line.split()[1])
    children: list[int] = []
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        with contextlib.suppress(OSError):
            children += [int(child) for child in task.read_text().split()]
    return own / 1024 + sum(memory_mb(child) for child in children)


def _until_ready(worker: subprocess.Popen[str]) -> None:
    assert worker.stdout is not None
    for line in worker.stdout:
        if line.strip() == "ready":
            return
    raise SystemExit("A worker ended before it was ready.")


def _end(worker: subprocess.Popen[str]) -> None:
    with contextlib.suppress(ProcessLookupError):
        worker.send_signal(signal.SIGTERM)
    try:
        worker.wait(10.0)
    except subprocess.TimeoutExpired:
        os.killpg(worker.pid, signal.SIGKILL)
        worker.wait()


def _ask(url: str, body: bytes | None) -> Any:
    request = urllib.request.Request(url, data=body)
    with urllib.request.urlopen(request, timeout=PATIENCE_SECONDS) as response:
        return json.load(response)
