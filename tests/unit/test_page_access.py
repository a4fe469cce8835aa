"""Who gets to the page: links that work once, sessions, and where a request may come from."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from starlette.datastructures import Headers

from bot.http.problems import Problem
from bot.page.access import LINK_HOURS, SESSION_DAYS, Access
from core.memory.admissions import InMemoryAdmissions
from tests.contracts.samples import NOW

SECRET = "an-invented-operator-token"
URL = "https://flow.example.org"


def access(
    *, base_url: str = URL, secret: str = SECRET, admissions: InMemoryAdmissions | None = None
) -> Access:
    return Access(base_url=base_url, secret=secret, admissions=admissions or InMemoryAdmissions())


async def code_of(door: Access) -> str:
    link, _ = await door.issue(now=NOW)
    return parse_qs(urlsplit(link).query)["code"][0]


async def test_a_link_lets_one_browser_in() -> None:
    door = access()
    code = await code_of(door)
    session = await door.redeem(code, "nonce-of-one", now=NOW)

    assert door.signed_in(session, now=NOW)
    assert await door.redeem(code, "nonce-of-two", now=NOW) is None
    # The same form, sent twice by an impatient hand.
    assert door.signed_in(await door.redeem(code, "nonce-of-one", now=NOW), now=NOW)


async def test_a_link_is_good_for_a_day() -> None:
    door = access()
    code = await code_of(door)

    assert await door.redeem(code, "nonce-of-one", now=NOW + timedelta(hours=LINK_HOURS)) is None


async def test_a_session_ends_and_can_be_neither_stretched_nor_moved() -> None:
    door = access()
    session = await door.redeem(await code_of(door), "nonce-of-one", now=NOW) or ""
    expires, nonce, signature = session.split(".")
    last = NOW + timedelta(days=SESSION_DAYS) - timedelta(seconds=2)

    assert door.signed_in(session, now=last)
    assert not door.signed_in(session, now=last + timedelta(seconds=3))
    assert not door.signed_in(f"{int(expires) + 9}.{nonce}.{signature}", now=NOW)
    assert not door.signed_in(f"{expires}.another-nonce.{signature}", now=NOW)
    assert not access(secret="another-invented-token").signed_in(session, now=NOW)


@pytest.mark.parametrize(
    "value", [None, "", "x", "1.2.3", "9999999999.aaaaaaaa." + "0" * 64, "é.é.é", SECRET]
)
def test_anything_else_is_no_session(value: str | None) -> None:
    assert not access().signed_in(value, now=NOW)


@pytest.mark.parametrize("code", ["", "wrong", "x" * 5000])
async def test_a_wrong_code_lets_nobody_in(code: str) -> None:
    assert await access().redeem(code, "nonce-of-one", now=NOW) is None


HOSTS = [
    ("flow.example.org", True),
    ("FLOW.example.org:443", True),
    ("127.0.0.1:8080", True),
    ("localhost", True),
    ("[::1]:9", True),
    ("evil.example", False),
    ("127.0.0.1.evil.example", False),
    ("flow.example.org.evil.example", False),
    ("", False),
    ("[", False),
    ("evil.example@127.0.0.1.evil.example", False),
]


@pytest.mark.parametrize(("host", "good"), HOSTS)
def test_the_host_has_to_be_ours(host: str, good: bool) -> None:
    headers = Headers({"host": host})
    if good:
        access().check_host(headers)
    else:
        with pytest.raises(Problem) as refused:
            access().check_host(headers)
        assert refused.value.status == 403
        assert URL in refused.value.detail


ORIGINS = [
    ("https://flow.example.org", "flow.example.org", True),
    ("http://127.0.0.1:8080", "127.0.0.1:8080", True),
    # Behind a proxy that calls it by another name.
    ("https://flow.example.org", "127.0.0.1:8080", True),
    ("http://127.0.0.1:3000", "127.0.0.1:8080", False),
    ("https://evil.example", "flow.example.org", False),
    ("null", "flow.example.org", False),
    (None, "flow.example.org", False),
    ("", "", False),
]


@pytest.mark.parametrize(("origin", "host", "good"), ORIGINS)
def test_only_the_page_itself_changes_anything(origin: str | None, host: str, good: bool) -> None:
    headers = Headers({"host": host, **({} if origin is None else {"origin": origin})})
    if good:
        access().check_origin(headers)
    else:
        with pytest.raises(Problem):
            access().check_origin(headers)


def test_the_cookie_is_bound_to_https_where_there_is_one() -> None:
    assert access().cookie == "__Host-flowmate"
    assert access().secure
    assert access(base_url="http://127.0.0.1:8080").cookie == "flowmate-8080"
    assert access(base_url="http://127.0.0.1:8090").cookie != access(base_url="http://127.0.0.1:8080").cookie
