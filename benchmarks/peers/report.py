"""The results as Markdown and as JSON."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from typing import Any

from benchmarks.peers.roster import FLOWMATE_SQLITE, STOCK_RQ
from benchmarks.peers.runs import Runs, named

COLUMNS = (
    "",
    "seconds",
    "least to most",
    "times FlowMate's",
    "delegations a second",
    "workers",
    "memory, MB",
    "CPU ms a delegation",
    "if it is killed",
)


def markdown(head: str, everybody: Sequence[Runs]) -> str:
    """Everything that is printed: the table, the notes to it, where FlowMate's CPU time goes, the versions."""
    notes = [*_notes(everybody), *_server(everybody), _versions(everybody)]
    return "\n\n".join(part for part in (head, table(everybody), *notes, cpu_table(everybody)) if part)


def table(everybody: Sequence[Runs]) -> str:
    """One line for each peer, the fastest first; what didn't run comes last, with the reason."""
    ours = named(everybody, FLOWMATE_SQLITE)
    ran = _fastest_first(everybody)
    lines = [f"| {' | '.join(COLUMNS)} |", f"| --- |{' ---: |' * (len(COLUMNS) - 2)} --- |"]
    lines += [_line(runs, ours) for runs in ran]
    empty = " |" * (len(COLUMNS) - 3)
    lines += [
        f"| {runs.peer.title} | not run: {runs.failures[-1]} |{empty} {runs.peer.kept} |"
        for runs in everybody
        if not runs.reports
    ]
    return "\n".join(lines)


def cpu_table(everybody: Sequence[Runs]) -> str:
    """Where FlowMate's CPU time goes: milliseconds a delegation of each process."""
    ran = [runs for runs in everybody if runs.reports and runs.peer.kind == "flowmate"]
    names = list(dict.fromkeys(name for runs in ran for name in runs.cpu_ms))
    if not names:
        return ""
    lines = [f"| CPU ms a delegation | {' | '.join(names)} |", f"| --- |{' ---: |' * len(names)}"]
    for runs in ran:
        cells = [f"{runs.cpu_ms[name]:.2f}" if name in runs.cpu_ms else "" for name in names]
        lines.append(f"| {runs.peer.title} | {' | '.join(cells)} |")
    return "\n".join(lines)


def as_json(head: str, everybody: Sequence[Runs]) -> dict[str, Any]:
    return {
        "heading": head,
        "peers": [
            {
                "name": runs.peer.name,
                "title": runs.peer.title,
                "count": runs.count,
                "share": runs.peer.share,
                "seconds": runs.seconds,
                "failures": runs.failures,
                "if_killed": runs.peer.kept,
                "reports": runs.reports,
            }
            for runs in everybody
        ],
    }


def _line(runs: Runs, ours: Runs | None) -> str:
    about = "about " if runs.peer.share < 1 else ""
    cells = (
        runs.peer.title,
        f"{about}{statistics.median(runs.seconds):.2f}",
        f"{min(runs.seconds):.2f} to {max(runs.seconds):.2f}",
        f"{runs.times(ours):.2f}" if ours else "",
        f"{runs.per_second:.1f}",
        f"{runs.reports[-1]['workers']}",
        f"{runs.memory_mb:.0f}",
        f"{sum(runs.cpu_ms.values()):.1f}",
        runs.peer.kept,
    )
    return f"| {' | '.join(cells)} |"


def _notes(everybody: Sequence[Runs]) -> list[str]:
    notes = [
        f"{runs.peer.title}: measured with {runs.count} delegations; its seconds are extrapolated."
        for runs in everybody
        if runs.reports and runs.peer.share < 1
    ]
    ours, stock = named(everybody, FLOWMATE_SQLITE), named(everybody, STOCK_RQ)
    if ours and stock:
        notes.append(
            f"In about the same memory ({ours.memory_mb:.0f} MB for FlowMate's workers, {stock.memory_mb:.0f} MB for "
            f"{stock.reports[-1]['workers']} of RQ's) FlowMate is {stock.times(ours):.0f} times as fast as stock RQ."
        )
    notes += [
        f"{runs.peer.title}: {len(runs.reports)} rounds went well; {len(runs.failures)} did not: {runs.failures[-1]}."
        for runs in everybody
        if runs.reports and runs.failures
    ]
    notes += [
        _calls(runs)
        for runs in everybody
        if any(report["calls"] != 3 * runs.count for report in runs.reports)
    ]
    return notes


def _calls(runs: Runs) -> str:
    calls = ", ".join(str(report["calls"]) for report in runs.reports)
    return f"{runs.peer.title}: made {calls} model calls in its rounds, where {3 * runs.count} would do."


def _server(everybody: Sequence[Runs]) -> list[str]:
    """Whether the model server was anybody's bottleneck."""
    reports = [report for runs in everybody for report in runs.reports]
    if not reports:
        return []
    shares = [report["server_cpu_seconds"] / report["seconds"] for report in reports]
    least = min(report["call_seconds"][0] for report in reports)
    most = max(report["call_seconds"][2] for report in reports)
    return [
        f"The model server used {max(shares):.0%} of a core at most, and answered each call after {least * 1000:.1f} "
        f"to {most * 1000:.1f} ms. Answers were counted where they arrived: none lost, none twice, none mixed up."
    ]


def _fastest_first(everybody: Sequence[Runs]) -> list[Runs]:
    return sorted(
        (runs for runs in everybody if runs.reports), key=lambda runs: runs.per_second, reverse=True
    )


def _versions(everybody: Sequence[Runs]) -> str:
    versions: dict[str, str] = {}
    for runs in everybody:
        if runs.reports:
            used = runs.reports[-1]["versions"]
            versions[runs.peer.folder] = ", ".join(f"{name} {version}" for name, version in used.items())
    return "Versions. " + " · ".join(f"{folder}: {used}" for folder, used in versions.items())
