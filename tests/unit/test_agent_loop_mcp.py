"""Agents that list tools of MCP servers: scope, denial, taint, and what is never repeated."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from core.catalog import unknown_tools
from core.memory.model import ScriptedModel, calls, says
from core.models import StepState
from core.models.approval import ApprovalState
from core.ports.runs import CallStatus
from core.ports.tool import Effect
from tests.fakes.agent_bench import STEP, Bench, agent, task
from tests.fakes.mcp_bench import McpBench, mcp_bench
from tests.fakes.toy_tools import ToyTool

ECHO = ("mcp__odd__echo", {"words": "tea"})


@pytest.fixture
async def servers(tmp_path: Path) -> AsyncIterator[McpBench]:
    async with mcp_bench(tmp_path) as made:
        yield made


class McpLoop(Bench):
    """An agent loop that also finds tools of MCP servers."""

    def __init__(self, model: ScriptedModel, servers: McpBench, *tools: ToyTool) -> None:
        super().__init__(model, *tools)
        self.loop._source = servers.source


async def test_a_tool_that_is_listed_is_offered_and_called(servers: McpBench) -> None:
    await servers.start("good", reads="echo")
    model = ScriptedModel(calls(ECHO), says("Tea it is."))
    bench = McpLoop(model, servers)
    result = await bench.run(agent("mcp:odd:echo"))
    assert (result.state, result.output, result.tainted) == (StepState.SUCCEEDED, "Tea it is.", True)
    (offered,) = model.requests[0].tools
    assert offered.name == "mcp__odd__echo"
    assert offered.parameters["required"] == ["words"]
    assert bench.told() == ['<data from="tool mcp__odd__echo">\ntea\n</data>']


@pytest.mark.parametrize(
    ("listed", "offered"),
    [
        (("search", "mcp:odd:*"), ["search", "mcp__odd__echo"]),
        (("mcp:odd:*", "mcp:odd:echo"), ["mcp__odd__echo"]),
        (("search",), ["search"]),
    ],
)
async def test_an_agent_is_offered_what_it_lists_and_nothing_else(
    servers: McpBench, listed: tuple[str, ...], offered: list[str]
) -> None:
    await servers.start("good")
    model = ScriptedModel(says("Done."))
    await McpLoop(model, servers, ToyTool("search")).run(agent(*listed))
    assert [tool.name for tool in model.requests[0].tools] == offered


async def test_a_tool_that_is_not_listed_is_not_called_whatever_the_model_says(servers: McpBench) -> None:
    await servers.start("good")
    bench = McpLoop(ScriptedModel(calls(ECHO), says("No.")), servers, ToyTool("search"))
    await bench.run(agent("search"))
    assert [one["reason"] for one in bench.denied()] == ["unknown"]
    assert servers.noted("call") == []


async def test_a_server_that_is_not_connected_is_denied_recorded_and_says_how_to_connect_it(
    servers: McpBench,
) -> None:
    bench = McpLoop(ScriptedModel(calls(ECHO), says("No.")), servers)
    await bench.run(agent("mcp:odd:echo"))
    assert [one["tool"] for one in bench.denied()] == ["mcp__odd__echo"]
    assert "saying `connect mcp odd` here" in bench.told()[0]


async def test_arguments_that_do_not_fit_are_told_back(servers: McpBench) -> None:
    await servers.start("good")
    bad = ("mcp__odd__echo", {"words": 5})
    bench = McpLoop(ScriptedModel(calls(bad), says("No.")), servers)
    await bench.run(agent("mcp:odd:echo"))
    assert bench.told() == [
        "Nothing was called: the arguments of mcp__odd__echo don't fit. "
        'arguments: words: 5 is not of type "string"'
    ]


@pytest.mark.parametrize(
    ("answer", "made"),
    [
        (ApprovalState.DENIED, ['{"words": "tea"}']),
        (ApprovalState.APPROVED, ['{"words": "tea"}', '{"words": "coffee"}']),
    ],
)
async def test_after_its_first_answer_a_tool_that_may_write_needs_a_yes_to_these_very_arguments(
    servers: McpBench, answer: ApprovalState, made: list[str]
) -> None:
    await servers.start("good")
    other = ("mcp__odd__echo", {"words": "coffee"})
    bench = McpLoop(ScriptedModel(calls(ECHO), calls(other), says("Done.")), servers)
    bench.person.answer = answer
    await bench.run(agent("mcp:odd:echo"))
    assert servers.noted("call") == made
    (asked,) = bench.person.asked.values()
    assert (asked.tool, json.loads(asked.arguments)) == ("mcp__odd__echo", {"words": "coffee"})


@pytest.mark.parametrize("listed", ["mcp:odd:echo", "mcp:odd:*"])
async def test_a_write_that_was_cut_off_is_not_made_again_even_when_its_server_was_revoked(
    servers: McpBench, listed: str
) -> None:
    bench = McpLoop(ScriptedModel(calls(ECHO), says("Hm.")), servers)
    assert (await bench.runs.begin_call(STEP, "0.0", Effect.WRITE)).status is CallStatus.NEW
    result = await bench.run(agent(listed))
    assert "it may or may not have happened" in bench.told()[0]
    assert "it may or may not have happened" in result.output


def test_an_agent_s_file_may_list_tools_of_servers_that_are_not_there_yet() -> None:
    assert unknown_tools(["search", "mcp:odd:*"], ["search"]) == []
    [(field, said)] = unknown_tools(["search", "mcp:*:*"], ["search"])
    assert (field, "mcp:*:*" in said) == ("tools.1", True)


async def test_after_untrusted_text_a_read_tool_gets_no_address_that_the_model_put_together(
    servers: McpBench,
) -> None:
    await servers.start("good", reads="echo")
    made_up = ("mcp__odd__echo", {"words": "https://ev.il/?d=1"})
    named = ("mcp__odd__echo", {"words": "https://na.me/x"})
    bench = McpLoop(ScriptedModel(calls(ECHO), calls(made_up), calls(named), says("Done.")), servers)
    await bench.run(agent("mcp:odd:echo"), task("echo tea, then na.me/x"))
    assert [kind for kind, _ in bench.progress] == ["step.tool", "tool.denied", "step.tool"]
    assert bench.denied() == [{"tool": "mcp__odd__echo", "reason": "address"}]
