"""Asking a language model."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from enum import StrEnum
from functools import cached_property
from typing import Any, Literal, Protocol

from pydantic import Field

from core.models import Frozen, Usage
from core.models.budget import Charge, Spender
from core.tokens import estimated

TOOL_TOKENS = 16
"""What a tool takes beside its text."""


class ToolCall(Frozen):
    """The model's wish to call a tool; `arguments` is the JSON text exactly as the model wrote it."""

    id: str
    name: str
    arguments: str


class Message(Frozen):
    """One turn of a model conversation."""

    role: Literal["system", "user", "assistant", "tool"]
    text: str = ""
    tool_calls: tuple[ToolCall, ...] = ()
    tool_call_id: str | None = None
    """For role `tool`: which call this answers."""


class ToolSignature(Frozen):
    """A tool as the model sees it; `parameters` is a JSON schema of an object."""

    name: str
    description: str
    parameters: dict[str, Any]

    @cached_property
    def tokens(self) -> int:
        """An upper estimate of what it adds to a prompt; the same value is offered in turn after turn."""
        texts = (self.name, self.description, json.dumps(self.parameters))
        return TOOL_TOKENS + sum(map(estimated, texts))


class ModelRequest(Frozen):
    """One model call."""

    messages: tuple[Message, ...]
    tools: tuple[ToolSignature, ...] = ()
    response_schema: dict[str, Any] | None = None
    """JSON schema the whole answer must follow."""
    model: str | None = None
    """None: the deployment's default."""
    max_output_tokens: int = 2000
    timeout_seconds: float = 30.0
    spender: Spender | None = None
    """Who pays; no server is told."""


class FinishReason(StrEnum):
    STOP = "stop"
    TOOL_CALLS = "tool_calls"
    LENGTH = "length"
    CONTENT_FILTER = "content_filter"
    REFUSAL = "refusal"


class ModelTurn(Frozen):
    """What came back. With `length` the last tool call may be cut short: never execute it."""

    text: str = ""
    tool_calls: tuple[ToolCall, ...] = ()
    finish: FinishReason = FinishReason.STOP
    usage: Usage = Usage()
    model: str = Field(default="")
    charge: Charge | None = Field(default=None, exclude=True)
    """What is still to be settled, together with saving the turn; never saved itself."""


OnText = Callable[[str], Awaitable[None]]


class LanguageModel(Protocol):
    """A chat model with tools."""

    @property
    def name(self) -> str:
        """The default model's name, for people."""
        ...

    async def complete(self, request: ModelRequest, *, on_text: OnText | None = None) -> ModelTurn:
        """One call, streamed to `on_text` piece by piece if given. Each call is paid for: repeating costs again.

        Raises ModelUnavailable (time-out, connection, 429, 5xx, a stream that was cut; with
        `retry_after_seconds` if the server named it), and PermanentError with a sentence that says what to check
        (wrong key, no quota, unknown model, request too long). It does not retry by itself.
        """
        ...

    async def aclose(self) -> None:
        """Close connections. Safe to repeat."""
        ...
