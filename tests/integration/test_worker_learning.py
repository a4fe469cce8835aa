"""A worker process knows the agents of its files before somebody asks."""

from __future__ import annotations

import pytest

from core.planning.ranking import Index
from tests.integration.http_harness import PLANS, fresh
from workers.process import learn


async def test_what_a_worker_learns_at_its_start_is_what_the_first_plan_needs(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made: list[tuple[str, ...]] = []
    make = Index._learn

    def noted(self: Index, *arguments: object) -> object:
        made.append(self.names)
        return make(self, *arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(Index, "_learn", noted)
    async with fresh(worker=False) as service:
        await learn(service.assembly)
        assert made == [tuple(service.assembly.agents)]
        planned = await service.post(PLANS, {"instruction": "what is 2+2"})
        assert [step["agent"] for step in planned.body["steps"]] == ["calculator"]
        assert len(made) == 1
