"""A service whose model writes as fast as a test lets it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from tests.counterparts.openai_server import KEY, Gate, ScriptedOpenAI
from tests.integration.http_harness import DELEGATE, Service, fresh

ASK: dict[str, Any] = {"instruction": "@writer write a line about tea"}


@dataclass
class Desk:
    """The service, and the model's server."""

    service: Service
    model: ScriptedOpenAI

    def writes(self, *pieces: str, **answer: Any) -> Gate:
        """What the model writes next; each piece passes the gate by itself, and so does the end."""
        gate = Gate()
        self.model.expect().reply(pieces=pieces, gate=gate, usage=(1000, 200, 0), **answer)
        return gate

    async def ask(self) -> str:
        """Ask the writer; the delegation's id."""
        reply = await self.service.post(DELEGATE, ASK, headers={"Prefer": "respond-async"})
        identifier: str = reply.body["delegationId"]
        return identifier


@asynccontextmanager
async def desk_of(**environment: str) -> AsyncIterator[Desk]:
    async with (
        ScriptedOpenAI() as model,
        fresh(
            OPENAI_BASE_URL=model.url, OPENAI_API_KEY=KEY, FLOWMATE_MODEL="local", **environment
        ) as service,
    ):
        yield Desk(service, model)
