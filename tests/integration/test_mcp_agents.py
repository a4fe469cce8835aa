"""An agent with tools of MCP servers, from the operator's file to the answer, through the running service."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.counterparts.openai_server import KEY, Answer, ScriptedOpenAI
from tests.fakes.mcp_bench import PROGRAM, gone
from tests.integration.http_harness import Service, fresh
from tests.services.waiting import eventually

pytestmark = pytest.mark.asyncio(loop_scope="session")
PARROT = """---
name: parrot
description: Repeats things.
tools: ["mcp:odd:*"]
---
Call the tool.
"""


def answer(body: dict[str, Any]) -> Answer:
    """A model that calls the tool and repeats what that gave."""
    said = [message["content"] for message in body["messages"] if message["role"] == "tool"]
    (name,) = [tool["function"]["name"] for tool in body["tools"]]
    return Answer(text=str(said[-1])) if said else Answer(tool_calls=((name, '{"words": "polly"}'),))


async def asked(service: Service) -> str:
    reply = await service.delegate("say polly", preferredAgents=["parrot"])
    text: str = reply.body["answer"]
    return text


async def connected(service: Service, **fields: str) -> Any:
    reply = await service.post("/api/v1/integrations", {"kind": "mcp", "name": "odd", "fields": fields})
    assert reply.status in (200, 201), reply.text
    return reply.body


async def test_a_program_of_the_operator_s_file_serves_an_agent_until_it_is_revoked(tmp_path: Path) -> None:
    log = tmp_path / "server.log"
    log.touch()
    (tmp_path / "parrot.md").write_text(PARROT)
    programs = tmp_path / "mcp.json"
    program = {
        "command": sys.executable,
        "args": ["-I", "-S", str(PROGRAM), "good", str(log)],
        "tokenEnv": "PARROT_TOKEN",
    }
    programs.write_text(json.dumps({"mcpServers": {"odd": program}}))
    programs.chmod(0o600)
    async with ScriptedOpenAI(default=answer) as model:
        settings = {
            "FLOWMATE_AGENTS_DIR": str(tmp_path),
            "FLOWMATE_MCP_FILE": str(programs),
            "OPENAI_API_KEY": KEY,
            "OPENAI_BASE_URL": model.url,
        }
        async with fresh(**settings) as service:
            assert "`connect mcp odd`" in await asked(service)
            card = await connected(service, server="odd", reads="echo", token="invented-parrot-token")
            assert card["test"]["note"] == "It has 1 tool: echo."
            assert "invented-parrot-token" not in json.dumps(card)
            assert "polly" in await asked(service)
            made = {
                "name": "echoer",
                "description": "Echoes.",
                "systemPrompt": "Echo.",
                "tools": ["mcp:odd:echo"],
            }
            wrong = await service.post("/api/v1/agents", {**made, "tools": ["mcp:odd:eco"]})
            assert (wrong.status, wrong.fields) == (422, ["tools.0"])
            assert "There is no tool called mcp:odd:eco. Do you mean mcp:odd:echo?" in wrong.problem
            later = {**made, "name": "later", "tools": ["mcp:even:*"]}
            [note] = (await service.post("/api/v1/agents", later)).body["notes"]
            assert note.startswith("The MCP server even isn't connected here; ")
            reply = await service.post("/api/v1/agents", made)
            assert (reply.status, reply.body["notes"]) == (201, [])
            reply = await service.delegate("say polly", preferredAgents=["echoer"])
            assert "polly" in reply.body["answer"]
            lives = [line.split() for line in log.read_text().splitlines() if line.startswith("life ")]
            # One that was looked at on connecting, and one for all calls of the worker.
            assert len(lives) == 2
            assert "PARROT_TOKEN" in log.read_text()
            await service.call("DELETE", f"/api/v1/integrations/{card['id']}")
            assert "`connect mcp odd`" in await asked(service)
            assert await gone(int(lives[-1][1]))
        told = json.dumps([request.body for request in model.requests])
        assert "invented-parrot-token" not in told


async def test_the_servers_of_a_process_end_with_it(tmp_path: Path) -> None:
    log = tmp_path / "server.log"
    log.touch()
    (tmp_path / "parrot.md").write_text(PARROT)
    programs = tmp_path / "mcp.json"
    program = {"command": sys.executable, "args": ["-I", "-S", str(PROGRAM), "good", str(log)]}
    programs.write_text(json.dumps({"mcpServers": {"odd": program}}))
    programs.chmod(0o600)
    async with ScriptedOpenAI(default=answer) as model:
        settings = {"FLOWMATE_AGENTS_DIR": str(tmp_path), "FLOWMATE_MCP_FILE": str(programs)}
        async with fresh(**settings, OPENAI_API_KEY=KEY, OPENAI_BASE_URL=model.url) as service:
            await connected(service, server="odd", reads="echo")
            assert "polly" in await asked(service)
            await eventually(lambda: log.read_text().count("life ") == 2)
    for line in log.read_text().splitlines():
        if line.startswith("life "):
            assert await gone(int(line.split()[1]))
