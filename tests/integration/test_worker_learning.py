"""A worker process knows the agents of its files before somebody asks."""

from __future__ import annotations

import pytest

from tests.fakes.learning import noted
from tests.integration.http_harness import PLANS, fresh
from workers.process import learn


async def test_what_a_worker_learns_at_its_start_is_what_the_first_plan_needs(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made = noted(monkeypatch)
    async with fresh(worker=False) as service:
        await learn(service.assembly)
        assert [one.agents for one in made] == [tuple(service.assembly.agents)]
        planned = await service.post(PLANS, {"instruction": "what is 2+2"})
        assert [step["agent"] for step in planned.body["steps"]] == ["calculator"]
        assert len(made) == 1
