"""1,000 delegations of three agents x 200 ms, aggregated and delivered: FlowMate, and what one would write instead.

    python -m benchmarks.delegations            (--count 1000 --rounds 5 --only celery,bullmq --quick)

Everybody has two worker processes on this machine, the same scripted model over HTTP (`benchmarks/peers/server.py`),
a fresh Valkey or database, and a warm-up. The clock runs, in that server, from the first instruction handed in until
the last answer has arrived there by an HTTP POST, each exactly once. Peers live in `benchmarks/peers/<peer>/` with
their versions, and in environments of their own under build/bench/. FlowMate gets its instructions through
`reception.receive` and answers into a conversation, a placeholder first, then the answer in its place, as in a chat:
more posts than a peer makes. Rounds are interleaved, A B A B; what is printed are medians. Stock RQ is given as many
forking workers as fit into the memory of FlowMate's two, and fewer delegations; its seconds are extrapolated.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any

from benchmarks.peers.environments import BENCH, ROOT, CannotRun, command
from benchmarks.peers.report import as_json, heading, table
from benchmarks.peers.roster import PEERS, Peer
from benchmarks.peers.services import database, model_server, postgresql, valkey
from tests.services.postgresql import PostgreSQL

WARM = 40
FALLBACK_MEMORY_MB = 300.0
"""What RQ may take where FlowMate wasn't measured."""
TAIL = 400


@dataclass
class Runs:
    """One peer's runs: what its program printed, or why there is nothing."""

    peer: Peer
    count: int
    reports: list[dict[str, Any]] = field(default_factory=list)
    reason: str = ""


@dataclass(frozen=True)
class Options:
    count: int
    rounds: int
    latency: float
    only: tuple[str, ...]
    quick: bool
    patience: float

    def peers(self) -> list[Peer]:
        chosen = [peer for peer in PEERS if not self.only or peer.folder in self.only]
        return [peer for peer in chosen if peer.quick] if self.quick else chosen


async def measure(options: Options) -> list[Runs]:
    """All rounds, interleaved. A peer that can't run is out after its first failure, with the reason."""
    everybody = [Runs(peer, max(10, int(options.count * peer.share))) for peer in options.peers()]
    needs_server = any(runs.peer.database == "postgresql" for runs in everybody)
    with ExitStack() as stack:
        server = stack.enter_context(postgresql()) if needs_server else None
        async with model_server(latency=options.latency) as url:
            for number in range(options.rounds):
                for runs in everybody:
                    if not runs.reason:
                        await _round(runs, options, url=url, server=server, memory=_memory(everybody))
                        _say(runs, number + 1)
    return everybody


async def _round(runs: Runs, options: Options, *, url: str, server: PostgreSQL | None, memory: float) -> None:
    try:
        prefix, folder = await asyncio.to_thread(command, runs.peer)
        with database(runs.peer.database, server) as database_url:
            async with valkey() as redis_url:
                given = {
                    "count": str(runs.count),
                    "warm": str(WARM),
                    "model-url": f"{url}/v1",
                    "sink-url": url,
                    "redis-url": redis_url if runs.peer.redis else "",
                    "database-url": database_url,
                    "memory-mb": f"{memory:.0f}",
                }
                runs.reports.append(await _run(prefix, folder, given, options.patience))
    except CannotRun as error:
        runs.reason = str(error)


async def _run(prefix: list[str], folder: Any, given: dict[str, str], patience: float) -> dict[str, Any]:
    arguments = [part for name, value in given.items() for part in (f"--{name}", value)]
    names = {f"PEER_{name.upper().replace('-', '_')}": value for name, value in given.items()}
    shared = str(ROOT / "benchmarks" / "peers" / "shared")
    process = await asyncio.create_subprocess_exec(
        *(*prefix, "run", *arguments),
        cwd=folder,
        env={**os.environ, **names, "PYTHONPATH": shared},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        output, errors = await asyncio.wait_for(process.communicate(), patience)
    except TimeoutError:
        # Its program ends its workers when it is told to end.
        process.terminate()
        _, errors = await process.communicate()
        raise CannotRun(f"not done within {patience:.0f} s: {_last(errors)}") from None
    if process.returncode != 0:
        raise CannotRun(f"it ended with {process.returncode}: {_last(errors)}")
    report: dict[str, Any] = json.loads(output.splitlines()[-1])
    if report["repeated"]:
        raise CannotRun(f"{report['repeated']} answers arrived more than once")
    return report


def _memory(everybody: Sequence[Runs]) -> float:
    taken = [
        report["memory_mb"] for runs in everybody if runs.peer.kind == "flowmate" for report in runs.reports
    ]
    return max(taken, default=FALLBACK_MEMORY_MB)


def _last(errors: bytes) -> str:
    lines = [line for line in errors.decode(errors="replace").splitlines() if line.strip()]
    return lines[-1][-TAIL:] if lines else "it said nothing"


def _say(runs: Runs, number: int) -> None:
    result = runs.reason or f"{runs.reports[-1]['seconds']:.2f} s for {runs.count}"
    print(f"round {number}, {runs.peer.title}: {result}", file=sys.stderr, flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--count", type=int)
    parser.add_argument("--rounds", type=int)
    parser.add_argument("--latency", type=float, default=0.2, help="seconds until the model answers")
    parser.add_argument("--only", default="", help="peers' folders, with commas between them")
    parser.add_argument("--patience", type=float, default=300.0, help="seconds that one run may take")
    parser.add_argument("--quick", action="store_true", help="FlowMate, Celery and BullMQ; fewer, two rounds")
    given: Any = parser.parse_args()
    options = Options(
        count=given.count or (200 if given.quick else 1000),
        rounds=given.rounds or (2 if given.quick else 5),
        latency=given.latency,
        only=tuple(name for name in given.only.split(",") if name),
        quick=given.quick,
        patience=given.patience,
    )
    load = os.getloadavg()[0]
    everybody = asyncio.run(measure(options))
    head = heading(options.count, options.rounds, latency=options.latency, load=load)
    print(f"{head}\n\n{table(everybody)}")
    BENCH.mkdir(parents=True, exist_ok=True)
    (BENCH / "results.json").write_text(json.dumps(as_json(head, everybody), indent=2) + "\n")


if __name__ == "__main__":
    main()
