"""Errors as problem documents."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import ValidationError

from bot.http.problems import MAX_ERRORS, Problem, from_validation, invalid, limit_headers, to_problem
from bot.http.schemas import TaskIn
from core.errors import (
    ConfigurationError,
    Conflict,
    FlowMateError,
    InvalidInstruction,
    NotFound,
    QueueUnavailable,
    RateLimited,
    StoreUnavailable,
    TransientError,
)
from core.models import Verdict

REFUSED = Verdict(
    allowed=False,
    limit=100,
    remaining=0,
    window_seconds=900,
    reset_at=datetime(2026, 11, 22, 10, 0, 0, 500_000, tzinfo=UTC),
    retry_after_seconds=0.2,
)


@pytest.mark.parametrize(
    ("error", "status", "headers"),
    [
        (InvalidInstruction(), 422, {}),
        (NotFound(), 404, {}),
        (Conflict(), 409, {}),
        (StoreUnavailable(), 503, {"Retry-After": "5"}),
        (QueueUnavailable(), 503, {"Retry-After": "5"}),
        (TransientError(retry_after_seconds=1.2), 503, {"Retry-After": "2"}),
        (ConfigurationError(), 500, {}),
        (
            RateLimited("Too many.", verdict=REFUSED),
            429,
            {
                "X-RateLimit-Limit": "100",
                "X-RateLimit-Remaining": "0",
                "X-RateLimit-Reset": "1795341601",
                "Retry-After": "1",
            },
        ),
    ],
)
def test_each_refusal_has_its_status(error: FlowMateError, status: int, headers: dict[str, str]) -> None:
    problem = to_problem(error)
    assert (problem.status, problem.detail, problem.headers) == (status, error.sentence, headers)


def test_what_is_allowed_is_not_told_to_wait() -> None:
    allowed = REFUSED.model_copy(update={"allowed": True, "remaining": 3})
    assert "Retry-After" not in limit_headers(allowed)


def test_a_field_is_named_in_the_sentence_and_in_the_list() -> None:
    problem = invalid("timeout", "the number is too large.")
    assert problem.detail == "timeout: the number is too large."
    assert problem.errors == [{"field": "timeout", "message": "the number is too large."}]


def test_the_whole_body_needs_no_name_in_the_sentence() -> None:
    problem = invalid(None, "The body is empty.")
    assert problem.detail == "The body is empty."
    assert problem.errors == [{"field": "body", "message": "The body is empty."}]


@pytest.mark.parametrize(
    ("body", "detail"),
    [
        ({}, "instruction: this field is required."),
        ({"instruction": "x" * 5001}, "instruction: 5,000 characters at most."),
        ({"instruction": "x", "body": 1}, "body: there is no such field."),
        ({"instruction": "x", "query": 1}, "query: there is no such field."),
        ({"instruction": "x", "y" * 500: 1}, f"{'y' * 80}: there is no such field."),
        (
            {"instruction": "x", "preferredAgents": ["a", 1]},
            "preferredAgents.1: Input should be a valid string.",
        ),
    ],
)
def test_what_is_wrong_with_a_body_is_one_sentence(body: dict[str, Any], detail: str) -> None:
    assert problem_of(body).detail == detail


def test_of_many_wrong_fields_the_first_ones_are_told() -> None:
    errors = problem_of({"instruction": "x", **{f"field{number}": 1 for number in range(100)}}).errors
    assert errors is not None
    assert len(errors) == MAX_ERRORS


def problem_of(body: dict[str, Any]) -> Problem:
    with pytest.raises(ValidationError) as refusal:
        TaskIn.model_validate(body)
    return from_validation(refusal.value.errors())
