"""`flowmate mcp`: the running service as an MCP server on standard input and output, for clients on this machine."""

from __future__ import annotations

import json
import logging
from dataclasses import dataclass
from typing import Any

from mcp.server.stdio import stdio_server

from adapters.settings import Settings
from bot.cli.bodies import Answer
from bot.cli.client import ANSWER_SECONDS, Api, to_question
from bot.mcp.calls import Delegate
from bot.mcp.server import build_server


async def serve(settings: Settings) -> int:
    """Serve until the input ends."""
    # Standard output is the protocol's, and what the SDK logs helps nobody who reads standard error.
    logging.getLogger("mcp").setLevel(logging.ERROR)
    server = build_server(lambda _: _ServiceDesk(settings))
    async with stdio_server() as (heard, said):
        await server.run(heard, said, server.create_initialization_options())
    return 0


@dataclass(frozen=True)
class _ServiceDesk:
    """See bot.mcp.calls.Desk."""

    settings: Settings

    async def delegate(self, wanted: Delegate) -> dict[str, Any]:
        question = to_question(
            wanted.instruction,
            agents=wanted.agents,
            timeout_ms=round(wanted.wait_seconds * 1000),
            conversation=wanted.conversation or None,
            key=wanted.idempotency_key or None,
        )
        async with Api(self.settings, answer_seconds=wanted.wait_seconds + ANSWER_SECONDS) as api:
            return _content(await api.answer(question))

    async def agents(self) -> list[dict[str, Any]]:
        async with Api(self.settings) as api:
            return [{"name": one.name, "description": one.description} for one in await api.agents()]

    async def delegation(self, delegation_id: str) -> dict[str, Any]:
        async with Api(self.settings) as api:
            return _content(await api.delegation(delegation_id))


def _content(answer: Answer) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(answer.body)
    return content
