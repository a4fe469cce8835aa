"""The chat page over HTTP: who gets in, what is refused, and that forms do what they say even without the script."""

from __future__ import annotations

import asyncio
import html
import json
import re
import secrets
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import aiohttp
import pytest

from adapters.operator import OPERATOR, to_own_place
from core.errors import StoreUnavailable
from core.models import Artifact, Delegation, Person, Visibility
from core.rendering import page as words
from core.rendering import questions, refusals
from tests.integration.http_harness import Reply, Service, fresh
from tests.services.waiting import eventually

pytest_plugins = ("tests.integration.http_fixtures",)
pytestmark = pytest.mark.asyncio(loop_scope="session")

LINKS = "/api/v1/links"
HTML = {"Accept": "text/html"}
JSON = {"Accept": "application/json"}


@dataclass
class Browser:
    """What a browser sends by itself: its cookies, and where a request comes from."""

    service: Service
    cookies: dict[str, str] = field(default_factory=dict)

    async def get(self, path: str, **headers: str) -> Reply:
        return await self.service.get(
            path, headers={**HTML, **self._cookie(), **_named(headers)}, signed_in=False
        )

    async def post(
        self, path: str, form: Mapping[str, str], *, origin: str | None = "", accept: Mapping[str, str] = HTML
    ) -> Reply:
        """A form of the page; `origin` is another page's, or None for no word about it."""
        own = {} if origin is None else {"Origin": origin or self.service.url}
        headers = {**accept, **self._cookie(), **own}
        reply = await self.service.call("POST", path, data=dict(form), headers=headers, signed_in=False)
        for name, _, value in (cookie.partition(";")[0].partition("=") for cookie in reply.cookies):
            self.cookies[name] = value.strip('"')
        return reply

    async def enter(self, code: str | None = None) -> Reply:
        code = code or await new_code(self.service)
        return await self.post("/enter", {"code": code, "nonce": secrets.token_urlsafe(12)})

    def _cookie(self) -> dict[str, str]:
        shown = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        return {"Cookie": shown} if shown else {}


def _named(headers: Mapping[str, str]) -> dict[str, str]:
    return {name.replace("_", "-"): value for name, value in headers.items()}


async def new_code(service: Service) -> str:
    made = await service.post(LINKS)
    assert made.status == 201
    code: str = parse_qs(urlsplit(made.body["url"]).query)["code"][0]
    return code


async def known(service: Service) -> Browser:
    browser = Browser(service)
    assert (await browser.enter()).status == 303
    return browser


def place() -> str:
    return f"page-{secrets.token_hex(6)}"


async def said(browser: Browser, text: str, where: str, **form: str) -> Reply:
    return await browser.post(f"/conversations/{where}/messages", {"text": text, **form}, accept=JSON)


async def answered(service: Service, where: str, count: int = 1) -> list[Delegation]:
    async def found() -> list[Delegation] | None:
        all_of = [one for one in await of(service, where) if one.reply is not None]
        return all_of if len(all_of) >= count else None

    result: list[Delegation] = await eventually(found)
    return result


async def of(service: Service, where: str) -> tuple[Delegation, ...]:
    from bot.page.stream import to_address

    return await service.assembly.store.in_conversation(to_address(where), limit=50)


@asynccontextmanager
async def stream(browser: Browser, where: str) -> AsyncIterator[AsyncIterator[tuple[str, Any]]]:
    """The page's events, as (event, data)."""
    async with browser.service.session.get(
        f"{browser.service.url}/conversations/{where}/events", headers=browser._cookie()
    ) as response:
        assert response.status == 200
        assert response.headers["Content-Type"].startswith("text/event-stream")
        yield _events(response)


async def _events(response: aiohttp.ClientResponse) -> AsyncIterator[tuple[str, Any]]:
    event = ""
    async for raw in response.content:
        line = raw.decode().rstrip("\n")
        if line.startswith("event: "):
            event = line.removeprefix("event: ")
        elif line.startswith("data: "):
            yield event, json.loads(line.removeprefix("data: "))


# --- getting in


