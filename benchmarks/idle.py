"""What FlowMate takes while nobody asks anything, and how fast it starts: `python -m benchmarks.idle`.

Starts `flowmate up` with two workers in a folder of its own, waits until it is ready, lets it settle, and reads from
/proc what each process holds: RSS (shared pages counted in each) and PSS (shared pages counted once). Linux only.
"""

from __future__ import annotations

import os
import platform
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from bot.cli import TEMPLATE_ARGUMENT

WORKERS = 2
SETTLE_SECONDS = 10.0
READY_SECONDS = 60.0
HELPS = 5


@dataclass(frozen=True)
class Held:
    """One process's memory."""

    name: str
    rss_mb: float
    pss_mb: float


@dataclass(frozen=True)
class Idle:
    """What was measured."""

    ready_seconds: float
    processes: tuple[Held, ...]

    @property
    def rss_mb(self) -> float:
        return sum(held.rss_mb for held in self.processes)

    @property
    def pss_mb(self) -> float:
        return sum(held.pss_mb for held in self.processes)


def measure(*, settle_seconds: float = SETTLE_SECONDS) -> Idle:
    """Start everything, wait, read, and stop what was started."""
    with tempfile.TemporaryDirectory(prefix="flowmate-idle-") as folder:
        port = _free_port()
        settings = {
            "FLOWMATE_DATA_DIR": folder,
            "FLOWMATE_PORT": str(port),
            "FLOWMATE_WORKERS": str(WORKERS),
        }
        kept = ("PATH", "HOME", "LANG", "VIRTUAL_ENV")
        environment = {**{k: v for k, v in os.environ.items() if k in kept}, **settings}
        began = time.perf_counter()
        up = subprocess.Popen(
            [_flowmate(), "up"],
            env=environment,
            cwd=folder,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            ready = _wait_ready(f"http://127.0.0.1:{port}/health/ready", up) - began
            time.sleep(settle_seconds)
            return Idle(ready_seconds=ready, processes=tuple(_held(pid) for pid in _family(up.pid)))
        finally:
            up.send_signal(signal.SIGTERM)
            up.wait(timeout=40)


def help_seconds() -> float:
    """The median time of `flowmate --help`."""
    times = []
    for _ in range(HELPS):
        began = time.perf_counter()
        subprocess.run([_flowmate(), "--help"], check=True, capture_output=True)
        times.append(time.perf_counter() - began)
    return statistics.median(times)


def _flowmate() -> str:
    return str(Path(sys.executable).parent / "flowmate")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _wait_ready(url: str, up: subprocess.Popen[bytes]) -> float:
    until = time.perf_counter() + READY_SECONDS
    while time.perf_counter() < until:
        if up.poll() is not None:
            raise SystemExit(f"flowmate up ended with {up.returncode}")
        try:
            with urllib.request.urlopen(url, timeout=1):
                return time.perf_counter()
        except (urllib.error.URLError, OSError):
            time.sleep(0.02)
    raise SystemExit("flowmate up was not ready in time")


def _family(pid: int) -> Iterator[int]:
    yield pid
    for task in Path(f"/proc/{pid}/task").iterdir():
        for child in (task / "children").read_text().split():
            yield from _family(int(child))


def _held(pid: int) -> Held:
    command = Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode().split()
    rollup = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    kilobytes = {line.split(":")[0]: int(line.split()[1]) for line in rollup if line.endswith("kB")}
    name = "valkey" if "valkey" in command[0] else "template" if TEMPLATE_ARGUMENT in command else command[-1]
    return Held(name=name, rss_mb=kilobytes["Rss"] / 1024, pss_mb=kilobytes["Pss"] / 1024)


def main() -> None:
    """Print a Markdown table."""
    idle = measure()
    machine = f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}"
    print(f"{machine}; `--help` {help_seconds():.2f} s; ready after {idle.ready_seconds:.1f} s\n")
    print("| process | RSS, MB | PSS, MB |\n| --- | ---: | ---: |")
    for held in idle.processes:
        print(f"| {held.name} | {held.rss_mb:.0f} | {held.pss_mb:.0f} |")
    print(f"| **together** | **{idle.rss_mb:.0f}** | **{idle.pss_mb:.0f}** |")


if __name__ == "__main__":
    main()
