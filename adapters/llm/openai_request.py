"""Our words into the Chat Completions API's, for servers of several makes."""

from __future__ import annotations

import json
import re
from collections.abc import Collection
from typing import Any

from core.ports.language_model import Message, ModelRequest, ToolCall

FALLBACKS = ("max_completion_tokens", "stream_options", "response_format")
"""Parameters that some servers don't know, and that a request can do without."""

_JSON = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def to_parameters(request: ModelRequest, *, model: str, without: Collection[str] = ()) -> dict[str, Any]:
    """The request's JSON body, avoiding the parameters in `without`."""
    messages = [_to_message(message) for message in request.messages]
    body: dict[str, Any] = {"model": model, "messages": messages, "stream": True}
    if "max_completion_tokens" in without:
        body["max_tokens"] = request.max_output_tokens
    else:
        body["max_completion_tokens"] = request.max_output_tokens
    if "stream_options" not in without:
        body["stream_options"] = {"include_usage": True}
    if request.tools:
        body["tools"] = [
            {
                "type": "function",
                "function": {
                    "name": tool.name,
                    "description": tool.description,
                    "parameters": tool.parameters,
                },
            }
            for tool in request.tools
        ]
    if request.response_schema is not None:
        if "response_format" in without:
            _say_schema(messages, request.response_schema)
        else:
            body["response_format"] = {
                "type": "json_schema",
                "json_schema": {"name": "answer", "schema": request.response_schema},
            }
    return body


def encoded(parameters: dict[str, Any]) -> bytes:
    """The body as it is sent; halves of surrogate pairs, which JSON in UTF-8 can't hold, become question marks."""
    return _JSON.encode(parameters).encode(errors="replace")


def unknown_parameter(*, message: str, param: str | None, sent: Collection[str]) -> str | None:
    """Which of the dispensable parameters a server's 400 complains of, if any."""
    if param:
        names = {param.split(".")[0]}
    else:
        names = {name for name in FALLBACKS if name in message}
        if "json_schema" in message:
            names.add("response_format")
    return next((name for name in FALLBACKS if name in names and name in sent), None)


def _to_message(message: Message) -> dict[str, Any]:
    if message.role == "tool":
        return {"role": "tool", "tool_call_id": message.tool_call_id, "content": message.text}
    if not message.tool_calls:
        return {"role": message.role, "content": message.text}
    return {
        "role": message.role,
        "content": message.text or None,
        "tool_calls": [
            {
                "id": call.id,
                "type": "function",
                "function": {"name": _spellable(call.name), "arguments": _parsable(call)},
            }
            for call in message.tool_calls
        ],
    }


def _spellable(name: str) -> str:
    """A tool name that a model made up, as servers accept names in earlier turns."""
    return re.sub(r"[^a-zA-Z0-9_-]", "_", name)[:64] or "unknown"


def _parsable(call: ToolCall) -> str:
    """The call's arguments, as an object in any case.

    Several servers (vLLM, Ollama) parse the arguments of earlier turns again and answer 400 or 500 where the
    model wrote something else; the tool's answer has told the model already what was wrong with them.
    """
    try:
        if isinstance(json.loads(call.arguments), dict):
            return call.arguments
    except (ValueError, RecursionError):
        pass
    return json.dumps({"unreadable": call.arguments[:200]})


def _say_schema(messages: list[dict[str, Any]], schema: dict[str, Any]) -> None:
    """Ask for the schema in the system message: several chat templates allow only one, and only as the first."""
    words = (
        "Answer with one JSON value that follows this JSON schema, and with nothing else (no fence, "
        f"no comment): {json.dumps(schema)}"
    )
    if messages and messages[0]["role"] == "system":
        words = f"{messages.pop(0)['content']}\n\n{words}"
    messages.insert(0, {"role": "system", "content": words})
