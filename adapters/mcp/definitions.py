"""What a server says of its tools, as it was when an administrator connected it: cut to size, and pinned.

A server may say one thing when it is connected and another when it is trusted. What models are shown is what was seen
at connecting; a tool whose description or arguments differ from that is not called until somebody connects it again.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from typing import Any

import jsonschema_rs
from pydantic import TypeAdapter, ValidationError

from adapters.chat.text import clean
from core.errors import ToolFailed
from core.models import Frozen
from core.rendering import mcp as words

MOST_TOOLS = 128
LONGEST_DESCRIPTION = 1_000
LONGEST_HINT = 300
"""Of one argument's description."""
LONGEST_SCHEMA = 16_000
LONGEST_NAME = 128
DEEPEST_SCHEMA = 32
_WORDS = frozenset({"description", "title", "$comment"})
_VALUES = frozenset({"default", "examples", "enum", "const"})
"""Under these stands data, whatever its keys are called."""


class Said(Frozen):
    """A tool as its server lists it."""

    name: str
    description: str = ""
    parameters: dict[str, Any]

    @property
    def fingerprint(self) -> str:
        """Changes with everything in it."""
        whole = json.dumps([self.name, self.description, self.parameters], sort_keys=True)
        return hashlib.sha256(whole.encode("utf-8", "surrogatepass")).hexdigest()


class Definition(Frozen):
    """A tool as models are shown it; `fingerprint` is that of all that the server had said."""

    name: str
    description: str
    parameters: dict[str, Any]
    fingerprint: str


_PINNED: TypeAdapter[tuple[Definition, ...]] = TypeAdapter(tuple[Definition, ...])


def to_definitions(listed: Iterable[Said]) -> tuple[Definition, ...]:
    """Those that can be used, by name: a name that is no word, or a schema that is none, leaves a tool out."""
    found: dict[str, Definition] = {}
    for said in listed:
        if len(found) >= MOST_TOOLS:
            break
        definition = _to_definition(said)
        if definition is not None and definition.name not in found:
            found[definition.name] = definition
    return tuple(found[name] for name in sorted(found))


def pack(definitions: Iterable[Definition]) -> str:
    """As they are sealed beside the integration's secrets."""
    return _PINNED.dump_json(tuple(definitions)).decode()


def unpack(text: str) -> tuple[Definition, ...]:
    """Raises ToolFailed where it is not what was packed."""
    try:
        return _PINNED.validate_json(text)
    except ValidationError as error:
        raise ToolFailed(words.UNREADABLE) from error


def to_validator(parameters: dict[str, Any]) -> Any:
    """What arguments are held against: compiled, in linear time, and fetching nothing. Raises ValueError."""
    return jsonschema_rs.validator_for(
        parameters,
        offline=True,
        validate_formats=False,
        pattern_options=jsonschema_rs.RegexOptions(size_limit=1_000_000, dfa_size_limit=1_000_000),
    )


def _to_definition(said: Said) -> Definition | None:
    if said.name != clean(said.name) or not 0 < len(said.name) <= LONGEST_NAME or said.name == "*":
        return None
    if ":" in said.name or len(said.name.split()) != 1:
        return None
    try:
        parameters = _trimmed(said.parameters, depth=0)
        if parameters.get("type", "object") != "object" or len(json.dumps(parameters)) > LONGEST_SCHEMA:
            return None
        to_validator(parameters)
    except (ValueError, RecursionError, jsonschema_rs.ReferencingError):
        return None
    description = clean(said.description)[:LONGEST_DESCRIPTION]
    return Definition(
        name=said.name,
        description=description,
        parameters={"type": "object", **parameters},
        fingerprint=said.fingerprint,
    )


def _trimmed(schema: Any, *, depth: int, named: bool = False) -> Any:
    """The schema with its words cut short; `named`: its keys are names of properties. Raises ValueError."""
    if depth > DEEPEST_SCHEMA:
        raise ValueError("too deep")
    if isinstance(schema, list):
        return [_trimmed(one, depth=depth + 1) for one in schema]
    if not isinstance(schema, dict):
        return schema
    kept: dict[str, Any] = {}
    for key, value in schema.items():
        if not named and key in _WORDS and isinstance(value, str):
            if key == "description":
                kept[key] = clean(value)[:LONGEST_HINT]
        elif not named and key in _VALUES:
            kept[key] = value
        else:
            inner = not named and key in ("properties", "patternProperties", "$defs", "definitions")
            kept[key] = _trimmed(value, depth=depth + 1, named=inner)
    return kept
