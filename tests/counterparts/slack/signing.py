"""Signed requests as Slack sends them (docs.slack.dev/authentication/verifying-requests-from-slack)."""

import hashlib
import hmac
import json
from typing import Any
from urllib.parse import urlencode

FORM_TYPE = "application/x-www-form-urlencoded"
JSON_TYPE = "application/json"
USER_AGENT = "Slackbot 1.0 (+https://api.slack.com/robots)"


def sign(secret: str, body: bytes, *, timestamp: str) -> str:
    """The ``v0`` signature of a body."""
    base = b"v0:" + timestamp.encode() + b":" + body
    return "v0=" + hmac.new(secret.encode(), base, hashlib.sha256).hexdigest()


def signed_headers(secret: str, body: bytes, *, timestamp: str, content_type: str) -> dict[str, str]:
    """The headers of a request from Slack."""
    return {
        "Content-Type": content_type,
        "User-Agent": USER_AGENT,
        "Accept": "*/*",
        "X-Slack-Request-Timestamp": timestamp,
        "X-Slack-Signature": sign(secret, body, timestamp=timestamp),
    }


def json_body(payload: dict[str, Any]) -> bytes:
    """The body of an event."""
    return json.dumps(payload, separators=(",", ":")).encode()


def form_body(fields: dict[str, str]) -> bytes:
    """The body of a slash command, or of an interaction with its single ``payload`` field."""
    return urlencode(fields).encode()
