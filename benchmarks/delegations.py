"""1,000 delegations of three agents × 200 ms, aggregated and delivered: FlowMate, and what one would write instead.

    make bench-delegations          (or: python -m benchmarks.delegations --quick --only flowmate-sqlite bullmq)

Everybody has two worker processes on this machine, the same scripted model over HTTP (`benchmarks/peers/server.py`),
a fresh Valkey or database, and a warm-up. The clock runs, in that server, from the first instruction handed in until
the last answer has arrived there by an HTTP POST; what it counted is looked at once more after the workers have ended.
Peers live in `benchmarks/peers/<peer>/` with their versions, and are installed under build/peers/ when they are first
run. FlowMate gets its instructions through `reception.receive` and answers into a conversation, a placeholder first,
then the answer in its place, as in a chat: more posts than a peer makes. Rounds are interleaved, A B A B; what is
printed are medians. Stock RQ is given as many forking workers as fit into the memory of FlowMate's two, and fewer
delegations; its seconds are extrapolated.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
import urllib.parse
import urllib.request
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks import report as about
from benchmarks.peers import plot
from benchmarks.peers.environments import ROOT, CannotRun, command
from benchmarks.peers.report import as_json, markdown
from benchmarks.peers.roster import FLOWMATE_SQLITE, PEERS, Peer
from benchmarks.peers.runs import Runs, named
from benchmarks.peers.services import database, model_server, postgresql, valkey
from tests.services.postgresql import PostgreSQL

WARM = 40
FEWEST = 20
FALLBACK_MEMORY_MB = 300.0
"""What RQ may take where FlowMate wasn't measured."""
END_SECONDS = 60.0
TAIL = 400


@dataclass(frozen=True)
class Options:
    count: int
    rounds: int
    latency: float
    only: tuple[str, ...]
    patience: float

    def peers(self) -> list[Peer]:
        return [peer for peer in PEERS if not self.only or peer.name in self.only]


@dataclass(frozen=True)
class Place:
    """Where a run finds what it needs."""

    url: str
    """Of the model and the sink."""
    server: tuple[PostgreSQL, int] | None
    memory_mb: float


async def measure(options: Options) -> list[Runs]:
    """All rounds, interleaved. A peer that fails twice is out, with the reason."""
    everybody = [_runs(peer, options.count) for peer in options.peers()]
    needs_server = any(runs.peer.database == "postgresql" for runs in everybody)
    with ExitStack() as stack:
        server = stack.enter_context(postgresql()) if needs_server else None
        async with model_server(latency=options.latency) as url:
            for number in range(options.rounds):
                for runs in everybody:
                    if not runs.out:
                        place = Place(url, server, _memory(everybody))
                        print(await _round(runs, number + 1, options, place), file=sys.stderr, flush=True)
    return everybody


def _runs(peer: Peer, count: int) -> Runs:
    return Runs(peer, max(FEWEST, int(count * peer.share)) if peer.share < 1 else count)


async def _round(runs: Runs, number: int, options: Options, place: Place) -> str:
    """One run of one peer; what came of it."""
    try:
        prefix, folder = await asyncio.to_thread(command, runs.peer)
        async with valkey() as (redis_url, redis_pid):
            with database(runs.peer.database, place.server[0] if place.server else None) as database_url:
                services = {"valkey": redis_pid} if runs.peer.redis else {}
                if runs.peer.database == "postgresql" and place.server:
                    services["postgresql"] = place.server[1]
                await _ask(f"{place.url}/services?watch={_listed(services)}", b"")
                given = {
                    "count": str(runs.count),
                    "warm": str(WARM),
                    "model-url": f"{place.url}/v1",
                    "sink-url": place.url,
                    "redis-url": redis_url if runs.peer.redis else "",
                    "database-url": database_url,
                    "memory-mb": f"{place.memory_mb:.0f}",
                }
                said = await _run(prefix, folder, given, options.patience)
                report = checked({**await _ask(f"{place.url}/report"), **said, "round": number})
    except CannotRun as error:
        runs.failures.append(str(error))
        return f"round {number}, {runs.peer.title}: {error}"
    runs.reports.append(report)
    return f"round {number}, {runs.peer.title}: {report['seconds']:.2f} s for {runs.count}"


