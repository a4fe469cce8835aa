"""Every built-in agent against every tool that it was not given: nothing runs, and each try is on record."""

from __future__ import annotations

import pytest

from core.catalog import BUILT_IN, load_agents
from core.memory.model import ScriptedModel, calls, says
from tests.fakes.agent_bench import Bench
from tests.fakes.toy_tools import ToyTool

AGENTS = load_agents([BUILT_IN])
TOOLS = sorted({name for agent in AGENTS.values() for name in agent.tools})
OUTSIDE = [(who, tool) for who, agent in sorted(AGENTS.items()) for tool in TOOLS if tool not in agent.tools]


def test_the_matrix_is_whole() -> None:
    assert len(OUTSIDE) == len(AGENTS) * len(TOOLS) - sum(len(set(one.tools)) for one in AGENTS.values())


@pytest.mark.parametrize(("who", "name"), OUTSIDE)
async def test_a_tool_that_the_agent_was_not_given_is_denied_and_recorded(who: str, name: str) -> None:
    tools = [ToyTool(one) for one in TOOLS]
    bench = Bench(ScriptedModel(calls((name, {"words": "x"})), says("No.")), *tools)
    await bench.run(AGENTS[who])
    assert [tool.name for tool in tools if tool.made] == []
    assert bench.denied() == [{"tool": name, "reason": "scope"}]
    assert bench.told()[-1].startswith(f"Denied: {name} is not one of your tools.")
