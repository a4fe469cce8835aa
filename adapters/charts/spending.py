"""`SpendingCharts`: what models cost, as a picture."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

from adapters.charts import draw
from core.models import Artifact
from core.ports.budgets import By, Spending
from core.rendering import budgets as words

MOST_NAMED = 10


class SpendingCharts:
    """The Charts port; pictures lie in a folder of this machine."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def spending(self, spending: Spending, *, by: By, key: str) -> Artifact:
        mark = hashlib.blake2b(key.encode(), digest_size=6).hexdigest()
        name = f"flowmate-usage-{spending.days[-1].day:%Y%m%d}-{mark}.png"
        path = self._folder / name
        size = await draw(to_chart(spending, by=by), path)
        return Artifact(name=name, path=str(path), media_type="image/png", size_bytes=size)


def to_chart(spending: Spending, *, by: By) -> dict[str, Any]:
    """Tokens and cost by day, and who took most tokens."""
    days, rows = spending.days, spending.rows[:MOST_NAMED]
    return {
        "days": [f"{day.day.day} {day.day:%b}" for day in days],
        "panels": [
            {
                "title": "Tokens and cost by day",
                "unit": "tokens",
                "series": [
                    {"name": "input tokens", "values": [day.input_tokens for day in days]},
                    {"name": "output tokens", "values": [day.output_tokens for day in days]},
                ],
                "line": {"name": "US dollars", "values": [round(day.cost_usd, 4) for day in days]},
            }
        ],
        "ranking": {
            "title": f"Tokens by {by}",
            "names": [words.name(row, by) for row in rows],
            "values": [row.input_tokens + row.output_tokens for row in rows],
        },
    }
