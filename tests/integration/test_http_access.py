"""Who gets in, what every response carries, and what a hostile request can't bring about."""

from __future__ import annotations

import re
import secrets
from typing import Any

import pytest

from core.errors import StoreUnavailable
from tests.integration.http_harness import (
    AUTHORIZED,
    DELEGATE,
    DELEGATIONS,
    PLANS,
    TOKEN,
    Service,
    fresh,
)

pytest_plugins = ("tests.integration.http_fixtures",)
pytestmark = pytest.mark.asyncio(loop_scope="session")

UNKNOWN = f"{DELEGATIONS}/{'0' * 32}"
GUARDED = [
    ("POST", DELEGATE),
    ("POST", PLANS),
    ("POST", "/api/v1/links"),
    ("GET", DELEGATIONS),
    ("GET", UNKNOWN),
    ("POST", f"{UNKNOWN}/cancel"),
    ("POST", f"{UNKNOWN}/retry"),
    ("GET", "/api/v1/agents"),
    ("POST", "/api/v1/agents"),
    ("GET", "/api/v1/agents/templates"),
    *[(method, "/api/v1/agents/clock") for method in ("GET", "PUT", "PATCH", "DELETE")],
    ("GET", "/api/v1/agents/clock/versions"),
    ("POST", "/api/v1/agents/clock/run"),
    ("GET", "/api/v1/status"),
]
OPEN = ["/health/live", "/health/ready", "/metrics", "/docs", "/openapi.json"]


@pytest.mark.parametrize(("method", "path"), GUARDED)
async def test_without_a_token_it_is_401_that_says_where_the_token_is(
    method: str, path: str, service: Service
) -> None:
    reply = await service.call(method, path, signed_in=False)
    assert reply.status == 401
    assert "operator.token" in reply.problem
    assert "FLOWMATE_OPERATOR_TOKEN" in reply.problem
    assert reply.headers["WWW-Authenticate"] == 'Bearer realm="flowmate"'


@pytest.mark.parametrize(
    "authorization",
    [
        "Bearer wrong",
        "Bearer",
        "Bearer ",
        "",
        TOKEN,
        f"Basic {TOKEN}",
        f"Token {TOKEN}",
        f"Bearer {TOKEN}x",
        f"Bearer {TOKEN[:-1]}",
        f"Bearer x {TOKEN}",
        "Bearer ключ",
        "Bearer \xff",
    ],
)
async def test_a_wrong_token_is_401_that_says_so(authorization: str, service: Service) -> None:
    reply = await service.post(DELEGATE, headers={"Authorization": authorization}, signed_in=False)
    assert reply.status == 401
    assert "operator.token" in reply.problem
    assert reply.headers["WWW-Authenticate"] == 'Bearer realm="flowmate", error="invalid_token"'


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER", "Bearer "])
async def test_with_the_token_it_is_let_in(scheme: str, service: Service) -> None:
    headers = {"Authorization": f"{scheme} {TOKEN}"}
    assert (await service.get("/api/v1/agents", headers=headers, signed_in=False)).status == 200


async def test_a_token_in_the_address_is_none(service: Service) -> None:
    for name in ("token", "access_token", "authorization"):
        assert (await service.get(f"/api/v1/agents?{name}={TOKEN}", signed_in=False)).status == 401


@pytest.mark.parametrize("path", OPEN)
async def test_what_machines_and_newcomers_need_is_open(path: str, service: Service) -> None:
    assert (await service.get(path, signed_in=False)).status == 200


async def test_the_token_is_compared_in_constant_time(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    compared: list[tuple[bytes, bytes]] = []

    def noting(given: bytes, expected: bytes) -> bool:
        compared.append((given, expected))
        return given == expected

    monkeypatch.setattr(secrets, "compare_digest", noting)
    assert (await service.get("/api/v1/agents")).status == 200
    assert set(compared) == {(TOKEN.encode(), TOKEN.encode())}


@pytest.mark.parametrize("given", ["abcd-1234", "a" * 64, "7b0c.9_X-long-enough"])
async def test_a_sane_correlation_id_comes_back(given: str, service: Service) -> None:
    for path in ("/health/live", UNKNOWN, "/nowhere"):
        reply = await service.get(path, headers={"X-Correlation-ID": given})
        assert reply.headers.getall("X-Correlation-ID") == [given]  # type: ignore[attr-defined]
        assert reply.body.get("correlationId", given) == given


@pytest.mark.parametrize(
    "given", ["", "short", "a" * 65, "two words", "new\tline", "<script>", "ünïcödé-name", "a;b,c=d/e"]
)
async def test_an_odd_correlation_id_is_replaced(given: str, service: Service) -> None:
    reply = await service.get("/nowhere", headers={"X-Correlation-ID": given})
    assert re.fullmatch(r"[0-9a-f]{16}", reply.headers["X-Correlation-ID"])
    assert reply.body["correlationId"] == reply.headers["X-Correlation-ID"]


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/health/live", 200),
        ("HEAD", "/health/live", 200),
        ("GET", "/docs", 200),
        ("GET", "/metrics", 200),
        ("GET", "/api/v1/agents", 200),
        ("GET", UNKNOWN, 404),
        ("GET", "/nowhere", 404),
        ("PUT", DELEGATE, 405),
        ("POST", DELEGATE, 415),
    ],
)
async def test_every_response_carries_an_id_and_the_safe_headers(
    method: str, path: str, status: int, service: Service
) -> None:
    reply = await service.call(method, path)
    assert reply.status == status
    assert reply.headers["X-Correlation-ID"]
    assert reply.headers["X-Content-Type-Options"] == "nosniff"
    assert reply.headers["X-Frame-Options"] == "DENY"
    assert reply.headers["Referrer-Policy"] == "no-referrer"
    assert reply.headers["Cache-Control"] == "no-store"
    assert "Server" not in reply.headers
    assert not [name for name in reply.headers if name.startswith("Access-Control")]