async def test_a_stranger_is_told_where_the_link_is(service: Service) -> None:
    for path in ("/", "/conversations/x", "/conversations/x/events"):
        reply = await Browser(service).get(path)
        assert reply.status == 401, path
        assert words.CLOSED in reply.text
        assert "flowmate link" in reply.text


async def test_the_link_opens_the_page_once_and_a_preview_of_it_uses_nothing_up(service: Service) -> None:
    code = await new_code(service)
    preview = await Browser(service).get(f"/enter?code={code}")
    assert preview.status == 200
    assert f'value="{code}"' in preview.text
    browser = Browser(service)

    entered = await browser.enter(code)

    assert (entered.status, entered.headers["Location"]) == (303, "/")
    (cookie,) = entered.cookies
    assert all(part in cookie for part in ("HttpOnly", "SameSite=lax", "Path=/"))
    assert (await browser.get("/")).status == 200
    stranger = await Browser(service).enter(code)
    assert stranger.status == 403
    assert words.USED_LINK.split("`")[0] in stranger.text
    # Whoever is known already is not turned away for opening the old link again.
    assert (await browser.enter(code)).status == 303


async def test_only_the_operator_makes_links(service: Service) -> None:
    assert (await service.post(LINKS, signed_in=False)).status == 401
    browser = await known(service)
    assert (await browser.post(LINKS, {})).status == 401


async def test_the_cookie_opens_no_part_of_the_api(service: Service) -> None:
    browser = await known(service)
    for path in ("/api/v1/delegations", "/api/v1/agents", "/api/v1/schedules"):
        assert (await browser.get(path)).status == 401


async def test_signing_out_forgets_the_browser(service: Service) -> None:
    browser = await known(service)
    left = await browser.post("/leave", {})

    assert left.status == 303
    assert (await browser.get("/")).status == 401


# --- other pages


@pytest.mark.parametrize("origin", ["https://evil.example", "http://127.0.0.1:1", "null", None])
@pytest.mark.parametrize("path", ["/conversations/x/messages", "/conversations/x/press", "/leave"])
async def test_another_page_can_do_nothing(service: Service, path: str, origin: str | None) -> None:
    browser = await known(service)
    where = place()
    reply = await browser.post(
        path.replace("x", where, 1) if "/x/" in path else path, {"text": "hi"}, origin=origin
    )

    assert reply.status == 403
    assert words.WRONG_ORIGIN in reply.text
    assert not await of(service, where)


async def test_a_name_that_leads_here_by_somebody_else_s_dns_is_refused(service: Service) -> None:
    browser = await known(service)
    for path in ("/", "/enter?code=x", "/conversations/x/events"):
        assert (await browser.get(path, Host="evil.example")).status == 403


async def test_another_page_can_load_nothing_as_a_part_of_itself(service: Service) -> None:
    browser = await known(service)
    for site in ("cross-site", "same-site"):
        for mode in ("no-cors", "cors", "websocket"):
            reply = await browser.get("/conversations/x/events", Sec_Fetch_Site=site, Sec_Fetch_Mode=mode)
            assert reply.status == 403
    assert (await browser.get("/", Sec_Fetch_Site="cross-site", Sec_Fetch_Mode="navigate")).status == 200


async def test_the_page_lets_nothing_in_but_its_own(service: Service) -> None:
    browser = await known(service)
    reply = await browser.get("/")
    policy = reply.headers["Content-Security-Policy"]

    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert reply.headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert reply.headers["Cache-Control"] == "no-store"
    # Whatever it names is served from here.
    for path in re.findall(r'(?:src|href)="(/assets/[^"]+)"', reply.text):
        asset = await Browser(service).get(path)
        assert asset.status == 200
        assert "immutable" in asset.headers["Cache-Control"]
    assert not re.findall(r'(?:src|href)="(?:https?:)?//', reply.text)
    assert (await Browser(service).get("/assets/x/page.css")).headers["Cache-Control"] == "no-store"
    assert (await Browser(service).get("/assets/x/views.py")).status == 404


# --- talking


