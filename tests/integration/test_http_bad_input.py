"""Rows 21 to 26 of the bad-input table, over HTTP; each refusal is a problem document and leaves nothing behind."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from sqlalchemy import Connection, func, select

from adapters.sql import tables
from tests.integration.http_harness import AUTHORIZED, DELEGATE, DELEGATIONS, PLANS, TOKEN, Reply, Service

pytest_plugins = ("tests.integration.http_fixtures",)
pytestmark = pytest.mark.asyncio(loop_scope="session")

JSON = {"Content-Type": "application/json"}
WORD_JOINER, SOFT_HYPHEN, OVERRIDE = "\u2060", "\u00ad", "\u202e"


@pytest_asyncio.fixture(loop_scope="session")
async def nothing(service: Service) -> AsyncIterator[None]:
    """Holds the test to leave no delegation behind."""
    before = await count(service)
    yield
    assert await count(service) == before


async def count(service: Service) -> int:
    def ask(connection: Connection) -> int:
        return int(connection.execute(select(func.count()).select_from(tables.delegations)).scalar_one())

    return await service.assembly.database.read(ask)


async def send(service: Service, body: str | bytes, path: str = DELEGATE) -> Reply:
    return await service.call("POST", path, data=body, headers=JSON)


@pytest.mark.usefixtures("nothing")
@pytest.mark.parametrize("path", [DELEGATE, PLANS])
@pytest.mark.parametrize("text", ["", "   \n\t", "\u200b\u200d", WORD_JOINER + SOFT_HYPHEN, "\x00", OVERRIDE])
async def test_row_21_nothing_visible_is_nothing_to_do(text: str, path: str, service: Service) -> None:
    reply = await service.post(path, {"instruction": text})
    assert reply.status == 422
    assert reply.problem == "There is nothing to do in that message; write what you want, please."
    assert reply.fields == ["instruction"]


@pytest.mark.usefixtures("nothing")
@pytest.mark.parametrize("path", [DELEGATE, PLANS])
async def test_row_22_one_character_too_many_names_the_limit(path: str, service: Service) -> None:
    reply = await service.post(path, {"instruction": "x" * 5001})
    assert reply.status == 422
    assert reply.problem == "instruction: 5,000 characters at most."
    assert reply.fields == ["instruction"]


async def test_row_22_as_many_characters_as_there_may_be_are_taken(service: Service) -> None:
    reply = await service.delegate("2+2".ljust(4999) + "é")
    assert reply.status == 200


@pytest.mark.parametrize(
    "written",
    [
        r"what is 2\u0000+2",
        r"what is 2+2\u0000",
        r"what is 2+2 \ud800",
        r"\udc00 what is 2+2",
        r"what is 2+2 \udc00\ud800",
        r"what is \u202e2+2\u202c",
        r"\u2066what is 2+2\u2069",
        r"\u200ewhat is 2\u200b+2\ufeff",
        "what is \u202e2+2\u202c",
    ],
)
async def test_row_23_unsafe_characters_are_dropped_and_the_rest_runs(written: str, service: Service) -> None:
    reply = await send(service, f'{{"instruction": "{written}"}}'.encode())
    assert reply.status == 200, reply.text
    assert reply.body["status"] == "success"
    assert "4" in reply.body["answer"]
    listed = (await service.get(DELEGATIONS)).body["delegations"][0]["instruction"]
    assert not set(listed) & set("\x00\u202e\u202c\u2066\u2069\u200e\ufeff\ud800\udc00")


async def test_row_23_an_emoji_written_as_two_escapes_stays(service: Service) -> None:
    await send(service, rb'{"instruction": "what is 2+2 \ud83d\ude00 \\ud800"}')
    listed = (await service.get(DELEGATIONS)).body["delegations"][0]["instruction"]
    assert listed == "what is 2+2 \U0001f600 \\ud800"


@pytest.mark.usefixtures("nothing")
@pytest.mark.parametrize(
    ("body", "field"),
    [
        ('{"instruction": "2+2", "timeout": NaN}', "timeout"),
        ('{"instruction": "2+2", "timeout": Infinity}', "timeout"),
        ('{"instruction": "2+2", "timeout": -Infinity}', "timeout"),
        ('{"instruction": "2+2", "timeout": 1e999}', "timeout"),
        ('{"instruction": "2+2", "timeout": -1e999}', "timeout"),
        ('{"instruction": "2+2", "timeout": ' + "9" * 5000 + "}", "timeout"),
        ('{"instruction": "2+2", "timeout": 1000.5}', "timeout"),
        ('{"instruction": "2+2", "timeout": "1000"}', "timeout"),
        ('{"instruction": "2+2", "timeout": true}', "timeout"),
        ('{"instruction": "2+2", "timeout": -1}', "timeout"),
        ('{"instruction": "2+2", "timeout": 600001}', "timeout"),
        ('{"instruction": "2+2", "instruction": "3+3"}', "instruction"),
        ('{"instruction": "2+2", "timeout": 1, "timeout": 1}', "timeout"),
        ('{"instruction": "2+2", "surprise": 1}', "surprise"),
        ('{"instruction": "2+2", "body": 1}', "body"),
        ('{"instruction": "2+2", "preferred_agents": []}', "preferred_agents"),
        ('{"instruction": "2+2", "preferredAgents": [NaN]}', "preferredAgents.0"),
        ('{"instruction": "2+2", "preferredAgents": ["clock", [[1e999]]]}', "preferredAgents.1.0.0"),
        ('{"instruction": "2+2", "preferredAgents": ["clock", {"a": 1, "a": 2}]}', "preferredAgents.1.a"),
        ('{"instruction": "2+2", "preferredAgents": "clock"}', "preferredAgents"),
        ('{"instruction": "2+2", "preferredAgents": [1]}', "preferredAgents.0"),
        ('{"instruction": "2+2", "deep": {"er": [0, {"est": -Infinity}]}}', "deep.er.1.est"),
        ('{"instruction": {"a": ' + "1" * 5000 + "}}", "instruction.a"),
        ('{"instruction": 5}', "instruction"),
        ('{"instruction": null}', "instruction"),
        ("{}", "instruction"),
        ("NaN", "body"),
        ("1e999", "body"),
        ("9" * 5000, "body"),
        ("[NaN]", "0"),
        ("[1]", "body"),
        ('"2+2"', "body"),
        ("null", "body"),
        ("", "body"),
        ("  \n", "body"),
        ('{"instruction": "2+2"', "body"),
        ('{"instruction": "2+2"} x', "body"),
        ("{'instruction': '2+2'}", "body"),
        ('{"instruction": "2+2",}', "body"),
        ("[" * 5000 + "]" * 5000, "body"),
        ('{"a":' * 5000 + "1" + "}" * 5000, "body"),
        ('{"instruction": ' + "[" * 500 + "]" * 500 + "}", "instruction"),
    ],
)
async def test_row_25_what_is_no_json_of_ours_is_422_naming_the_field(
    body: str, field: str, service: Service
) -> None:
    reply = await send(service, body)
    assert reply.status == 422
    assert reply.fields == [field]
    assert reply.problem
    assert "Traceback" not in reply.text


@pytest.mark.usefixtures("nothing")
@pytest.mark.parametrize(
    "body", [b"\xff\xfe{", b'{"instruction": "\xe9"}', b'{"instruction": "\xed\xa0\x80"}']
)
async def test_a_body_that_is_not_utf_8_is_422(body: bytes, service: Service) -> None:
    reply = await send(service, body)
    assert reply.status == 422
    assert reply.problem == "The body is not UTF-8."


@pytest.mark.usefixtures("nothing")
async def test_a_thousand_unknown_fields_are_told_in_few_words(service: Service) -> None:
    fields = ",".join(f'"{"x" * 500}{number}": 1' for number in range(1000))
    reply = await send(service, f'{{"instruction": "2+2", {fields}}}')
    assert reply.status == 422
    assert len(reply.text) < 8000


@pytest.mark.usefixtures("nothing")
@pytest.mark.parametrize("path", [DELEGATE, PLANS])
@pytest.mark.parametrize(
    "kind",
    ["text/plain", "application/x-www-form-urlencoded", "application/jsonp", "multipart/form-data", ""],
)
async def test_row_26_another_content_type_is_415(kind: str, path: str, service: Service) -> None:
    headers = {"Content-Type": kind}
    reply = await service.call("POST", path, data=b'{"instruction": "2+2"}', headers=headers)
    assert reply.status == 415
    assert "application/json" in reply.problem


async def test_row_26_a_charset_beside_the_content_type_is_fine(service: Service) -> None:
    headers = {"Content-Type": "Application/JSON; charset=utf-8"}
    reply = await service.call("POST", PLANS, data=b'{"instruction": "2+2"}', headers=headers)
    assert reply.status == 200


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("GET", DELEGATE, "POST"),
        ("PUT", DELEGATE, "POST"),
        ("DELETE", PLANS, "POST"),
        ("POST", DELEGATIONS, "GET"),
        ("PATCH", f"{DELEGATIONS}/{'0' * 32}", "GET"),
        ("GET", f"{DELEGATIONS}/{'0' * 32}/cancel", "POST"),
        ("POST", "/health/live", "GET"),
        ("OPTIONS", PLANS, "POST"),
        ("TRACE", "/metrics", "GET"),
    ],
)
async def test_row_26_another_method_is_405(method: str, path: str, allowed: str, service: Service) -> None:
    reply = await service.call(method, path)
    assert reply.status == 405
    assert reply.problem == "This address does not take that method."
    assert sorted(reply.headers["Allow"].split(", ")) == sorted(allowed.split(", "))


@pytest.mark.parametrize(
    "path",
    [
        "/api/v1/../v1/agents",
        "/api/v1/%2e%2e/v1/agents",
        "/api/v1/delegations/..",
        "/api/v1/delegations/%2e%2e",
        "/api/v1/delegations/..%2f..%2fetc%2fpasswd",
        "/../../etc/passwd",
        "/docs/../metrics",
        "//metrics",
        "/api/v1/agents/",
        "/%00",
        "/api/v1/delegations/%ff",
    ],
)
async def test_row_26_a_path_that_leads_elsewhere_is_404(path: str, service: Service) -> None:
    raw = await service.raw(get(path))
    head, _, body = raw.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 404 ")
    assert b"content-type: application/problem+json" in head.lower()
    assert b'"correlationId":"' in body


@pytest.mark.parametrize(
    "request_line",
    [b"GET /\xff HTTP/1.1", b"GET http://elsewhere.example/metrics HTTP/1.1", b"NONSENSE", b"GET / HTTP/9.9"],
)
async def test_a_request_line_that_is_none_breaks_nothing(request_line: bytes, service: Service) -> None:
    raw = await service.raw(request_line + b"\r\nHost: x\r\nConnection: close\r\n\r\n")
    assert raw == b"" or raw.split(b" ")[1] in (b"400", b"404", b"200")
    assert (await service.get("/health/live")).status == 200


@pytest.mark.usefixtures("nothing")
@pytest.mark.parametrize("path", [DELEGATE, "/nowhere", "/health/live"])
async def test_a_body_of_more_than_a_megabyte_is_413(path: str, service: Service) -> None:
    reply = await send(service, b" " * 1_000_001, path)
    assert reply.status == 413
    assert "1 MB" in reply.problem


@pytest.mark.usefixtures("nothing")
async def test_a_body_of_more_than_a_megabyte_is_413_without_a_length_too(service: Service) -> None:
    async def endless() -> AsyncIterator[bytes]:
        while True:
            yield b" " * 100_000
            await asyncio.sleep(0)

    async with service.session.post(
        service.url + DELEGATE, data=endless(), headers={**AUTHORIZED, **JSON}
    ) as response:
        assert response.status == 413
        assert (await response.json(content_type=None))["correlationId"]


@pytest.mark.usefixtures("nothing")
async def test_a_length_that_lies_is_not_believed(service: Service) -> None:
    head = f"POST {DELEGATE} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {TOKEN}\r\nConnection: close\r\n"
    for length in ("99999999999999999999999", "1000001", "-1", "0x10", "1, 2"):
        raw = await service.raw(
            f"{head}Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n".encode()
        )
        assert raw == b"" or raw.split(b" ")[1] in (b"400", b"413"), length


async def test_a_body_of_a_megabyte_is_taken(service: Service) -> None:
    body = b'{"instruction": "2+2"}'.ljust(1_000_000)
    assert (await send(service, body, PLANS)).status == 200


def get(path: str) -> bytes:
    return (
        f"GET {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {TOKEN}\r\nConnection: close\r\n\r\n"
    ).encode()
