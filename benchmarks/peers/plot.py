"""The results as a picture: delegations a second, a bar for each median and a dot for each round."""

# mypy: allow-untyped-calls

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import matplotlib

matplotlib.use("Agg")
from matplotlib import pyplot as plt  # the backend is chosen first

from adapters.charts.drawing import BAR, COLOURS, GRID, INK, WIDE
from benchmarks.peers.runs import Runs

OURS, THEIRS = COLOURS[0], COLOURS[3]


def draw(title: str, everybody: Sequence[Runs], folder: Path) -> None:
    """Write delegations.svg and delegations.png; peers that did not run are not in it."""
    ran = sorted((runs for runs in everybody if runs.reports), key=lambda runs: runs.per_second)
    plt.rcParams.update({"font.size": 11, "text.color": INK, "axes.labelcolor": INK, "axes.edgecolor": GRID})
    # The same file for the same numbers.
    plt.rcParams["svg.hashsalt"] = "delegations"
    figure, axes = plt.subplots(figsize=(WIDE, 1.2 + BAR * len(ran)), dpi=150, layout="constrained")
    _bars(axes, ran)
    axes.set_title(title, loc="left", fontweight="bold")
    axes.xaxis.set_visible(False)
    axes.spines[["top", "right", "bottom"]].set_visible(False)
    axes.margins(x=0.12)
    figure.savefig(folder / "delegations.svg", format="svg", metadata={"Date": None})
    figure.savefig(folder / "delegations.png", format="png")
    plt.close(figure)


def _bars(axes: Any, ran: Sequence[Runs]) -> None:
    colours = [OURS if runs.peer.kind == "flowmate" else THEIRS for runs in ran]
    bars = axes.barh(
        [runs.peer.title for runs in ran], [runs.per_second for runs in ran], color=colours, height=0.6
    )
    for place, runs in enumerate(ran):
        rates = [runs.count / report["seconds"] for report in runs.reports]
        axes.plot(rates, [place] * len(rates), "o", color=INK, markersize=3, alpha=0.5)
    # To the right of the bar's end and of the fastest round's dot.
    labels = [
        f"{runs.per_second:,.0f}" if runs.per_second >= 10 else f"{runs.per_second:.1f}" for runs in ran
    ]
    for bar, runs, label in zip(bars, ran, labels, strict=True):
        end = max(runs.count / report["seconds"] for report in runs.reports)
        axes.annotate(
            label, (end, bar.get_y() + bar.get_height() / 2), (6, 0), textcoords="offset points", va="center"
        )