async def test_what_is_said_is_answered_on_the_page(service: Service) -> None:
    browser, where = await known(service), place()
    reply = await said(browser, "what is 15% of 320", where, zone="Europe/Vienna")

    assert (reply.status, reply.body) == (202, {"notice": None, "url": f"/conversations/{where}"})
    (delegation,) = await answered(service, where)
    assert delegation.instruction.origin == "web"
    assert delegation.instruction.person.zone == "Europe/Vienna"
    page = await browser.get(f"/conversations/{where}")
    assert "= <strong>48</strong>" in page.text
    assert "what is 15% of 320" in (await browser.get("/")).text, "the list of conversations has it"


async def test_without_the_script_the_form_leads_back_to_the_conversation(service: Service) -> None:
    browser, where = await known(service), place()
    reply = await browser.post(f"/conversations/{where}/messages", {"text": "what is 2+2"})

    assert (reply.status, reply.headers["Location"]) == (303, f"/conversations/{where}")


async def test_a_form_that_is_sent_twice_is_one_instruction(service: Service) -> None:
    browser, where = await known(service), place()
    key = secrets.token_hex(16)
    await asyncio.gather(*(said(browser, "what is 2+2", where, key=key) for _ in range(4)))
    await said(browser, "what is 2+3", where, key=key)

    assert sorted(one.instruction.text for one in await of(service, where)) == ["what is 2+2", "what is 2+3"]


REFUSED = [
    ("", 422, "nothing to do"),
    (" \u200b\n", 422, "nothing to do"),
    ("x" * 5001, 422, "5,000"),
]


# INPUTS 21, 22
@pytest.mark.parametrize(("text", "status", "sentence"), REFUSED)
async def test_what_can_t_be_done_is_said_in_a_sentence(
    service: Service, text: str, status: int, sentence: str
) -> None:
    browser, where = await known(service), place()
    reply = await said(browser, text, where)

    assert reply.status == status
    assert sentence in reply.problem.replace("5000", "5,000")
    shown = await browser.post(f"/conversations/{where}/messages", {"text": text})
    assert shown.status == status
    assert shown.text.startswith("<!doctype html>")
    assert not await of(service, where)


@pytest.mark.parametrize("where", ["a b", "x" * 65, "a%2fb", "ä"])
async def test_a_place_that_can_t_be_is_not_found(service: Service, where: str) -> None:
    browser = await known(service)
    for path in (f"/conversations/{where}", f"/conversations/{where}/events"):
        assert (await browser.get(path)).status in (404, 405)


# INPUTS 26
async def test_a_body_that_is_no_form_is_refused(service: Service) -> None:
    browser = await known(service)
    headers = {**browser._cookie(), "Origin": service.url, **JSON}
    for options, status in (
        ({"json": {"text": "hi"}}, 415),
        ({"data": "&".join("a=b" for _ in range(50)), "form": True}, 400),
    ):
        kind = {"Content-Type": "application/x-www-form-urlencoded"} if options.pop("form", False) else {}
        reply = await service.call(
            "POST", "/conversations/x/messages", headers={**headers, **kind}, signed_in=False, **options
        )
        assert reply.status == status


# INPUTS 23
async def test_hostile_words_are_shown_as_words(service: Service) -> None:
    browser, where = await known(service), place()
    await said(browser, "<script>alert(1)</script> \x00\u202e what is 2+2", where, zone="../../etc/passwd")
    (delegation,) = await answered(service, where)
    page = await browser.get(f"/conversations/{where}")

    assert "<script>alert" not in page.text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page.text
    assert delegation.instruction.person.zone is None


async def test_a_browser_without_a_word_of_html_gets_problem_documents(service: Service) -> None:
    browser = await known(service)
    reply = await service.get("/conversations/%20", headers={**JSON, **browser._cookie()}, signed_in=False)

    assert reply.status == 404
    assert reply.problem == words.NOT_FOUND


async def test_a_press_by_the_wrong_name_changes_nothing(service: Service) -> None:
    browser = await known(service)
    reply = await browser.post("/conversations/x/press", {"action": "explode", "value": "1"}, accept=JSON)
    assert reply.status == 404
    gone = await browser.post("/conversations/x/press", {"action": "cancel", "value": "0" * 32}, accept=JSON)
    assert gone.body["notice"] == "That is no longer known here; ask again, please."


