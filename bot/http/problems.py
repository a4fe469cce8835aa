"""Errors as problem details (RFC 9457), each with the correlation id."""

from __future__ import annotations

import logging
import math
from collections.abc import Iterable, Mapping
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from pydantic.alias_generators import to_camel
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse

from core.errors import (
    Conflict,
    FlowMateError,
    InvalidAgent,
    InvalidInstruction,
    NotFound,
    RateLimited,
    TransientError,
)
from core.models import Verdict

logger = logging.getLogger(__name__)
MEDIA_TYPE = "application/problem+json"
MAX_ERRORS = 20
MAX_NAME_CHARACTERS = 80
TITLES = {
    400: "Bad request",
    401: "Not signed in",
    403: "Not allowed",
    404: "Not found",
    405: "Method not allowed",
    409: "Conflict",
    412: "Changed meanwhile",
    413: "Too large",
    415: "Wrong content type",
    422: "Invalid request",
    429: "Too many requests",
    500: "Something went wrong",
    503: "Not available just now",
}


class Problem(Exception):
    """An answer that is an error."""

    def __init__(
        self,
        status: int,
        detail: str,
        *,
        errors: list[dict[str, str]] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.errors = errors
        self.headers = dict(headers or {})


def to_response(problem: Problem, *, correlation_id: str) -> JSONResponse:
    """The problem document."""
    body: dict[str, Any] = {
        "type": "about:blank",
        "title": TITLES.get(problem.status, "Error"),
        "status": problem.status,
        "detail": problem.detail,
        "correlationId": correlation_id,
    }
    if problem.errors:
        body["errors"] = problem.errors
    return JSONResponse(body, problem.status, headers=problem.headers, media_type=MEDIA_TYPE)


def to_problem(error: FlowMateError) -> Problem:
    """What a refusal of the core looks like over HTTP."""
    match error:
        case RateLimited():
            return Problem(429, error.sentence, headers=limit_headers(error.verdict))
        case InvalidInstruction():
            return refused("instruction", error.sentence)
        case InvalidAgent():
            errors = [{"field": _camel(field), "message": sentence} for field, sentence in error.problems]
            return Problem(422, error.sentence, errors=errors[:MAX_ERRORS])
        case NotFound():
            return Problem(404, error.sentence)
        case Conflict():
            return Problem(409, error.sentence)
        case TransientError():
            wait = math.ceil(error.retry_after_seconds or 5)
            return Problem(503, error.sentence, headers={"Retry-After": str(wait)})
        case _:
            return Problem(500, error.sentence)


def _camel(field: str) -> str:
    """A field's path as callers write it."""
    return ".".join(to_camel(part) for part in field[:MAX_NAME_CHARACTERS].split("."))


def limit_headers(verdict: Verdict) -> dict[str, str]:
    """`X-RateLimit-*`, and `Retry-After` where it was refused; Reset is a Unix time in seconds."""
    headers = {
        "X-RateLimit-Limit": str(verdict.limit),
        "X-RateLimit-Remaining": str(verdict.remaining),
        "X-RateLimit-Reset": str(math.ceil(verdict.reset_at.timestamp())),
    }
    if not verdict.allowed:
        headers["Retry-After"] = str(max(1, math.ceil(verdict.retry_after_seconds)))
    return headers


def invalid(field: str | None, message: str) -> Problem:
    """422 about one field, or about the whole body."""
    sentence = f"{field}: {message}" if field else message
    return Problem(422, sentence, errors=[{"field": field or "body", "message": message}])


def refused(field: str, sentence: str) -> Problem:
    """422 in the words that a person in a chat would read; which field it is about stands beside them."""
    return Problem(422, sentence, errors=[{"field": field, "message": sentence}])


def from_validation(details: Iterable[Mapping[str, Any]], *, place: bool = False) -> Problem:
    """422 that names the fields as the caller wrote them; with `place`, each begins with where it stands."""
    errors = []
    for detail in list(details)[:MAX_ERRORS]:
        names = [str(part) for part in detail["loc"][1 if place else 0 :]]
        field = ".".join(names)[:MAX_NAME_CHARACTERS] or "body"
        errors.append({"field": field, "message": _message(detail)})
    first = errors[0]
    return Problem(422, f"{first['field']}: {first['message']}.", errors=errors)


def _message(detail: Mapping[str, Any]) -> str:
    match detail["type"]:
        case "extra_forbidden":
            return "there is no such field"
        case "missing":
            return "this field is required"
        case "string_too_long":
            return f"{detail['ctx']['max_length']:,} characters at most"
        case _:
            return str(detail["msg"])


def install(app: FastAPI) -> None:
    """Let every error of the app leave as a problem document."""

    def answer(request: Request, problem: Problem) -> JSONResponse:
        return to_response(problem, correlation_id=getattr(request.state, "correlation_id", ""))

    @app.exception_handler(Problem)
    async def _problem(request: Request, problem: Problem) -> JSONResponse:
        return answer(request, problem)

    @app.exception_handler(FlowMateError)
    async def _refused(request: Request, error: FlowMateError) -> JSONResponse:
        return answer(request, to_problem(error))

    @app.exception_handler(RequestValidationError)
    async def _invalid(request: Request, error: RequestValidationError) -> JSONResponse:
        return answer(request, from_validation(error.errors(), place=True))

    @app.exception_handler(HTTPException)
    async def _http(request: Request, error: HTTPException) -> JSONResponse:
        return answer(request, Problem(error.status_code, _detail(error), headers=error.headers))


def _detail(error: HTTPException) -> str:
    details = {
        404: "There is nothing at this address; /docs lists what there is.",
        405: "This address does not take that method.",
    }
    return details.get(error.status_code, str(error.detail))