async def _run(prefix: list[str], folder: Path, given: dict[str, str], patience: float) -> dict[str, Any]:
    """Run a peer's program to its end, that of its workers included; what it printed."""
    arguments = [part for name, value in given.items() for part in (f"--{name}", value)]
    names = {f"PEER_{name.upper().replace('-', '_')}": value for name, value in given.items()}
    process = await asyncio.create_subprocess_exec(
        *(*prefix, "run", *arguments),
        cwd=folder,
        env={**os.environ, **names, "PYTHONPATH": str(ROOT / "benchmarks" / "peers" / "shared")},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        output, errors = await asyncio.wait_for(process.communicate(), patience)
    except TimeoutError:
        # Its program ends its workers when it is told to end.
        process.terminate()
        counted = await _ask(f"{given['sink-url']}/report")
        await _end(process)
        raise CannotRun(
            f"after {patience:.0f} s there were {counted['arrived']} answers ({counted['calls']} model calls made)"
        ) from None
    finally:
        # Interrupted: its program ends its workers when it is told to end.
        if process.returncode is None:
            process.terminate()
    if process.returncode != 0:
        raise CannotRun(f"it ended with {process.returncode}: {_last(errors)}")
    said: dict[str, Any] = json.loads(output.splitlines()[-1])
    return said


async def _end(process: asyncio.subprocess.Process) -> None:
    try:
        await asyncio.wait_for(process.communicate(), END_SECONDS)
    except TimeoutError:
        process.kill()
        await process.communicate()


def checked(counted: dict[str, Any]) -> dict[str, Any]:
    """The report as it is. Raises CannotRun where an answer is missing, stands there twice or is another's."""
    wrong = [f"{counted[what]} answers {what}" for what in ("lost", "doubled", "mixed") if counted[what]]
    if wrong:
        raise CannotRun(" and ".join(wrong))
    return counted


def _memory(everybody: Sequence[Runs]) -> float:
    ours = named(everybody, FLOWMATE_SQLITE)
    return ours.memory_mb if ours else FALLBACK_MEMORY_MB


def _listed(processes: dict[str, int]) -> str:
    return urllib.parse.quote(",".join(f"{name}:{pid}" for name, pid in processes.items()))


async def _ask(url: str, body: bytes | None = None) -> dict[str, Any]:
    def ask() -> dict[str, Any]:
        with urllib.request.urlopen(urllib.request.Request(url, data=body), timeout=30.0) as response:
            answer: dict[str, Any] = json.load(response)
            return answer

    return await asyncio.to_thread(ask)


def _last(errors: bytes) -> str:
    lines = [line for line in errors.decode(errors="replace").splitlines() if line.strip()]
    return lines[-1][-TAIL:] if lines else "it said nothing"


def _heading(options: Options, before: list[float]) -> str:
    machine = about.machine()
    return (
        f"{options.count:,} delegations of three agents, {options.latency * 1000:.0f} ms model, delivered over HTTP; "
        f"medians of {options.rounds} interleaved rounds. {machine['architecture']}, {machine['cores']} cores, "
        f"{machine['system']}; load {before[0]:.1f} before, {machine['load'][0]:.1f} after; PostgreSQL without fsync, "
        "Valkey appending and synced every second."
    )


def _options() -> tuple[Options, Path]:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="100 delegations, two rounds")
    parser.add_argument("--count", type=int, help="delegations in each round (1000)")
    parser.add_argument("--rounds", type=int, help="5 unless --quick")
    parser.add_argument("--latency", type=float, default=0.2, help="seconds until the model answers")
    parser.add_argument(
        "--only", nargs="+", default=[], choices=[peer.name for peer in PEERS], metavar="NAME"
    )
    parser.add_argument("--patience", type=float, default=300.0, help="seconds that one run may take")
    parser.add_argument("--out", type=Path, default=about.FOLDER, help="where table, plot and numbers go")
    given: Any = parser.parse_args()
    options = Options(
        count=given.count or (100 if given.quick else 1000),
        rounds=given.rounds or (2 if given.quick else 5),
        latency=given.latency,
        only=tuple(given.only),
        patience=given.patience,
    )
    return options, given.out


def main() -> None:
    options, folder = _options()
    before = about.machine()["load"]
    everybody = asyncio.run(measure(options))
    head = _heading(options, before)
    text = markdown(head, everybody)
    print(text)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "delegations.md").write_text(f"{text}\n", encoding="utf-8")
    numbers = json.dumps(as_json(head, everybody), indent=1)
    (folder / "delegations.json").write_text(f"{numbers}\n", encoding="utf-8")
    if any(runs.reports for runs in everybody):
        plot.draw("Delegations a second", everybody, folder)
    if any(runs.failures for runs in everybody if runs.peer.kind == "flowmate"):
        raise SystemExit(1)


if __name__ == "__main__":
    main()