# --- while it happens


async def test_the_stream_begins_with_how_things_stand_and_tells_each_change(service: Service) -> None:
    browser, where = await known(service), place()
    service.lever.free.clear()
    await said(browser, "pull the lever", where)
    async with asyncio.timeout(20), stream(browser, where) as events:
        working = await _until(events, "turn", "working")
        assert not working["answered"]
        assert 'name="action" value="cancel"' in working["html"]
        service.lever.free.set()
        done = await _until(events, "turn", "pulled")
        assert done["answered"]
        assert done["id"] == working["id"]
        assert done["version"] != working["version"]


async def test_a_page_hears_of_what_is_said_on_another_one(service: Service) -> None:
    browser, where = await known(service), place()
    async with asyncio.timeout(20), stream(browser, where) as events:
        await _until(events, "side", "")
        other = place()
        await said(browser, "what is 6*7", other)
        await _until(events, "side", other)
        await said(browser, "what is 6*8", where)
        # With its marks: an id has any two digits.
        assert (await _until(events, "turn", ">48<"))["answered"]


async def test_cancel_and_try_again_from_the_page(service: Service) -> None:
    browser, where = await known(service), place()
    service.lever.free.clear()
    await said(browser, "pull the lever", where)
    async with asyncio.timeout(20), stream(browser, where) as events:
        delegation_id = (await _until(events, "turn", "working"))["id"]
        form = {"action": "cancel", "value": delegation_id}
        pressed = await browser.post(f"/conversations/{where}/press", form, accept=JSON)
        assert (pressed.status, pressed.body["notice"]) == (200, None)
        await _until(events, "turn", "Cancelled.")
        late = await browser.post(f"/conversations/{where}/press", form, accept=JSON)
        assert "finished already" in late.body["notice"]
        service.lever.free.set()
        service.lever.broken = True
        await said(browser, "pull the lever", where)
        failed = await _until(events, "turn", "stuck")
        service.lever.broken = False
        again = {"action": "retry", "value": failed["id"]}
        assert (await browser.post(f"/conversations/{where}/press", again, accept=JSON)).body[
            "notice"
        ] is None
        assert (await _until(events, "turn", "pulled"))["id"] == failed["id"]


async def test_a_schedule_is_saved_from_the_page(service: Service) -> None:
    browser, where = await known(service), place()
    await said(browser, "every weekday at 9 what is 2+2", where, zone="Europe/Vienna")
    (proposal,) = await answered(service, where)
    assert proposal.reply is not None
    assert "Europe/Vienna" in proposal.reply.text
    save = next(button for button in proposal.reply.buttons if button.action == "save")
    await browser.post(f"/conversations/{where}/press", {"action": "save", "value": save.value}, accept=JSON)

    async def saved() -> bool:
        page = await browser.get(f"/conversations/{where}")
        return "Saved." in page.text and 'value="pause"' in page.text

    await eventually(saved)


async def test_without_the_script_what_a_press_leads_to_is_said_on_a_page(service: Service) -> None:
    browser, where = await known(service), place()
    await said(browser, "what is 2+2", where)
    (delegation,) = await answered(service, where)
    sentences = {
        "schedule": questions.SAY_WHEN,
        "cancel": refusals.TOO_LATE_TO_CANCEL,
        "retry": refusals.NOTHING_TO_RETRY,
    }
    for action, sentence in sentences.items():
        form = {"action": action, "value": delegation.id}
        shown = await browser.post(f"/conversations/{where}/press", form)
        assert shown.status == 200
        assert sentence in html.unescape(shown.text)
        assert f'<a href="/conversations/{where}">{words.BACK_TO_CONVERSATION}</a>' in shown.text


async def _until(events: AsyncIterator[tuple[str, Any]], kind: str, wanted: str) -> dict[str, Any]:
    async for event, data in events:
        if event == kind and wanted in data["html"]:
            found: dict[str, Any] = data
            return found
    raise AssertionError(f"the stream ended before {wanted!r}")


