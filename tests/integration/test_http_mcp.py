"""FlowMate as an MCP server, asked by the official SDK's client over HTTP and over standard input and output."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx2
import pytest
from mcp.client import Client
from mcp.client.stdio import StdioServerParameters
from mcp.client.streamable_http import streamable_http_client
from mcp_types import CallToolResult, TextContent

from bot.procfile import own_command
from tests.integration.http_harness import AUTHORIZED, TOKEN, Service
from tests.services.waiting import eventually

pytest_plugins = ("tests.integration.http_fixtures",)
pytestmark = pytest.mark.asyncio(loop_scope="session")
LIST = {"jsonrpc": "2.0", "id": 1, "method": "tools/list"}
ACCEPT = {"Accept": "application/json, text/event-stream"}


@asynccontextmanager
async def client_of(service: Service, *, mode: str = "auto") -> AsyncIterator[Client]:
    async with httpx2.AsyncClient(headers=AUTHORIZED, trust_env=False, timeout=30) as http:
        transport = streamable_http_client(f"{service.url}/mcp", http_client=http)
        async with Client(transport, mode=mode) as client:
            yield client


def text_of(result: CallToolResult) -> str:
    (block,) = result.content
    assert isinstance(block, TextContent)
    return block.text


def data_of(result: CallToolResult) -> dict[str, Any]:
    assert not result.is_error, text_of(result)
    assert isinstance(result.structured_content, dict)
    return result.structured_content


@pytest.mark.parametrize("mode", ["auto", "legacy"])
async def test_an_instruction_is_answered_in_both_generations_of_the_protocol(
    service: Service, mode: str
) -> None:
    async with client_of(service, mode=mode) as client:
        tools = {tool.name: tool for tool in (await client.list_tools()).tools}
        assert set(tools) == {"delegate", "list_agents", "get_delegation"}
        assert tools["delegate"].input_schema["required"] == ["instruction"]
        result = await client.call_tool("delegate", {"instruction": "what is 15% of 320"})
        assert "48" in text_of(result)
        assert data_of(result)["status"] == "success"
        again = await client.call_tool("get_delegation", {"delegationId": data_of(result)["delegationId"]})
        assert data_of(again)["answer"] == data_of(result)["answer"]


async def test_the_agents_are_listed(service: Service) -> None:
    async with client_of(service) as client:
        result = await client.call_tool("list_agents")
    assert {"name": "lever", "description": "Pulls the lever."} in data_of(result)["agents"]
    assert "- lever: Pulls the lever." in text_of(result)


async def test_an_answer_that_takes_longer_is_asked_for_later(service: Service) -> None:
    service.lever.free.clear()
    pull = {"instruction": "pull the lever", "agents": ["lever"], "waitSeconds": 0.1}
    async with client_of(service) as client:
        result = await client.call_tool("delegate", pull)
        identity = data_of(result)["delegationId"]
        assert text_of(result) == f"Still running; ask get_delegation for {identity} in a moment."
        service.lever.free.set()

        async def ended() -> str:
            found = await client.call_tool("get_delegation", {"delegationId": identity})
            return "" if data_of(found)["status"] == "running" else text_of(found)

        assert "pulled" in await eventually(ended)


async def test_the_same_key_runs_nothing_twice(service: Service) -> None:
    before = service.lever.runs
    pull = {"instruction": "pull the lever", "agents": ["lever"], "idempotencyKey": secrets.token_hex(8)}
    async with client_of(service) as client:
        results = await asyncio.gather(*(client.call_tool("delegate", pull) for _ in range(4)))
        assert len({data_of(result)["delegationId"] for result in results}) == 1
        assert service.lever.runs == before + 1
        other = await client.call_tool("delegate", {**pull, "instruction": "pull the lever twice"})
        assert other.is_error
        assert text_of(other).startswith("idempotencyKey: ")


@pytest.mark.parametrize(
    ("tool", "arguments", "sentence"),
    [
        ("delegate", {}, "instruction: Field required"),
        ("delegate", {"instruction": "x" * 5_001}, "instruction: String should have at most 5000 characters"),
        ("delegate", {"instruction": " \u200b "}, "there is nothing to do in that message"),
        ("delegate", {"instruction": "hi", "agents": ["levre"]}, "did you mean lever?"),
        ("delegate", {"instruction": "hi", "waitSeconds": 301}, "waitSeconds: Input should be less than"),
        ("delegate", {"instruction": "hi", "more": 1}, "more: Extra inputs are not permitted"),
        ("get_delegation", {"delegationId": "0" * 32}, "There is no such delegation."),
        ("get_delegation", {"delegationId": "../x"}, "delegationId: String should match pattern"),
        ("delete_everything", {}, "There is no tool 'delete_everything'"),
    ],
)
async def test_what_can_not_be_is_refused_in_a_sentence(
    service: Service, tool: str, arguments: dict[str, Any], sentence: str
) -> None:
    async with client_of(service) as client:
        result = await client.call_tool(tool, arguments)
    assert result.is_error
    assert sentence.lower() in text_of(result).lower()


async def test_nobody_comes_in_without_the_token(service: Service) -> None:
    for headers in ({}, {"Authorization": "Bearer invented-wrong-token"}):
        reply = await service.post("/mcp", LIST, headers={**ACCEPT, **headers}, signed_in=False)
        assert reply.status == 401
        assert reply.headers["WWW-Authenticate"].startswith("Bearer")
        # Counted per address, as every request of the API that isn't signed in.
        assert "X-RateLimit-Remaining" in reply.headers
    reply = await service.post("/mcp", LIST, headers={**ACCEPT, "Origin": "https://evil.example"})
    assert reply.status == 403


async def test_the_key_may_come_with_the_request(service: Service) -> None:
    call = {"name": "delegate", "arguments": {"instruction": "what is 2+2"}}
    for key, same in ((secrets.token_hex(8), True), ("x" * 201, False)):
        replies = [
            await service.post(
                "/mcp",
                {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": call},
                headers={**ACCEPT, "Idempotency-Key": key},
            )
            for _ in range(2)
        ]
        results = [reply.body["result"] for reply in replies]
        assert [bool(result.get("isError")) for result in results] == [not same, not same]
        if same:
            assert len({result["structuredContent"]["delegationId"] for result in results}) == 1


async def test_requests_that_are_none_are_answered_with_an_error(service: Service) -> None:
    assert (await service.get("/mcp")).status == 405
    assert (await service.call("DELETE", "/mcp")).status == 405
    assert (
        await service.post("/mcp", data=b"{", headers={**ACCEPT, "Content-Type": "application/json"})
    ).status == 400
    assert (await service.post("/mcp", headers={**ACCEPT, "Content-Length": "1000001"})).status == 413
    assert (await service.post("/mcp", LIST, headers=ACCEPT)).status == 200


def command(folder: Path, *, port: int) -> StdioServerParameters:
    """`flowmate mcp`, as a client starts it."""
    first, *rest = own_command()
    environment = {
        "FLOWMATE_DATA_DIR": str(folder),
        "FLOWMATE_PORT": str(port),
        "FLOWMATE_OPERATOR_TOKEN": TOKEN,
    }
    return StdioServerParameters(command=first, args=[*rest, "mcp"], env=environment, cwd=folder)


async def test_the_command_serves_a_client_on_this_machine(service: Service, tmp_path: Path) -> None:
    runs = service.lever.runs
    async with Client(command(tmp_path, port=service.port)) as client:
        agents = data_of(await client.call_tool("list_agents"))["agents"]
        assert "lever" in {one["name"] for one in agents}
        pull = {"instruction": "pull the lever", "agents": ["lever"], "idempotencyKey": secrets.token_hex(8)}
        first, second = [await client.call_tool("delegate", pull) for _ in range(2)]
        assert "pulled" in text_of(first)
        assert data_of(first)["delegationId"] == data_of(second)["delegationId"]
        assert service.lever.runs == runs + 1
        found = await client.call_tool("get_delegation", {"delegationId": data_of(first)["delegationId"]})
        assert data_of(found)["status"] == "success"
        refused = await client.call_tool("delegate", {"instruction": "hi", "agents": ["nobody"]})
        assert refused.is_error
        assert "there is no agent 'nobody'" in text_of(refused)


async def test_the_command_says_when_flowmate_is_not_running(tmp_path: Path) -> None:
    async with Client(command(tmp_path, port=9)) as client:
        result = await client.call_tool("list_agents")
    assert result.is_error
    assert "start it with `flowmate up`" in text_of(result)
