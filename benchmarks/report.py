"""What every measurement says about itself: the machine, the versions, a Markdown table, and the same as JSON."""

from __future__ import annotations

import json
import os
import platform
import sqlite3
import statistics
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent.parent / "build" / "bench"
PACKAGES = ("aiohttp", "fastapi", "openai", "redis", "rq", "slack-bolt", "sqlalchemy", "uvicorn", "uvloop")

Cell = str | float | int
Rows = Sequence[Sequence[Cell]]


def versions() -> dict[str, str]:
    """Of Python, SQLite and the packages that a measurement depends on."""
    return {
        "python": platform.python_version(),
        "sqlite": sqlite3.sqlite_version,
        **{name: version(name) for name in PACKAGES},
    }


def machine() -> dict[str, Any]:
    """What it ran on, and how busy that was."""
    return {
        "architecture": platform.machine(),
        "cores": os.cpu_count(),
        "system": f"{platform.system()} {platform.release()}",
        "load": [round(load, 2) for load in os.getloadavg()],
    }


def cut(values: Sequence[float], percent: float) -> float:
    """The percentile; NaN where there is nothing."""
    if len(values) < 2:
        return values[0] if values else float("nan")
    return statistics.quantiles(values, n=1000, method="inclusive")[round(percent * 10) - 1]


def table(header: Sequence[str], rows: Rows) -> str:
    """A Markdown table; the first column is text."""
    lines = [_line(header), "| --- |" + " ---: |" * (len(header) - 1)]
    return "\n".join([*lines, *(_line([_shown(cell) for cell in row]) for row in rows)])


def publish(name: str, title: str, header: Sequence[str], rows: Rows, *, notes: Sequence[str] = ()) -> None:
    """Print it, and write it into build/bench/<name>.json."""
    about = machine()
    print(
        f"{title}\n\n{about['architecture']}, {about['cores']} cores, {about['system']}, load {about['load'][0]}; "
        + ", ".join(f"{package} {number}" for package, number in versions().items())
    )
    print(f"\n{table(header, rows)}\n")
    for note in notes:
        print(f"- {note}")
    FOLDER.mkdir(parents=True, exist_ok=True)
    written = {
        "title": title,
        "machine": about,
        "versions": versions(),
        "rows": [dict(zip(header, row, strict=True)) for row in rows],
        "notes": list(notes),
    }
    (FOLDER / f"{name}.json").write_text(json.dumps(written, indent=1) + "\n", encoding="utf-8")


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _shown(cell: Cell) -> str:
    if isinstance(cell, float):
        return f"{cell:.3f}" if abs(cell) < 0.1 else f"{cell:.1f}"
    return str(cell)
