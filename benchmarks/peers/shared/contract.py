"""The command line that all peers' programs share; the standard library alone, for it runs in every environment.

    program run --count N --warm N --model-url … --sink-url … [--redis-url …] [--database-url …] [--memory-mb …]
    program work …                      one worker process, started by the first, which says "ready" when it is

`run` tells the server when a burst begins and who works on it, hands it in, waits until all answers have arrived, ends
its workers and prints one line of JSON: how many workers there were, and the versions of what it used. The server
counts (`benchmarks/peers/server.py`).
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import signal
import subprocess
import sys
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from importlib.metadata import version
from types import MappingProxyType
from typing import Any

AGENTS = ("alpha", "beta", "gamma")
MODEL = "gpt-5-mini"
KEY = "sk-invented-key-for-tests"
SYSTEM = "Answer in one word."
CONCURRENCY = 500
"""Of each of the two worker processes, as FlowMate's."""
WORKERS = 2
PATIENCE_SECONDS = 600.0
Worker = subprocess.Popen[str]


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


def measure(
    given: argparse.Namespace,
    submit: Callable[[list[str]], None],
    workers: Sequence[Worker],
    *,
    others: Mapping[str, Worker] = MappingProxyType({}),
) -> None:
    """Warm up, then hand in all delegations at once and wait until each has arrived."""
    for name, count in (("warm", given.warm), ("burst", given.count)):
        if count:
            burst(given, submit, workers, name=name, count=count, others=others)


def burst(
    given: argparse.Namespace,
    submit: Callable[[list[str]], None],
    workers: Sequence[Worker],
    *,
    name: str,
    count: int,
    others: Mapping[str, Worker] = MappingProxyType({}),
) -> None:
    named = {**{f"worker {n}": one for n, one in enumerate(workers, 1)}, **others}
    pids = {"asker": os.getpid(), **{who: one.pid for who, one in named.items()}}
    watch = urllib.parse.quote(",".join(f"{who}:{pid}" for who, pid in pids.items()))
    _ask(f"{given.sink_url}/start?name={name}&count={count}&watch={watch}", b"")
    submit([f"{name}-{number}" for number in range(count)])
    _ask(f"{given.sink_url}/wait", None)


def finish(packages: Sequence[str], workers: int = WORKERS) -> None:
    """Print the line that the benchmark reads."""
    python = sys.version.split()[0]
    versions = {"python": python, **{package: version(package) for package in packages}}
    print(json.dumps({"workers": workers, "versions": versions}))


@contextlib.contextmanager
def workers(command: Sequence[str], count: int, *, says_ready: bool = True) -> Iterator[list[Worker]]:
    """Worker processes, each ready where it says so; `{n}` in the command is a worker's number."""
    started: list[Worker] = []
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
            with contextlib.suppress(ProcessLookupError):
                one.send_signal(signal.SIGTERM)
        for one in started:
            _end(one)


def _until_ready(worker: Worker) -> None:
    assert worker.stdout is not None
    for line in worker.stdout:
        if line.strip() == "ready":
            return
    raise SystemExit("A worker ended before it was ready.")


def _end(worker: Worker) -> None:
    try:
        worker.wait(10.0)
    except subprocess.TimeoutExpired:
        os.killpg(worker.pid, signal.SIGKILL)
        worker.wait()


def _ask(url: str, body: bytes | None) -> Any:
    request = urllib.request.Request(url, data=body)
    with urllib.request.urlopen(request, timeout=PATIENCE_SECONDS) as response:
        return json.load(response)
