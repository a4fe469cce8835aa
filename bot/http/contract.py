"""What the OpenAPI document says beside the types: examples, refusals, headers."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic import BaseModel
from pydantic.json_schema import JsonSchemaMode, models_json_schema

from adapters.chat import PLATFORMS
from bot.http import agent_schemas, approval_schemas, budget_schemas, integration_schemas, schedule_schemas
from bot.http.problems import MEDIA_TYPE, TITLES
from bot.http.schemas import PlanIn, ProblemOut, TaskIn

KEY = (
    "Makes repeating harmless: the same key with the same request is the same delegation, for ever. 1 to 200 visible "
    "ASCII characters; with another request it gets 422."
)
CONVERSATION = (
    "Names a conversation: what was said in it before is known to what follows (`and 10% of that`). Up to 64 "
    "letters, digits, dots, dashes and underscores; without it every request stands alone."
)
PREFER = "`respond-async`: answer 202 at once instead of waiting (RFC 7240)."
OF_CONVERSATION = (
    "only what was asked, and what its schedules answered, in this conversation (`X-Conversation`)"
)
BEFORE = "the page with what was received before this instant: `next` of the page before"
CORRELATION = (
    "On every response; the request's own where it is 8 to 64 letters, digits, dots, dashes, underscores."
)
INTRODUCTION = """One instruction in, micro agents side by side, one answer back.

Every request to `/api` carries the operator's token as `Authorization: Bearer …`. Bodies are JSON of 1 MB at most;
unknown fields, duplicate names and numbers that JSON does not have are refused with the field's name. Errors are
problem details (RFC 9457) and carry the id of the response header `X-Correlation-ID`, under which the logs tell more.

