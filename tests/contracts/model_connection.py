"""A real model adapter, connected to the scripted server."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from adapters.llm.openai_model import OpenAIModel
from core.errors import ModelUnavailable, PermanentError
from core.memory.clock import ManualClock
from core.ports.language_model import (
    Message,
    ModelRequest,
    ToolSignature,
)
from tests.counterparts.openai_server import KEY, ScriptedOpenAI

SCHEMA = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
WEATHER = ToolSignature(name="weather", description="The weather in a city.", parameters=SCHEMA)
REQUEST = ModelRequest(
    messages=(Message(role="system", text="Be brief."), Message(role="user", text="Hello?")),
    timeout_seconds=5.0,
)


def openai_model(server: ScriptedOpenAI, *, key: str = KEY, url: str | None = None) -> OpenAIModel:
    return OpenAIModel(model="gpt-5-mini", api_key=key, base_url=url or server.url, clock=ManualClock())


@asynccontextmanager
async def connected(**server_options: Any) -> AsyncIterator[tuple[ScriptedOpenAI, OpenAIModel]]:
    async with ScriptedOpenAI(**server_options) as server:
        model = openai_model(server)
        try:
            yield server, model
        finally:
            await model.aclose()


def assert_clean(error: PermanentError | ModelUnavailable) -> None:
    """The sentence is one for people: no key, no address, no exception's text."""
    assert error.sentence.endswith(".")
    for secret in (KEY, "127.0.0.1", "http", "Error", "Traceback", "{"):
        assert secret not in error.sentence
