"""What the server's errors mean for us: try again later, or say what to check.

Sentences are made from the status and the machine-readable code only: a server's message may quote the key.
"""

from __future__ import annotations

import math
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

from core.errors import FlowMateError, ModelUnavailable, PermanentError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from openai import APIError

QUOTA_CODES = frozenset({"insufficient_quota", "billing_hard_limit_reached", "billing_not_active"})
TOO_LONG_CODES = frozenset({"context_length_exceeded", "string_above_max_length"})
TRANSIENT_STATUSES = frozenset({408, 409, 425, 429})

QUOTA = "The model's account has no quota left; check its plan and billing."
TOO_LONG = (
    "That is too long for the model {model}; ask for less at once, or set FLOWMATE_MODEL to another one."
)
PERMANENT = {
    401: "The model's server did not accept the key; check OPENAI_API_KEY.",
    402: QUOTA,
    403: "The model's server does not let this key use the model {model}; check the key's rights and region.",
    404: "The model's server does not know the model {model}; check FLOWMATE_MODEL and OPENAI_BASE_URL.",
    405: "There is no chat API at the model's address; check OPENAI_BASE_URL (most end in /v1).",
    413: TOO_LONG,
}
REJECTED = (
    "The model's server rejected the request; check that {model} at OPENAI_BASE_URL is a chat model "
    "that can call tools."
)
BUSY = "The model is busy just now."
DOWN = "The model's server has trouble just now."
UNREACHABLE = "The model's server can't be reached; check OPENAI_BASE_URL if this goes on."
TIMED_OUT = "The model took too long to answer."
CUT = "The model's answer broke off."


def to_error(error: APIError, *, model: str, now: datetime) -> FlowMateError:
    """The openai package's error as one of ours."""
    # Imported here for the reason given in openai_model: it is in memory already when there is an error.
    from openai import APIConnectionError, APIStatusError

    if isinstance(error, APIConnectionError):
        return ModelUnavailable(UNREACHABLE)
    codes = {error.code, error.type}
    if codes & QUOTA_CODES:
        return PermanentError(QUOTA)
    if codes & TOO_LONG_CODES:
        return PermanentError(TOO_LONG.format(model=model))
    if not isinstance(error, APIStatusError):
        # An error event inside a stream that had begun well.
        return ModelUnavailable(BUSY if "rate_limit_exceeded" in codes else DOWN)
    status = error.status_code
    if status in TRANSIENT_STATUSES or status >= 500:
        wait = retry_after_seconds(error.response.headers, now=now)
        return ModelUnavailable(BUSY if status == 429 else DOWN, retry_after_seconds=wait)
    return PermanentError(PERMANENT.get(status, REJECTED).format(model=model))


def filtered(error: APIError) -> bool:
    """Whether this is a content filter's way of saying no (Azure answers 400 to a filtered prompt)."""
    return error.code in ("content_filter", "content_policy_violation", "ResponsibleAIPolicyViolation")


def retry_after_seconds(headers: Mapping[str, str], *, now: datetime) -> float | None:
    """`retry-after-ms`, else `Retry-After` in seconds or as an HTTP date (RFC 9110, 10.2.3); None where neither is."""
    if (milliseconds := _number(headers.get("retry-after-ms"))) is not None:
        return milliseconds / 1000
    value = headers.get("retry-after")
    if value is None:
        return None
    if (seconds := _number(value)) is not None:
        return seconds
    try:
        at = parsedate_to_datetime(value)
    except ValueError:
        return None
    return max(0.0, ((at if at.tzinfo else at.replace(tzinfo=UTC)) - now).total_seconds())


def _number(value: str | None) -> float | None:
    try:
        number = float(value) if value is not None else math.nan
    except ValueError:
        return None
    return number if math.isfinite(number) and number >= 0 else None
