"""Each kind of integration, tested against a real server of its sort."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import psycopg
import pytest
from aiohttp import web

from adapters.integrations import KindParts
from adapters.integrations.database import OPTIONS
from adapters.integrations.registry import OnDemandKinds
from adapters.web.fetch import FetchLimits, GuardedFetcher
from core.errors import InvalidIntegration, ToolFailed, TransientError
from core.ports.integrations import Kind
from tests.counterparts.smtp import mail_server
from tests.counterparts.web import WebServer, web_server

TOKEN = "invented-token-of-nobody"
CALENDAR = "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"


def kind(name: str, *, folder: Path = Path("/nowhere")) -> Kind:
    fetch = GuardedFetcher(allow=("127.0.0.1",), limits=FetchLimits(seconds=5))
    return OnDemandKinds(KindParts(fetch=fetch, data_dir=folder))[name]


async def tried(name: str, **values: str) -> str:
    kind(name).check(values)
    return await kind(name).test(values)


def guarded(served: WebServer, path: str, authorization: str, body: str = "{}") -> str:
    async def handle(request: web.Request) -> web.Response:
        right = request.headers.get("Authorization") == authorization
        return web.Response(text=body if right else "no", status=200 if right else 401)

    return served.handle(path, handle)


def test_every_kind_says_what_it_asks_for() -> None:
    kinds = OnDemandKinds(KindParts(fetch=GuardedFetcher(), data_dir=Path("/nowhere")))
    assert {"smtp", "http", "github", "ical", "database", "s3"} <= set(kinds)
    for name, one in kinds.items():
        assert name == one.name
        assert one.title
        assert one.fields
        assert any(field.secret for field in one.fields)


async def test_a_mail_server_is_greeted_and_nothing_is_sent() -> None:
    async with mail_server(with_login=True) as mail:
        where = {"host": "127.0.0.1", "port": str(mail.port), "sender": "FlowMate <flowmate@example.org>"}
        assert await tried("smtp", **where, user="ada", password="invented-password") == (
            "The mail server lets FlowMate in."
        )
        assert mail.logins == [("ada", "invented-password")]
        assert await tried("smtp", **where) == "The mail server answers."
        assert mail.mails == []
        with pytest.raises(ToolFailed, match="in the smtp integration") as caught:
            await tried("smtp", **where, user="ada", password="invented-wrong-one")
        assert "invented" not in caught.value.sentence


async def test_a_mail_server_that_is_not_there_may_answer_later() -> None:
    with pytest.raises(TransientError):
        await tried("smtp", host="127.0.0.1", port="9", sender="flowmate@example.org")


async def test_a_web_service_is_signed_in_to_either_way() -> None:
    async with web_server() as served:
        url = guarded(served, "/api", f"Bearer {TOKEN}").removesuffix("/api")
        guarded(served, "/basic", "Basic YWRhOmludmVudGVkLXBhc3N3b3Jk")
        assert await tried("http", url=url, token=TOKEN, test_path="/api") == "127.0.0.1 answers."
        assert await tried("http", url=f"{url}/basic", user="ada", password="invented-password")
        with pytest.raises(ToolFailed, match="401") as caught:
            await tried("http", url=f"{url}/api", token="invented-other-token")
        assert "invented" not in caught.value.sentence


async def test_what_signs_in_is_never_sent_to_another_origin() -> None:
    async with web_server() as served, web_server() as other:
        seen = other.serve("/elsewhere", "welcome")
        start = served.redirect("/moved", seen)
        assert await tried("http", url=start, token=TOKEN)
        assert "Authorization" in served.requests[-1].headers
        assert "Authorization" not in other.requests[-1].headers


async def test_an_address_inside_the_network_is_not_asked() -> None:
    guarded_kind = OnDemandKinds(KindParts(fetch=GuardedFetcher(), data_dir=Path("/nowhere")))["http"]
    with pytest.raises(ToolFailed, match="not on the public internet"):
        await guarded_kind.test({"url": "https://127.0.0.1/", "token": TOKEN})


async def test_github_is_asked_whose_token_it_is() -> None:
    async with web_server() as served:
        url = guarded(served, "/user", f"Bearer {TOKEN}", '{"login": "ada"}').removesuffix("/user")
        assert await tried("github", url=url, token=TOKEN) == "The token is ada's."
        with pytest.raises(ToolFailed, match="401"):
            await tried("github", url=url, token="invented-other-token")
        guarded(served, "/odd/user", f"Bearer {TOKEN}", "[]")
        with pytest.raises(ToolFailed, match="doesn't answer as GitHub does"):
            await tried("github", url=f"{url}/odd", token=TOKEN)


async def test_a_calendar_is_read() -> None:
    async with web_server() as served:
        assert await tried("ical", url=served.serve("/c", CALENDAR)) == "The calendar holds 1 event."
        with pytest.raises(ToolFailed, match="no calendar"):
            await tried("ical", url=served.serve("/p", "<html>"))


async def test_a_file_is_opened_for_reading_only(tmp_path: Path) -> None:
    file = tmp_path / "a b.sqlite3"
    with closing(sqlite3.connect(file)) as made:
        made.execute("CREATE TABLE tea (name TEXT)").close()
    said = await tried("database", url=f"sqlite:///{file}")
    assert said == "The database answers; 1 table can be read."
    for wrong in (tmp_path / "none.sqlite3", tmp_path):
        with pytest.raises(ToolFailed, match="no such file"):
            await tried("database", url=f"sqlite:///{wrong}")
    assert not (tmp_path / "none.sqlite3").exists()
    (tmp_path / "text").write_text("this is no database, however long one looks at it")
    with pytest.raises(ToolFailed, match="no SQLite database"):
        await tried("database", url=f"sqlite:///{tmp_path / 'text'}")


async def test_flowmates_own_files_are_no_integration_behind_a_link_either(tmp_path: Path) -> None:
    own = tmp_path / "data"
    own.mkdir()
    (own / "flowmate.sqlite3").touch()
    (tmp_path / "link").symlink_to(own / "flowmate.sqlite3")
    for path in (own / "flowmate.sqlite3", tmp_path / "link", own / ".." / "data" / "x"):
        with pytest.raises(InvalidIntegration, match="FlowMate's own"):
            kind("database", folder=own).check({"url": f"sqlite:///{path}"})
        with pytest.raises(InvalidIntegration, match="FlowMate's own"):
            await kind("database", folder=own).test({"url": f"sqlite:///{path}"})


@pytest.mark.slow
async def test_a_server_is_only_read(postgresql_url: str) -> None:
    url = postgresql_url.replace("+psycopg", "")
    assert "can be read" in await tried("database", url=url)
    with pytest.raises(ToolFailed, match="doesn't let FlowMate in"):
        await tried("database", url=url.replace("postgres@", "invented-nobody@"))
    with (
        psycopg.connect(url, options=OPTIONS) as opened,
        pytest.raises(psycopg.errors.ReadOnlySqlTransaction),
    ):
        opened.execute("CREATE TABLE tea (name TEXT)")


async def test_a_server_that_is_not_there_may_answer_later() -> None:
    with pytest.raises(TransientError) as caught:
        await tried("database", url="postgresql://ada:invented-password@127.0.0.1:9/none")
    assert "invented" not in caught.value.sentence


WRONG = [
    ("database", {"url": "mysql://ada:invented@example.org/db"}, "fields.url"),
    ("database", {"url": "postgresql://example.org"}, "fields.url"),
    ("database", {"url": "postgresql://[invented/db"}, "fields.url"),
    ("database", {"url": "sqlite:///relative"}, "fields.url"),
    ("smtp", {"host": "a b", "sender": "a@example.org"}, "fields.host"),
    ("smtp", {"host": "h", "port": "0", "sender": "a@example.org"}, "fields.port"),
    ("smtp", {"host": "h", "port": "9" * 5000, "sender": "a@example.org"}, "fields.port"),
    ("smtp", {"host": "h", "sender": "nobody"}, "fields.sender"),
    ("smtp", {"host": "h", "sender": "a@example.org\r\nBcc: b@example.org"}, "fields.sender"),
    ("smtp", {"host": "h", "sender": "a@example.org", "user": "ada"}, "fields.user"),
    ("http", {"url": "ftp://example.org", "token": TOKEN}, "fields.url"),
    ("http", {"url": "http://example.org", "token": TOKEN}, "fields.url"),
    ("http", {"url": "https://ada:invented@example.org", "token": TOKEN}, "fields.url"),
    ("http", {"url": "https://[", "token": TOKEN}, "fields.url"),
    ("http", {"url": "https://example.org"}, "fields.token"),
    ("http", {"url": "https://example.org", "token": TOKEN, "user": "a", "password": "b"}, "fields.token"),
    ("http", {"url": "https://example.org", "user": "a"}, "fields.user"),
    ("http", {"url": "https://example.org", "token": "a\r\nX-Other: b"}, "fields.token"),
    ("http", {"url": "https://example.org", "token": TOKEN, "test_path": "me"}, "fields.test_path"),
    ("github", {"token": "to ken"}, "fields.token"),
    ("github", {"token": TOKEN, "url": "http://example.org"}, "fields.url"),
    ("ical", {"url": "webcal://example.org/x"}, "fields.url"),
    *(
        ("s3", {"bucket": "b-1", "access_key": "A", "secret_key": TOKEN, **wrong}, f"fields.{field}")
        for field, wrong in {
            "bucket": {"bucket": "../x"},
            "url": {"url": "http://example.org"},
            "region": {"region": "eu/.."},
            "prefix": {"prefix": "a/../b"},
            "access_key": {"access_key": "a b"},
            "secret_key": {"secret_key": "inventéd"},
        }.items()
    ),
]


@pytest.mark.parametrize(("name", "values", "field"), WRONG)
def test_values_that_can_not_be_are_refused_by_field(name: str, values: dict[str, str], field: str) -> None:
    with pytest.raises(InvalidIntegration) as caught:
        kind(name).check(values)
    assert caught.value.field == field
    assert "invented" not in caught.value.sentence