`WS /api/v1/events?delegation=ID` (with the same token) sends a delegation's events from its beginning, then those to
come, and closes once the answer is delivered; `&after=N` leaves out what was seen up to sequence N.
With `&words=true` messages of kind `step.words` come between them while the answer is written: `data.text` is plain
text after the first `data.from` characters of what `data.step` has said (0: it begins anew); some may be lost."""

ID = "5f3c1e0a9b7d4c2e8f6a1b0c9d8e7f60"
_METRICS = {"retries": 0, "inputTokens": 0, "outputTokens": 0, "costUsd": 0.0}
_RESULTS = [
    {
        "agent": "calculator",
        "status": "succeeded",
        "output": "15% of 320 = **48**",
        "error": None,
        "attempts": 1,
        "executionTimeMs": 12,
    },
    {
        "agent": "clock",
        "status": "succeeded",
        "output": "Tokyo: **19:04** on Sunday, 22 November 2026",
        "error": None,
        "attempts": 1,
        "executionTimeMs": 9,
    },
]
TASK = {"instruction": "what is 15% of 320 and what time is it in Tokyo", "timeout": 60_000}
PLAN_REQUEST = {"instruction": "what is 15% of 320 and what time is it in Tokyo"}
ANSWER = {
    "delegationId": ID,
    "status": "success",
    "answer": "- **calculator**: 15% of 320 = **48**\n- **clock**: Tokyo: **19:04** on Sunday, 22 November 2026",
    "results": _RESULTS,
    "metrics": {"totalMs": 41, "agents": 2, "succeeded": 2, "failed": 0, **_METRICS},
}
ACCEPTED: dict[str, Any] = {
    "delegationId": ID,
    "status": "running",
    "answer": None,
    "results": [],
    "metrics": {"totalMs": 3, "agents": 0, "succeeded": 0, "failed": 0, **_METRICS},
}
CANCELLED = {
    "delegationId": ID,
    "status": "cancelled",
    "answer": "Cancelled.",
    "results": [
        {
            "agent": "reader",
            "status": "cancelled",
            "output": "",
            "error": None,
            "attempts": 1,
            "executionTimeMs": 2100,
        }
    ],
    "metrics": {"totalMs": 2140, "agents": 1, "succeeded": 0, "failed": 1, **_METRICS},
}
LINK = {
    "url": "http://127.0.0.1:8080/enter?code=an-invented-code",
    "expiresAt": "2026-11-23T10:04:07.120000Z",
}
PLAN = {
    "planner": "rules",
    "steps": [
        {"agent": "calculator", "task": "what is 15% of 320", "dependsOn": []},
        {"agent": "clock", "task": "what time is it in Tokyo", "dependsOn": []},
    ],
    "question": None,
    "estimate": {"inputTokens": 0, "outputTokens": 0, "costUsd": 0.0},
}
PAGE = {
    "delegations": [
        {
            "delegationId": ID,
            "status": "success",
            "instruction": "what is 15% of 320",
            "origin": "api",
            "receivedAt": "2026-11-22T10:04:07.120000Z",
            "answeredAt": "2026-11-22T10:04:07.161000Z",
            "answer": "15% of 320 = **48**",
        }
    ],
    "next": None,
}
READY = {"status": "ok", "failing": [], "parts": {"database": "ok", "queue": "ok"}}
NOT_READY = {
    "status": "unavailable",
    "failing": ["queue"],
    "parts": {"database": "ok", "queue": "unreachable"},
}
STATUS = {
    "platforms": [
        {"name": one.name, "title": one.title, "connected": False, "summary": f"not connected; {one.setup}"}
        for one in PLATFORMS
    ],
    "model": None,
    "agents": ["calculator", "clock"],
    "replacedAgents": ["clock"],
    "madeAgents": 2,
}
_DETAILS = {
    401: "This needs the operator's token. Send it as `Authorization: Bearer …`.",
    404: "There is no such delegation.",
    409: "It is finished already; there is nothing left to cancel.",
    412: "The agent page-digest has changed meanwhile; look at it again, please.",
    413: "A request may have 1 MB at most.",
    415: "Send JSON, with the content type application/json.",
    422: "instruction: 5,000 characters at most.",
    429: "That is more than 100 instructions in 15 minutes, the most for one person. Try again in 3 minutes (at "
    "10:19:07 UTC).",
    503: "The database can't be reached just now.",
}
_LIMITED = ("X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset", "Retry-After")
_HEADERS = {
    "X-Correlation-ID": (CORRELATION, {"type": "string"}),
    "X-RateLimit-Limit": ("requests per window", {"type": "integer"}),
    "X-RateLimit-Remaining": ("requests that are left in it", {"type": "integer"}),
    "X-RateLimit-Reset": ("when the window is empty again, as a Unix time in seconds", {"type": "integer"}),
    "Retry-After": ("seconds to wait", {"type": "integer"}),
    "WWW-Authenticate": ("the challenge of RFC 6750", {"type": "string"}),
    "Location": ("where it is, or where the answer will be", {"type": "string"}),
    "Preference-Applied": ("`respond-async`, where it was asked for", {"type": "string"}),
}
_HEADERS_OF = {
    201: ("Location",),
    202: ("Location", "Preference-Applied"),
    401: ("WWW-Authenticate",),
    429: _LIMITED,
    503: ("Retry-After",),
}

EXAMPLES = {
    "task": TASK,
    "planRequest": PLAN_REQUEST,
    "answer": ANSWER,
    "accepted": ACCEPTED,
    "cancelled": CANCELLED,
    "link": LINK,
    "plan": PLAN,
    "page": PAGE,
    "live": {"status": "ok"},
    "ready": READY,
    "notReady": NOT_READY,
    "status": STATUS,
    "scheduleRequest": schedule_schemas.REQUEST,
    "schedule": schedule_schemas.MADE,
    "schedules": [schedule_schemas.MADE],
    **agent_schemas.EXAMPLES,
    "integrationRequest": integration_schemas.REQUEST,
    "integration": integration_schemas.MADE,
    "integrations": [integration_schemas.MADE],
    "kinds": [integration_schemas.KIND],
    "decision": approval_schemas.DECISION,
    "approval": approval_schemas.DECIDED,
    "approvals": [approval_schemas.WAITING],
    "budgetRequest": budget_schemas.REQUEST,
    "budget": budget_schemas.MADE,
    "budgets": [budget_schemas.MADE],
    "usage": budget_schemas.USAGE,
}

VALIDATION_SCHEMAS = ("HTTPValidationError", "ValidationError")
"""FastAPI's own words for a wrong parameter; ours are problem documents."""

