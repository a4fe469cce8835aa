"""What a model call will take at the most. Pure."""

from __future__ import annotations

import json

from core.ports.language_model import ModelRequest, ModelTurn
from core.tokens import estimated

MESSAGE_TOKENS = 8
"""What a message takes beside its text: its role, and marks around it."""


def input_tokens(request: ModelRequest) -> int:
    """An upper estimate of the prompt: messages, tools, and the schema of the answer."""
    total = MESSAGE_TOKENS
    for message in request.messages:
        total += MESSAGE_TOKENS + estimated(message.text)
        for call in message.tool_calls:
            total += MESSAGE_TOKENS + estimated(call.name) + estimated(call.arguments)
    total += sum(tool.tokens for tool in request.tools)
    if request.response_schema is not None:
        total += estimated(json.dumps(request.response_schema))
    return total


def output_tokens(turn: ModelTurn) -> int:
    """About how much the model wrote, where its server does not say."""
    return estimated(turn.text) + sum(
        MESSAGE_TOKENS + estimated(call.name) + estimated(call.arguments) for call in turn.tool_calls
    )
