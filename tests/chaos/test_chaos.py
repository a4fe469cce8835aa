"""A short campaign with a fixed seed, in every run of the tests; the long ones are `make chaos`."""

from __future__ import annotations

import pytest

from tests.chaos.campaign import Campaign, run

pytestmark = [pytest.mark.slow, pytest.mark.long]

SHORT = Campaign(
    "short",
    seed=20261127,
    questions=30,
    per_second=3.0,
    faults=(("kill", 6), ("halt", 1), ("flush", 1), ("platforms", 4)),
    lies=0.02,
    haste=6.0,
    slowest_model=1.0,
)


async def test_whatever_crashes_each_question_gets_one_answer() -> None:
    outcome = await run(SHORT)

    assert outcome.verdict.broken == []
    assert outcome.verdict.counts["accepted"] >= 20
    assert outcome.faults["kill"] == 6
