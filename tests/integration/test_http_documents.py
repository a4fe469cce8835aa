"""The OpenAPI document says what the service does, and the page that shows it needs nothing from elsewhere."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from typing import Any

import pytest

from bot.http.agent_schemas import AgentDetail
from bot.http.budget_schemas import BudgetOut, UsageOut
from bot.http.schemas import AcceptedOut, AnswerOut, Page, PlanIn, PlanOut, TaskIn
from tests.integration.http_harness import DELEGATE, DELEGATIONS, PLANS, Service

pytest_plugins = ("tests.integration.http_fixtures",)
pytestmark = pytest.mark.asyncio(loop_scope="session")

INTEGRATIONS = "/api/v1/integrations"
ROUTES = {
    ("get", "/health/live"),
    ("get", "/health/ready"),
    ("get", "/metrics"),
    ("get", "/api/v1/status"),
    ("post", DELEGATE),
    ("post", PLANS),
    ("post", "/api/v1/links"),
    ("get", "/api/v1/agents"),
    ("post", "/api/v1/agents"),
    ("get", "/api/v1/agents/templates"),
    *[(method, "/api/v1/agents/{name}") for method in ("get", "put", "patch", "delete")],
    ("get", "/api/v1/agents/{name}/versions"),
    ("post", "/api/v1/agents/{name}/run"),
    ("get", "/api/v1/approvals"),
    ("post", "/api/v1/approvals/{approval_id}"),
    ("get", INTEGRATIONS),
    ("post", INTEGRATIONS),
    ("get", f"{INTEGRATIONS}/kinds"),
    ("post", f"{INTEGRATIONS}/{{integration_id}}/test"),
    ("delete", f"{INTEGRATIONS}/{{integration_id}}"),
    ("get", DELEGATIONS),
    ("get", f"{DELEGATIONS}/{{delegation_id}}"),
    ("post", f"{DELEGATIONS}/{{delegation_id}}/cancel"),
    ("post", f"{DELEGATIONS}/{{delegation_id}}/retry"),
    ("get", "/api/v1/schedules"),
    ("post", "/api/v1/schedules"),
    ("get", "/api/v1/schedules/{schedule_id}"),
    ("delete", "/api/v1/schedules/{schedule_id}"),
    ("get", "/api/v1/budgets"),
    ("post", "/api/v1/budgets"),
    ("delete", "/api/v1/budgets/{scope}/{period}/{subject}"),
    ("get", "/api/v1/usage"),
    *[("post", f"/api/v1/schedules/{{schedule_id}}/{change}") for change in ("pause", "resume", "run")],
}
Operation = tuple[str, str, dict[str, Any]]


async def document(service: Service) -> dict[str, Any]:
    reply = await service.get("/openapi.json", signed_in=False)
    assert reply.status == 200
    found: dict[str, Any] = reply.body
    return found


async def operations(service: Service) -> list[Operation]:
    paths = (await document(service))["paths"]
    return [(method, path, one) for path, methods in paths.items() for method, one in methods.items()]


async def test_every_route_is_documented(service: Service) -> None:
    assert {(method, path) for method, path, _ in await operations(service)} == ROUTES


async def test_every_route_has_a_summary_a_description_and_an_example(service: Service) -> None:
    for method, path, operation in await operations(service):
        assert operation["summary"], path
        assert operation["description"], path
        good = next(one for status, one in operation["responses"].items() if status.startswith("2"))
        assert {"example", "examples"} & set(next(iter(good["content"].values()))), path
        if "requestBody" in operation:
            assert "examples" in operation["requestBody"]["content"]["application/json"], path
        assert operation["tags"], (method, path)


async def test_the_token_is_declared_for_what_needs_it_and_for_nothing_else(service: Service) -> None:
    scheme = (await document(service))["components"]["securitySchemes"]["bearerAuth"]
    assert (scheme["type"], scheme["scheme"]) == ("http", "bearer")
    for _, path, operation in await operations(service):
        if path.startswith("/api/"):
            assert operation["security"] == [{"bearerAuth": []}], path
            assert "401" in operation["responses"], path
        else:
            assert "security" not in operation, path


async def test_refusals_are_declared_as_problem_documents(service: Service) -> None:
    for _, path, operation in await operations(service):
        assert "HTTPValidationError" not in str(operation), path
        for status, response in operation["responses"].items():
            assert "X-Correlation-ID" in response["headers"], path
            if status.startswith("4"):
                (content,) = response["content"].items()
                assert content[0] == "application/problem+json", path
                assert content[1]["schema"]["$ref"].endswith("/ProblemOut"), path
                assert content[1]["example"]["status"] == int(status)
    limited = (await document(service))["paths"][DELEGATE]["post"]["responses"]["429"]["headers"]
    assert {
        "X-RateLimit-Limit",
        "X-RateLimit-Remaining",
        "X-RateLimit-Reset",
        "Retry-After",
    } <= set(limited)


async def test_every_reference_leads_somewhere(service: Service) -> None:
    whole = await document(service)
    seen = 0
    for reference in references(whole):
        seen += 1
        found: Any = whole
        for part in reference.removeprefix("#/").split("/"):
            found = found[part]
    assert seen > 20


async def test_what_the_headers_ask_for_is_documented(service: Service) -> None:
    paths = (await document(service))["paths"]
    named = {(one["in"], one["name"]) for one in paths[DELEGATE]["post"]["parameters"]}
    assert {("header", "Idempotency-Key"), ("header", "X-Conversation"), ("header", "Prefer")} <= named
    assert {one["name"] for one in paths[DELEGATIONS]["get"]["parameters"]} == {
        "before",
        "conversation",
        "limit",
    }


@pytest.mark.parametrize(
    ("method", "path", "status", "model"),
    [
        ("post", DELEGATE, "200", AnswerOut),
        ("post", DELEGATE, "202", AcceptedOut),
        ("post", PLANS, "200", PlanOut),
        ("get", DELEGATIONS, "200", Page),
        ("get", f"{DELEGATIONS}/{{delegation_id}}", "200", AnswerOut),
        ("post", f"{DELEGATIONS}/{{delegation_id}}/cancel", "200", AnswerOut),
        ("post", "/api/v1/agents", "201", AgentDetail),
        ("patch", "/api/v1/agents/{name}", "200", AgentDetail),
        ("post", "/api/v1/budgets", "200", BudgetOut),
        ("get", "/api/v1/usage", "200", UsageOut),
    ],
)
async def test_the_examples_are_what_the_service_would_send(
    method: str, path: str, status: str, model: Any, service: Service
) -> None:
    whole = await document(service)
    example = example_of(whole["paths"][path][method]["responses"][status], whole)
    # Lax, since JSON has neither instants nor enumerations.
    assert set(model.model_validate(example, strict=False).model_dump(by_alias=True)) >= set(example)


async def test_the_examples_of_requests_can_be_sent(service: Service) -> None:
    for (path, model), status in {(DELEGATE, TaskIn): 200, (PLANS, PlanIn): 200}.items():
        whole = await document(service)
        example = example_of(whole["paths"][path]["post"]["requestBody"], whole)
        model.model_validate(example)
        assert (await service.post(path, example)).status == status


async def test_the_limits_are_in_the_document(service: Service) -> None:
    schemas = (await document(service))["components"]["schemas"]
    assert schemas["TaskIn"]["properties"]["instruction"]["maxLength"] == 5000
    assert schemas["TaskIn"]["additionalProperties"] is False
    assert schemas["TaskIn"]["required"] == ["instruction"]


class Loads(HTMLParser):
    """What a page loads, runs and links to, and what it never closes."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.links: list[str] = []
        self.ids: list[str] = []

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        values = dict(attributes)
        if values.get("href"):
            self.links.append(str(values["href"]))
        if values.get("id"):
            self.ids.append(str(values["id"]))