Responses = dict[int | str, dict[str, Any]]


def example(description: str, name: str) -> dict[str, Any]:
    """A response as the document shows it, with one of EXAMPLES."""
    return {
        "description": description[:1].upper() + description[1:] + ".",
        "content": {"application/json": {"examples": shown(name)}},
    }


def shown(name: str) -> dict[str, Any]:
    """A reference to one of EXAMPLES: in place, FastAPI would take the nulls out of it."""
    return {name: {"$ref": f"#/components/examples/{name}"}}


def refusals(*statuses: int) -> Responses:
    """The problem documents that a route may answer with."""
    return {status: _refusal(status) for status in statuses}


def _refusal(status: int) -> dict[str, Any]:
    body = {
        "type": "about:blank",
        "title": TITLES[status],
        "status": status,
        "detail": _DETAILS[status],
        "correlationId": "9f86d081884c7d65",
    }
    schema = {"$ref": f"#/components/schemas/{ProblemOut.__name__}"}
    return {"description": TITLES[status], "content": {MEDIA_TYPE: {"schema": schema, "example": body}}}


def describe(app: FastAPI) -> None:
    """Let the app's OpenAPI document name what its routes read and answer by themselves."""
    made: dict[str, Any] = {}

    def openapi() -> dict[str, Any]:
        if not made:
            made.update(_document(app))
        return made

    app.openapi = openapi  # type: ignore[method-assign]  # FastAPI's own way to extend the document


def _document(app: FastAPI) -> dict[str, Any]:
    document = get_openapi(
        title=app.title,
        version=app.version,
        summary=app.summary,
        description=INTRODUCTION,
        routes=app.routes,
        separate_input_output_schemas=False,
    )
    components = document["components"]
    for name in VALIDATION_SCHEMAS:
        components["schemas"].pop(name, None)
    components["schemas"].update(_own_schemas())
    components["examples"] = {name: {"value": value} for name, value in EXAMPLES.items()}
    components["headers"] = {
        name: {"description": description, "schema": schema}
        for name, (description, schema) in _HEADERS.items()
    }
    for operations in document["paths"].values():
        for operation in operations.values():
            _complete(operation["responses"])
    return document


def _own_schemas() -> dict[str, Any]:
    """Those of what routes read and answer by themselves."""
    models: list[tuple[type[BaseModel], JsonSchemaMode]] = [
        (model, "validation")
        for model in (
            agent_schemas.AgentChange,
            agent_schemas.AgentIn,
            agent_schemas.RunIn,
            approval_schemas.DecisionIn,
            budget_schemas.BudgetIn,
            integration_schemas.IntegrationIn,
            PlanIn,
            schedule_schemas.ScheduleIn,
            TaskIn,
            ProblemOut,
        )
    ]
    _, schemas = models_json_schema(models, ref_template="#/components/schemas/{model}")
    found: dict[str, Any] = schemas["$defs"]
    return found


def _complete(responses: dict[str, Any]) -> None:
    """Name the headers, and leave out the refusal that FastAPI assumes wherever there is a parameter."""
    if VALIDATION_SCHEMAS[0] in str(responses.get("422")):
        del responses["422"]
    for status, response in responses.items():
        names = ("X-Correlation-ID", *_HEADERS_OF.get(int(status), ()))
        response["headers"] = {name: {"$ref": f"#/components/headers/{name}"} for name in names}