# --- files


async def test_a_file_is_handed_out_to_the_known_only(service: Service, tmp_path: Path) -> None:
    browser, where = await known(service), place()
    await said(browser, "create backup", where)
    (delegation,) = await answered(service, where)
    assert delegation.reply is not None
    (artifact,) = delegation.reply.files
    path = f"/delegations/{delegation.id}/files/0"

    page = await browser.get(f"/conversations/{where}")
    assert f'href="{path}"' in page.text
    async with service.session.get(service.url + path, headers=browser._cookie()) as response:
        assert response.status == 200
        assert await response.read() == Path(artifact.path).read_bytes()
        assert response.headers["Content-Disposition"].startswith("attachment")
        assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert (await Browser(service).get(path)).status == 401
    for wrong in (f"/delegations/{delegation.id}/files/1", f"/delegations/{delegation.id}/files/-1"):
        assert (await browser.get(wrong)).status == 404
    Path(artifact.path).unlink()
    lost = await browser.get(path)
    assert lost.status == 404
    assert words.LOST_FILE in lost.text


async def test_a_name_of_a_file_is_no_place_for_tricks(service: Service) -> None:
    artifact = Artifact(name='a"b\r\nX: y.txt', path=__file__, media_type="text/html", size_bytes=3)
    browser, where = await known(service), place()
    await said(browser, "what is 2+2", where)
    (delegation,) = await answered(service, where)
    assert delegation.reply is not None
    reply = delegation.reply.model_copy(update={"files": (artifact,)})
    await eventually(lambda: service.assembly.store.revise(delegation.id, reply, now=delegation.received_at))
    response = await browser.get(f"/delegations/{delegation.id}/files/0")

    assert response.status == 200
    assert "X" not in response.headers
    assert response.headers["Content-Security-Policy"] == "sandbox"


# --- when something is out


async def test_without_the_database_a_sentence_is_shown_and_nothing_is_lost(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser, where = await known(service), place()

    async def out(*_: Any, **__: Any) -> None:
        raise StoreUnavailable

    for name in ("in_conversation", "conversations", "accept"):
        monkeypatch.setattr(service.assembly.store, name, out)
    assert (await browser.get("/")).status == 503
    refused = await said(browser, "what is 2+2", where)
    assert refused.status == 503
    assert refused.headers["Retry-After"]
    monkeypatch.undo()
    assert (await said(browser, "what is 2+2", where)).status == 202


async def test_the_stream_says_goodbye_when_the_service_ends() -> None:
    async with fresh(worker=False) as service:
        browser = await known(service)
        async with asyncio.timeout(20), stream(browser, place()) as events:
            await _until(events, "side", "")
            service.server.should_exit = True
            assert [event async for event in events] == []


async def test_an_unreadable_session_is_none(service: Service) -> None:
    browser = await known(service)
    (name,) = browser.cookies
    browser.cookies[name] = "é" * 10
    assert (await browser.get("/")).status in (400, 401)


async def test_a_new_conversation_names_the_agents_that_may_be_asked_made_ones_too(service: Service) -> None:
    assembly, at = service.assembly, to_own_place("made")
    eve = Person(id="local:local:eve", name="eve")
    fields = {"description": "Counts the news.", "tools": ["pull"]}
    shared = Visibility.WORKSPACE
    made = [
        await assembly.shop.create({"name": "page-diary", **fields}, by=OPERATOR, at=at),
        await assembly.shop.create({"name": "page-digest", **fields}, by=eve, at=at, visibility=shared),
        await assembly.shop.create({"name": "page-secret", **fields}, by=eve, at=at),
    ]
    try:
        browser = await known(service)
        for path in ("/", f"/conversations/{place()}"):
            page = await browser.get(path)
            named = re.findall(r"<dt>([\w-]+)</dt>", page.text)
            # Other tests leave agents behind as well.
            assert {*assembly.agents, "page-diary", "page-digest"} <= set(named), path
            assert named == sorted(set(named)), path
            assert "page-secret" not in named, path
    finally:
        for one in made:
            await assembly.shop.delete(one, by=one.owner)
