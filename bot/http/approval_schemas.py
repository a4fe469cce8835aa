"""Approvals as the API takes and gives them: camelCase JSON."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any, Literal

from pydantic import Field

from bot.http.schemas import Schema
from core.models import Approval, ApprovalState


class DecisionIn(Schema):
    decision: Literal["approve", "always", "deny"] = Field(
        description="`always`: for every later call of this tool in the same run, too"
    )


class ApprovalOut(Schema):
    """A call that waits, or waited, for a person's yes."""

    id: str
    delegation_id: str
    agent: str
    tool: str
    arguments: dict[str, Any] = Field(description="exactly what the tool gets")
    unnamed: list[str] = Field(description="targets that the instruction does not name")
    sources: list[str] = Field(description="untrusted text that was read before")
    asked_by: str = Field(description="whose instruction it is")
    asked_at: datetime
    expires_at: datetime
    state: ApprovalState
    always: bool
    decided_by: str | None
    decided_at: datetime | None


def from_approval(approval: Approval) -> ApprovalOut:
    by = approval.decided_by
    return ApprovalOut(
        id=approval.id,
        delegation_id=approval.delegation_id,
        agent=approval.agent,
        tool=approval.tool,
        arguments=json.loads(approval.arguments),
        unnamed=list(approval.unnamed),
        sources=list(approval.sources),
        asked_by=approval.person.name or approval.person.id,
        asked_at=approval.asked_at,
        expires_at=approval.expires_at,
        state=approval.state,
        always=approval.always,
        decided_by=None if by is None else by.name or by.id,
        decided_at=approval.decided_at,
    )


DECISION = {"decision": "approve"}
WAITING: dict[str, Any] = {
    "id": "0c9d8e7f605f3c1e0a9b7d4c2e8f6a1b",
    "delegationId": "5f3c1e0a9b7d4c2e8f6a1b0c9d8e7f60",
    "agent": "email",
    "tool": "send_email",
    "arguments": {"to": ["ops@example.org"], "subject": "Status", "body": "All is well."},
    "unnamed": [],
    "sources": ["reader: read https://example.org/status"],
    "askedBy": "operator",
    "askedAt": "2026-11-22T10:04:07.120000Z",
    "expiresAt": "2026-11-22T10:09:07.120000Z",
    "state": "pending",
    "always": False,
    "decidedBy": None,
    "decidedAt": None,
}
DECIDED = {
    **WAITING,
    "state": "approved",
    "decidedBy": "operator",
    "decidedAt": "2026-11-22T10:05:01.480000Z",
}
