"""What a request must be before anything else looks at it: small, signed, fresh and well-formed.

Bolt parses before it verifies and answers 500 to much of this. Rules: docs.slack.dev, "Verifying requests from Slack".
"""

from __future__ import annotations

import hashlib
import hmac
import json
from typing import Any, NoReturn
from urllib.parse import parse_qsl

MAX_BODY_BYTES = 1_000_000
MAX_AGE_SECONDS = 300
MAX_DEPTH = 100

_FORM = "application/x-www-form-urlencoded"
_JSON = "application/json"
# Where Bolt and the translations expect an object (or, last, a list of objects), nothing else may stand.
_OBJECTS = ("event", "channel", "user", "container", "message", "view")
_LISTS = ("authorizations", "actions", "response_urls")


class Rejected(Exception):
    """This request goes no further; `status` is its HTTP answer."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason


def verify(body: bytes, *, secret: str, timestamp: str | None, signature: str | None, now: float) -> None:
    """Raise Rejected(401) unless Slack signed this body within 300 seconds of `now` (Unix seconds)."""
    if not timestamp or not signature:
        raise Rejected(401, "The signature is missing.")
    # int() would take " 1 ", "1_0" and other scripts' digits, too.
    if not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) <= 12):
        raise Rejected(401, "The timestamp is no number.")
    if abs(now - int(timestamp)) > MAX_AGE_SECONDS:
        raise Rejected(401, "The timestamp is too far from now.")
    signed = b"v0:" + timestamp.encode() + b":" + body
    expected = "v0=" + hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()
    # As bytes, because compare_digest refuses a string that isn't ASCII.
    if not hmac.compare_digest(expected.encode(), signature.encode("utf-8", "surrogatepass")):
        raise Rejected(401, "The signature is wrong.")


def parse(body: bytes, *, content_type: str) -> dict[str, Any]:
    """The payload of a verified request. Raises Rejected: 415 for an unknown type, 400 for a malformed body."""
    media_type = content_type.partition(";")[0].strip().lower()
    if media_type not in (_JSON, _FORM):
        raise Rejected(415, "Slack sends JSON or forms.")
    try:
        text = body.decode("utf-8")
        if media_type == _JSON:
            payload = _loads(text)
        else:
            payload = dict(parse_qsl(text, keep_blank_values=True, errors="strict", max_num_fields=100))
            if "payload" in payload and "command" not in payload:
                payload = _loads(payload["payload"])
    except (ValueError, RecursionError) as error:
        raise Rejected(400, "The body can't be read.") from error
    check_shape(payload)
    return payload  # type: ignore[no-any-return]  # check_shape has seen to it


def check_shape(payload: Any) -> None:
    """Raise Rejected(400) unless the payload has the outline of what Slack sends."""
    if not isinstance(payload, dict) or not payload:
        raise Rejected(400, "The body is no object.")
    for key in _OBJECTS:
        if not isinstance(payload.get(key, {}), dict | None):
            raise Rejected(400, f"{key} is no object.")
    for key in _LISTS:
        items = payload.get(key) or []
        if not (isinstance(items, list) and all(isinstance(item, dict) for item in items)):
            raise Rejected(400, f"{key} is no list of objects.")
    if payload.get("type") == "event_callback" and not isinstance(
        (payload.get("event") or {}).get("type"), str
    ):
        raise Rejected(400, "The event has no type.")


def _loads(text: str) -> Any:
    value = json.loads(text, parse_constant=_refuse_constant)
    level = [value]
    for _ in range(MAX_DEPTH):
        level = [child for parent in level for child in _children(parent)]
        if not level:
            return value
    raise ValueError("nested too deeply")


def _children(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return list(value.values())
    return value if isinstance(value, list) else []


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON")