@pytest.mark.parametrize(
    ("error", "status", "sentence"),
    [
        (RuntimeError("postgresql://flowmate:hunter2@db"), 500, "Something went wrong inside FlowMate"),
        (StoreUnavailable(), 503, "The database can't be reached just now."),
    ],
)
async def test_a_failing_part_is_a_problem_without_its_own_words(
    error: Exception, status: int, sentence: str, service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(*_: Any, **__: Any) -> None:
        raise error

    monkeypatch.setattr(service.assembly.store, "load", broken)
    reply = await service.get(UNKNOWN, headers={"X-Correlation-ID": "the-one-that-broke"})
    assert reply.status == status
    assert reply.problem.startswith(sentence)
    assert reply.headers["X-Correlation-ID"] == "the-one-that-broke"
    assert "hunter2" not in reply.text
    assert "Error" not in reply.text
    assert ("Retry-After" in reply.headers) == (status == 503)


async def test_what_broke_is_logged_under_the_id_that_the_caller_was_told(
    service: Service, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def broken(*_: Any, **__: Any) -> None:
        raise RuntimeError("the cause")

    monkeypatch.setattr(service.assembly.store, "load", broken)
    reply = await service.get(UNKNOWN)
    assert reply.body["correlationId"] in reply.problem
    (record,) = [one for one in caplog.records if one.getMessage() == "request broke"]
    assert record.exc_info is not None
    assert "the cause" in str(record.exc_info[1])


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:99999999", "[::1", "a@b", "x/../y", "<script>", "ünïcödé", ""]
)
async def test_a_made_up_host_leads_nobody_anywhere(host: str, service: Service) -> None:
    for path in ("/docs", "/openapi.json", "/nowhere"):
        head = f"GET {path} HTTP/1.1\r\nConnection: close\r\n".encode()
        raw = await service.raw(head + b"Host: " + host.encode() + b"\r\n\r\n")
        assert raw.split(b" ")[1] in (b"200", b"404", b"400")
        assert b"evil.example" not in raw
    body = b'{"instruction": "2+2", "timeout": 0}'
    lines = [
        f"POST {DELEGATE} HTTP/1.1\r\nConnection: close\r\nAuthorization: Bearer {TOKEN}".encode(),
        f"Content-Type: application/json\r\nContent-Length: {len(body)}".encode(),
        b"Host: " + host.encode(),
        b"",
        body,
    ]
    raw = await service.raw(b"\r\n".join(lines))
    if raw.startswith(b"HTTP/1.1 202"):
        assert re.search(rb"\r\nlocation: /api/v1/delegations/[0-9a-f]{32}\r\n", raw, re.IGNORECASE)


PAGE = "https://team.example"


async def test_pages_of_other_origins_get_nothing_by_default(service: Service) -> None:
    reply = await service.get("/api/v1/agents", headers={"Origin": PAGE})
    assert not [name for name in reply.headers if name.startswith("Access-Control")]


async def test_pages_of_an_allowed_origin_can_use_the_api() -> None:
    async with fresh(worker=False, ALLOWED_ORIGINS=f" {PAGE}/ , https://other.example") as service:
        asking = {
            "Origin": PAGE,
            "Access-Control-Request-Method": "POST",
            "Access-Control-Request-Headers": "authorization, content-type, idempotency-key",
        }
        preflight = await service.call("OPTIONS", DELEGATE, headers=asking, signed_in=False)
        assert preflight.status == 200
        assert preflight.headers["Access-Control-Allow-Origin"] == PAGE
        assert "X-RateLimit-Limit" not in preflight.headers
        assert preflight.headers["X-Correlation-ID"]
        for headers in (AUTHORIZED, {}):
            reply = await service.get("/api/v1/agents", headers={"Origin": PAGE, **headers}, signed_in=False)
            assert reply.headers["Access-Control-Allow-Origin"] == PAGE
            assert "X-Correlation-ID" in reply.headers["Access-Control-Expose-Headers"]
            assert "Access-Control-Allow-Credentials" not in reply.headers
        for origin in ("https://evil.example", f"{PAGE}.evil.example", "null"):
            reply = await service.get("/api/v1/agents", headers={"Origin": origin})
            assert "Access-Control-Allow-Origin" not in reply.headers
