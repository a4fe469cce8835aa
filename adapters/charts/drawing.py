"""`python -m adapters.charts.drawing FILE`: draws the chart that comes as JSON on stdin.

{"days": ["23 Nov", …],
 "panels": [{"title": "…", "unit": "…", "series": [{"name": "succeeded", "values": [3, …]}, …],
             "line": {"name": "seconds to the answer", "values": [1.2, null, …]}}, …],
 "ranking": {"title": "…", "names": ["clock", …], "values": [7, …]}}
"""

# mypy: allow-untyped-calls

from __future__ import annotations

import json
import sys
from typing import Any

import matplotlib

matplotlib.use("Agg")
from matplotlib import pyplot as plt  # the backend is chosen first
from matplotlib.ticker import FuncFormatter, MaxNLocator

COLOURS = ("#2f7d5b", "#c9a227", "#b5483a", "#8a8f98")
LINE = "#2b4a8b"
GRID = "#d9dce1"
INK = "#23262b"
WIDE = 8.0
"""Inches, as all sizes here."""
PANEL = 3.2
BAR = 0.34
ROOM = 1.3
MOST_DAYS_NAMED = 10


def draw(chart: dict[str, Any], path: str) -> None:
    """The panels by day one below the other, then the ranking."""
    plt.rcParams.update({"font.size": 11, "text.color": INK, "axes.labelcolor": INK, "axes.edgecolor": GRID})
    ranking = chart["ranking"]
    heights = [PANEL] * len(chart["panels"])
    if ranking["names"]:
        heights.append(1.0 + BAR * len(ranking["names"]))
    figure, places = plt.subplots(
        len(heights),
        figsize=(WIDE, sum(heights)),
        dpi=150,
        layout="constrained",
        squeeze=False,
        gridspec_kw={"height_ratios": heights},
    )
    for axes, panel in zip(places[:, 0], chart["panels"], strict=False):
        _by_day(axes, panel, chart["days"])
    if ranking["names"]:
        _ranked(places[-1, 0], ranking)
    figure.savefig(path, format="png")


def _by_day(axes: Any, panel: dict[str, Any], days: list[str]) -> None:
    """Stacked bars, and one line on a scale of its own."""
    places = range(len(days))
    bottom = [0.0] * len(days)
    for series, colour in zip(panel["series"], COLOURS, strict=False):
        if any(series["values"]):
            axes.bar(places, series["values"], bottom=bottom, color=colour, label=series["name"], width=0.7)
        bottom = [low + value for low, value in zip(bottom, series["values"], strict=True)]
    shown = list(places)[:: max(1, -(-len(days) // MOST_DAYS_NAMED))]
    axes.set_xticks(shown, [days[place] for place in shown])
    axes.yaxis.set_major_locator(MaxNLocator(nbins=5, integer=True))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))
    axes.set_ylabel(panel["unit"])
    _dress(axes, panel["title"])
    axes.grid(axis="y", color=GRID, linewidth=0.8)
    right = axes.twinx()
    values = [float("nan") if value is None else value for value in panel["line"]["values"]]
    right.plot(places, values, color=LINE, marker="o", markersize=4, label=panel["line"]["name"])
    right.set_ylabel(panel["line"]["name"], color=LINE)
    highest = max((value for value in panel["line"]["values"] if value is not None), default=0.0)
    # Room for the legend above the highest bar and the highest point.
    right.set_ylim(0, (highest or 1.0) * ROOM)
    right.spines[["top"]].set_visible(False)
    handles, labels = axes.get_legend_handles_labels()
    lines, names = right.get_legend_handles_labels()
    axes.legend([*handles, *lines], [*labels, *names], loc="upper left", ncols=5, frameon=False, fontsize=9)
    axes.set_ylim(top=max(1.0, *bottom) * ROOM)


def _ranked(axes: Any, ranking: dict[str, Any]) -> None:
    """Bars from the longest down, each with its number."""
    names, values = ranking["names"][::-1], ranking["values"][::-1]
    bars = axes.barh(names, values, color=COLOURS[0], height=0.6)
    axes.bar_label(bars, labels=[f"{value:,}" for value in values], padding=4, fontsize=10)
    _dress(axes, ranking["title"])
    axes.xaxis.set_visible(False)
    axes.spines[["bottom"]].set_visible(False)
    axes.margins(x=0.08)


def _dress(axes: Any, title: str) -> None:
    axes.set_title(title, loc="left", fontweight="bold")
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)


if __name__ == "__main__":
    draw(json.load(sys.stdin), sys.argv[1])
