"""Reading a JSON body strictly, and saying in the OpenAPI document what it should be."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from fastapi import Request
from pydantic import BaseModel, ValidationError

from bot.http import strict_json
from bot.http.problems import Problem, from_validation, invalid

Body = TypeVar("Body", bound=BaseModel)


def body_of(schema: type[Body]) -> Callable[[Request], Awaitable[Body]]:
    """A dependency that gives the validated body, or answers 415 or 422 naming the field."""

    async def read(request: Request) -> Body:
        kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind != "application/json":
            raise Problem(415, "Send JSON, with the content type application/json.")
        try:
            value = strict_json.parse(await request.body())
        except strict_json.InvalidJson as error:
            raise invalid(error.field, error.reason) from error
        if not isinstance(value, dict):
            raise invalid(None, "The body must be a JSON object.")
        try:
            return schema.model_validate(value)
        except ValidationError as error:
            raise from_validation(error.errors()) from error

    return read


def documented(schema: type[BaseModel], examples: dict[str, Any]) -> dict[str, Any]:
    """`openapi_extra` for a route whose body `body_of` reads; `contract` adds the schema to the document."""
    content = {"schema": {"$ref": f"#/components/schemas/{schema.__name__}"}, "examples": examples}
    return {"requestBody": {"required": True, "content": {"application/json": content}}}