async def test_the_page_shows_every_route_and_loads_nothing(service: Service) -> None:
    reply = await service.get("/docs", signed_in=False)
    assert reply.headers["Content-Type"] == "text/html; charset=utf-8"
    page = Loads()
    page.feed(reply.text)
    assert not {"script", "img", "link", "iframe", "object", "form"} & set(page.tags)
    assert "url(" not in reply.text
    assert "@import" not in reply.text
    assert len(page.ids) == len(set(page.ids)) == len(ROUTES) + 1
    for link in page.links:
        assert link == "/openapi.json" or link.removeprefix("#") in page.ids, link
    for _, path in ROUTES:
        assert re.sub(r"[{}]", "", path).rpartition("/")[2] in reply.text


async def test_the_page_may_do_nothing_but_show_its_own_style(service: Service) -> None:
    policy = (await service.get("/docs", signed_in=False)).headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert re.search(r"style-src 'sha256-[A-Za-z0-9+/=]{44}'(;|$)", policy)
    assert "unsafe" not in policy


async def test_the_page_names_the_services_own_address(service: Service) -> None:
    text = (await service.get("/docs", signed_in=False, headers={"Host": "evil.example"})).text
    assert "evil.example" not in text
    assert f"{service.assembly.settings.base_url}{DELEGATE}" in text


def example_of(described: dict[str, Any], whole: dict[str, Any]) -> Any:
    (name,) = described["content"]["application/json"]["examples"]
    return whole["components"]["examples"][name]["value"]


def references(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for name, inner in value.items():
            if name == "$ref":
                yield inner
            else:
                yield from references(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from references(inner)
