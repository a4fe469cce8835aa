"""The results as a Markdown table, and as JSON for a plot."""

from __future__ import annotations

import os
import platform
import statistics
from collections.abc import Sequence
from typing import Any, Protocol

from benchmarks.peers.roster import Peer

COLUMNS = ("", "seconds", "least to most", "delegations a second", "workers", "memory, MB", "if it is killed")


class Measured(Protocol):
    """One peer's runs."""

    peer: Peer
    count: int
    reports: list[dict[str, Any]]
    reason: str


def heading(count: int, rounds: int, *, latency: float, load: float) -> str:
    machine = f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}"
    return (
        f"{count} delegations of three agents, {latency * 1000:.0f} ms model, delivered over HTTP; medians of "
        f"{rounds} interleaved rounds ({machine}; load {load:.1f} before; PostgreSQL without fsync)"
    )


def table(everybody: Sequence[Measured]) -> str:
    """One line for each peer, the fastest first; what didn't run comes last, with the reason."""
    ran = sorted((runs for runs in everybody if runs.reports), key=lambda runs: _rate(runs), reverse=True)
    lines = [f"| {' | '.join(COLUMNS)} |", "| --- | ---: | ---: | ---: | ---: | ---: | --- |"]
    lines += [_line(runs) for runs in ran]
    lines += [
        f"| {runs.peer.title} | not run: {runs.reason} | | | | | {runs.peer.kept} |"
        for runs in everybody
        if not runs.reports
    ]
    notes = [
        f"\n{runs.peer.title}: measured with {runs.count} delegations; a second's worth is what it did with those."
        for runs in ran
        if runs.peer.share < 1
    ]
    notes += [
        f"\n{runs.peer.title}: only {len(runs.reports)} rounds, then {runs.reason}."
        for runs in ran
        if runs.reason
    ]
    return "\n".join([*lines, *notes, "", _versions(ran)])


def as_json(head: str, everybody: Sequence[Measured]) -> dict[str, Any]:
    return {
        "heading": head,
        "peers": [
            {
                "title": runs.peer.title,
                "count": runs.count,
                "extrapolated": runs.peer.share < 1,
                "seconds": [report["seconds"] for report in runs.reports],
                "per_second": _rate(runs) if runs.reports else None,
                "not_run": runs.reason,
                "if_killed": runs.peer.kept,
                "reports": runs.reports,
            }
            for runs in everybody
        ],
    }


def _line(runs: Measured) -> str:
    # Extrapolated to what the others did.
    factor = 1 / runs.peer.share
    seconds = [report["seconds"] * factor for report in runs.reports]
    about = "about " if factor != 1 else ""
    cells = (
        runs.peer.title,
        f"{about}{statistics.median(seconds):.2f}",
        f"{min(seconds):.2f} to {max(seconds):.2f}",
        f"{_rate(runs):.0f}",
        f"{runs.reports[-1]['workers']}",
        f"{statistics.median(report['memory_mb'] for report in runs.reports):.0f}",
        runs.peer.kept,
    )
    return f"| {' | '.join(cells)} |"


def _rate(runs: Measured) -> float:
    seconds: list[float] = [report["seconds"] for report in runs.reports]
    return runs.count / statistics.median(seconds)


def _versions(ran: Sequence[Measured]) -> str:
    named: dict[str, str] = {}
    for runs in ran:
        versions = runs.reports[-1]["versions"]
        named[runs.peer.folder] = ", ".join(f"{name} {version}" for name, version in versions.items())
    return "Versions. " + " · ".join(f"{folder}: {versions}" for folder, versions in named.items())
