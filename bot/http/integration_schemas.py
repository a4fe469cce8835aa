"""Integrations as the API takes and gives them: camelCase JSON, and never a secret on the way out."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import Field

from bot.http.schemas import Schema

WORKSPACE = "whose it is, as `platform:workspace`; default: the operator's own, `local:local`"


class IntegrationIn(Schema):
    """A service to connect; what is secret is written only."""

    kind: str = Field(max_length=40, description="one of `GET /api/v1/integrations/kinds`")
    name: str = Field("", max_length=40, description="what agents call it; default: the kind")
    workspace: str = Field("", max_length=150, description=WORKSPACE)
    fields: dict[str, str] = Field(
        default_factory=dict,
        max_length=20,
        repr=False,
        description="what the kind asks for, secrets included",
    )


class TestOut(Schema):
    at: datetime
    passed: bool
    note: str


class IntegrationOut(Schema):
    id: str
    name: str
    kind: str
    workspace: str
    fields: dict[str, str] = Field(description="what is no secret")
    connected_at: datetime
    test: TestOut | None


class FieldOut(Schema):
    name: str
    title: str
    secret: bool
    required: bool


class KindOut(Schema):
    name: str
    title: str
    fields: list[FieldOut]


REQUEST = {
    "kind": "smtp",
    "fields": {
        "host": "mail.example.org",
        "user": "flowmate",
        "password": "an-invented-password",
        "sender": "flowmate@example.org",
    },
}
MADE: dict[str, Any] = {
    "id": "0f1e2d3c4b5a6978",
    "name": "smtp",
    "kind": "smtp",
    "workspace": "local:local",
    "fields": {"host": "mail.example.org", "user": "flowmate", "sender": "flowmate@example.org"},
    "connectedAt": "2026-11-22T10:04:07.120000Z",
    "test": {
        "at": "2026-11-22T10:04:07.480000Z",
        "passed": True,
        "note": "The mail server lets FlowMate in.",
    },
}
KIND = {
    "name": "ical",
    "title": "A calendar",
    "fields": [{"name": "url", "title": "calendar's private address", "secret": True, "required": True}],
}
