"""The arguments of a tool that only its JSON schema describes, as the agents' loop takes them."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any, ClassVar

from pydantic import BaseModel, RootModel, model_validator
from pydantic_core import PydanticCustomError

from adapters.mcp.definitions import Definition, to_validator

MOST_PROBLEMS = 5
LONGEST_PROBLEM = 120


class Arguments(RootModel[dict[str, Any]]):
    """An object that fits the schema that its tool was connected with."""

    parameters: ClassVar[dict[str, Any]] = {}
    _validator: ClassVar[Any] = None

    @model_validator(mode="after")
    def _fits(self) -> Arguments:
        if not _finite(self.root):
            raise PydanticCustomError("schema", "numbers must be finite")
        if problems := list(_problems(type(self)._validator.iter_errors(self.root))):
            raise PydanticCustomError("schema", "{problems}", {"problems": "; ".join(problems)})
        return self

    @classmethod
    def model_json_schema(cls, *_: Any, **__: Any) -> dict[str, Any]:
        """The server's own schema, as it was pinned."""
        return cls.parameters


def to_arguments(definition: Definition) -> type[BaseModel]:
    """The type of one tool's arguments. Raises ValueError where its schema is none."""
    members = {
        "__module__": __name__,
        "parameters": definition.parameters,
        "_validator": to_validator(definition.parameters),
        "__annotations__": {"parameters": ClassVar[dict[str, Any]], "_validator": ClassVar[Any]},
    }
    return type("Arguments", (Arguments,), members)


def _problems(errors: Iterator[Any]) -> Iterator[str]:
    for number, error in enumerate(errors):
        if number == MOST_PROBLEMS:
            return
        where = ".".join(str(part) for part in error.instance_path)
        yield f"{where or 'arguments'}: {error.message}"[:LONGEST_PROBLEM]


def _finite(value: Any) -> bool:
    if isinstance(value, float):
        return math.isfinite(value)
    if isinstance(value, dict):
        return all(map(_finite, value.values()))
    return all(map(_finite, value)) if isinstance(value, list) else True


def texts_in(value: Any) -> Iterator[str]:
    """Every text in a value, names included."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for name, one in value.items():
            yield from (name, *texts_in(one))
    elif isinstance(value, list):
        for one in value:
            yield from texts_in(one)
