"""`python -m adapters.charts.drawing FILE`: draws the chart that comes as JSON on stdin.

{"title": "…", "days": ["23 Nov", …], "series": [{"name": "succeeded", "values": [3, …]}, …],
 "line": {"name": "seconds to the answer", "values": [1.2, …]}}
"""

# mypy: allow-untyped-calls

from __future__ import annotations

import json
import sys
from typing import Any

import matplotlib

matplotlib.use("Agg")
from matplotlib import pyplot as plt  # the backend is chosen first
from matplotlib.ticker import MaxNLocator

COLOURS = ("#2f7d5b", "#c9a227", "#b5483a", "#8a8f98")
LINE = "#2b4a8b"
GRID = "#d9dce1"
INK = "#23262b"


def draw(chart: dict[str, Any], path: str) -> None:
    """Stacked bars by day, and one line on a scale of its own."""
    plt.rcParams.update({"font.size": 11, "text.color": INK, "axes.labelcolor": INK, "axes.edgecolor": GRID})
    figure, axes = plt.subplots(figsize=(8, 4), dpi=150, layout="constrained")
    places = range(len(chart["days"]))
    bottom = [0.0] * len(chart["days"])
    for series, colour in zip(chart["series"], COLOURS, strict=False):
        if any(series["values"]):
            axes.bar(places, series["values"], bottom=bottom, color=colour, label=series["name"], width=0.7)
        bottom = [low + value for low, value in zip(bottom, series["values"], strict=True)]
    axes.set_xticks(list(places), chart["days"], rotation=45 if len(chart["days"]) > 8 else 0)
    axes.xaxis.set_major_locator(MaxNLocator(nbins=10, integer=True)) if len(chart["days"]) > 12 else None
    if len(chart["days"]) > 12:
        shown = list(places)[:: -(-len(chart["days"]) // 10)]
        axes.set_xticks(shown, [chart["days"][n] for n in shown], rotation=45)
    axes.yaxis.set_major_locator(MaxNLocator(integer=True))
    axes.set_ylabel("delegations")
    axes.set_title(chart["title"], loc="left", fontweight="bold")
    axes.grid(axis="y", color=GRID, linewidth=0.8)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)
    right = axes.twinx()
    values = [float("nan") if value is None else value for value in chart["line"]["values"]]
    right.plot(places, values, color=LINE, marker="o", markersize=4, label=chart["line"]["name"])
    right.set_ylabel(chart["line"]["name"])
    right.set_ylim(bottom=0)
    right.spines[["top"]].set_visible(False)
    handles = [*axes.get_legend_handles_labels()[0], *right.get_legend_handles_labels()[0]]
    labels = [*axes.get_legend_handles_labels()[1], *right.get_legend_handles_labels()[1]]
    figure.legend(handles, labels, loc="outside lower center", ncols=5, frameon=False)
    figure.savefig(path, format="png")


if __name__ == "__main__":
    draw(json.load(sys.stdin), sys.argv[1])
