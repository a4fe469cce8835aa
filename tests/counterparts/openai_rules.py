"""What a chat completions request must look like, more strictly than any server asks for.

From OpenAI's API reference; the order of roles is what the strictest chat templates (Mistral's, Gemma's) accept
but for two user messages in a row.
"""

from __future__ import annotations

import json
import re
from typing import Any

PARAMETERS = {
    "model": str,
    "messages": list,
    "stream": bool,
    "stream_options": dict,
    "max_completion_tokens": int,
    "max_tokens": int,
    "tools": list,
    "response_format": dict,
}
NAME = re.compile(r"[a-zA-Z0-9_-]{1,64}")
SCHEMA_TYPES = {"object", "array", "string", "number", "integer", "boolean", "null"}


class Violation(Exception):
    """The request breaks a rule."""


def check_body(body: Any) -> None:
    """Raise Violation for the first rule that the request breaks."""
    _need(isinstance(body, dict), "the body is no object")
    for name, value in body.items():
        _need(name in PARAMETERS, f"unknown parameter {name}")
        _need(type(value) is PARAMETERS[name], f"{name} has the wrong type")
    _need(bool(body.get("model")), "no model")
    limits = [body[name] for name in ("max_tokens", "max_completion_tokens") if name in body]
    _need(len(limits) <= 1 and all(limit > 0 for limit in limits), "one positive token limit at most")
    _need("stream_options" not in body or body.get("stream") is True, "stream_options without stream")
    _check_messages(body.get("messages") or [])
    _check_tools(body.get("tools"))
    _check_format(body.get("response_format"))


def _check_messages(messages: list[dict[str, Any]]) -> None:
    _need(bool(messages), "no messages")
    _need(messages[-1].get("role") in ("user", "tool"), "the last message is neither the user's nor a tool's")
    pending: list[str] = []
    spoken = False
    for number, message in enumerate(messages):
        role = message.get("role")
        if role == "tool":
            _need(message.get("tool_call_id") in pending, f"message {number} answers no open tool call")
            pending.remove(message["tool_call_id"])
            _need(isinstance(message.get("content"), str), f"message {number}: a tool's content is text")
            continue
        _need(not pending, f"message {number} comes before {pending} were answered")
        if role == "system":
            _need(number == 0, f"message {number}: system comes first, once")
        elif role == "assistant":
            _need(spoken, f"message {number}: the assistant speaks first")
            pending = _check_assistant(message, number)
        else:
            _need(role == "user", f"message {number}: unknown role {role}")
            _need(bool(message.get("content")), f"message {number}: the user says nothing")
            spoken = True
    _need(not pending, f"{pending} were not answered")


def _check_assistant(message: dict[str, Any], number: int) -> list[str]:
    calls = message.get("tool_calls")
    if calls is None:
        _need(bool(message.get("content")), f"message {number}: the assistant says nothing")
        return []
    _need(isinstance(calls, list) and bool(calls), f"message {number}: empty tool_calls")
    for call in calls:
        _need(
            set(call) == {"id", "type", "function"} and call["type"] == "function",
            f"message {number}: bad call",
        )
        function = call["function"]
        _need(set(function) == {"name", "arguments"}, f"message {number}: bad function")
        _need(bool(NAME.fullmatch(function["name"])), f"message {number}: bad name {function['name']!r}")
        try:
            arguments = json.loads(function["arguments"])
        except ValueError:
            arguments = None
        _need(isinstance(arguments, dict), f"message {number}: arguments are no JSON object")
    ids = [call["id"] for call in calls]
    _need(all(ids) and len(set(ids)) == len(ids), f"message {number}: ids missing or repeated")
    return ids


def _check_tools(tools: list[dict[str, Any]] | None) -> None:
    if tools is None:
        return
    _need(bool(tools), "tools is empty")
    names = []
    for tool in tools:
        _need(set(tool) == {"type", "function"} and tool["type"] == "function", "a tool is no function")
        function = tool["function"]
        _need(set(function) <= {"name", "description", "parameters", "strict"}, "unknown field in a function")
        _need(bool(NAME.fullmatch(function["name"])), f"bad tool name {function['name']!r}")
        _need(0 < len(function.get("description", "")) <= 1024, f"{function['name']}: bad description")
        _check_schema(function["parameters"], root=True)
        names.append(function["name"])
    _need(len(set(names)) == len(names), "two tools with one name")


def _check_schema(schema: Any, *, root: bool = False) -> None:
    _need(isinstance(schema, dict), "a schema is no object")
    if root:
        _need(schema.get("type") == "object", "the root of a schema is no object")
        _need(isinstance(schema.get("properties"), dict), "an object without properties")
        _need(
            set(schema.get("required", ())) <= set(schema["properties"]), "required names unknown properties"
        )
    kind = schema.get("type")
    # A type may be a list of types, which is how strict schemas say "or null".
    kinds = kind if isinstance(kind, list) else [kind]
    _need(kind is None or set(kinds) <= set(SCHEMA_TYPES), f"unknown schema type {kind!r}")
    for inner in (*schema.get("properties", {}).values(), *schema.get("$defs", {}).values()):
        _check_schema(inner)
    if "items" in schema:
        _check_schema(schema["items"])
    for inner in schema.get("anyOf", ()):
        _check_schema(inner)


def _check_format(response_format: dict[str, Any] | None) -> None:
    if response_format is None:
        return
    _need(set(response_format) == {"type", "json_schema"}, "bad response_format")
    _need(response_format["type"] == "json_schema", "response_format is not by schema")
    inner = response_format["json_schema"]
    _need(set(inner) <= {"name", "schema", "strict", "description"}, "unknown field in json_schema")
    _need(bool(NAME.fullmatch(inner.get("name", ""))), "bad schema name")
    _check_schema(inner.get("schema"), root=True)


def _need(holds: bool, complaint: str) -> None:
    if not holds:
        raise Violation(complaint)
