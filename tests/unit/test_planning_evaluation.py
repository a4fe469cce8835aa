"""How well instructions are understood, in numbers. Rows of the held-out set are counted here and never shown."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.evaluate import HELD_OUT, SETS, measure, read_rows, share
from tests.unit.planning_bench import built_in

TUNING = sorted(path.name for path in SETS.glob("tuning*.jsonl"))


async def score(path: Path) -> float:
    planner, agents = built_in()
    return share(await measure(planner, read_rows(path), agents=agents))


@pytest.mark.parametrize("name", TUNING)
async def test_the_tuning_sets_are_understood(name: str) -> None:
    reached = await score(SETS / name)

    assert reached >= (0.99 if name == "tuning.jsonl" else 0.97)


@pytest.mark.parametrize("path", HELD_OUT, ids=lambda path: path.stem)
async def test_instructions_that_nothing_was_tuned_on_are_understood(path: Path) -> None:
    reached = await score(path)

    assert reached >= 0.95
