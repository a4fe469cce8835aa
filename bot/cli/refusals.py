"""What the commands say when the service, or whatever stands in its place, refuses."""

from __future__ import annotations

import json


def refusal(base_url: str, status: int, text: str) -> str:
    """The sentence of FlowMate's problem document (RFC 9457); what others refuse says nothing about FlowMate."""
    try:
        problem = json.loads(text)
        sentence, _ = str(problem["detail"]), problem["correlationId"]
    except (ValueError, TypeError, LookupError):
        return stranger(base_url, how=f", which answers with status {status},")
    if status == 401:
        return (
            f"FlowMate at {base_url} doesn't take this operator token; "
            "use the same FLOWMATE_DATA_DIR or FLOWMATE_OPERATOR_TOKEN as the service."
        )
    return sentence


def stranger(base_url: str, *, how: str = "") -> str:
    """Something answers there, and not as FlowMate does."""
    return f"What is at {base_url}{how} isn't FlowMate, or another version of it; FLOWMATE_PORT must be the service's."
