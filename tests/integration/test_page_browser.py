"""The chat page in Chromium, as people use it: with the keyboard alone, on a phone, in the dark, on a bad line."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, Page, Route, expect

from core.rendering import page as words
from tests.counterparts.web import web_server
from tests.integration.browser import DESKTOP, PHONE, opened, picture
from tests.integration.http_harness import Service, fresh

pytest_plugins = ("tests.integration.http_fixtures", "tests.integration.browser_fixtures")
pytestmark = [pytest.mark.slow, pytest.mark.asyncio(loop_scope="session")]

LOOKS = [
    pytest.param({**size, "color_scheme": scheme}, id=f"{name}-{scheme}")
    for name, size in (("desktop", DESKTOP), ("phone", PHONE))
    for scheme in ("light", "dark")
]


async def ask(page: Page, text: str) -> None:
    await page.get_by_label(words.MESSAGE).fill(text)
    await page.keyboard.press("Enter")


async def no_serious_finding(page: Page, where: str) -> None:
    found = await Axe().run(page)
    serious = [one for one in found.response["violations"] if one["impact"] in ("serious", "critical")]
    assert not serious, (where, [(one["id"], [node["html"] for node in one["nodes"]]) for one in serious])


async def fits(page: Page, where: str) -> None:
    wider = await page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert wider <= 0, f"{where} can be moved sideways by {wider} px"


@pytest.mark.parametrize("look", LOOKS)
async def test_every_state_of_the_page_is_readable_for_everyone(
    service: Service, browser: Browser, look: dict[str, Any]
) -> None:
    name = f"{'phone' if 'is_mobile' in look else 'desktop'}-{look['color_scheme']}"
    async with opened(browser, service, **look) as page:

        async def check(state: str) -> None:
            await picture(page, f"page-{name}-{state}")
            await no_serious_finding(page, state)
            await fits(page, state)

        await check("welcome")
        await page.get_by_text(words.AGENTS).click()
        await check("agents")
        await ask(page, "what is 15% of 320 and what time is it in Tokyo")
        await expect(page.get_by_text("48", exact=True)).to_be_visible()
        await page.get_by_text(words.DETAILS).click()
        await check("answer")
        await ask(page, "every weekday at 9 what time is it in Tokyo")
        await expect(page.get_by_role("button", name="Save")).to_be_visible()
        await check("proposal")
        service.lever.free.clear()
        await ask(page, "pull the lever and what is 2+2")
        await expect(page.locator(".steps .running", has_text="lever")).to_contain_text("working")
        await expect(page.locator(".steps .succeeded")).to_be_visible()
        await check("working")
        await page.get_by_role("button", name="Cancel").click()
        await expect(page.locator(".words", has_text="Cancelled.")).to_be_visible()
        await ask(page, "x" * 5001)
        await expect(page.locator("#notice")).to_contain_text("5,000")
        await check("refusal")
        if "is_mobile" in look:
            await page.get_by_role("button", name=words.CONVERSATIONS).click()
            await expect(page.get_by_role("navigation")).to_be_visible()
            await check("list")


async def test_nothing_can_be_scrolled_where_everything_fits(service: Service, browser: Browser) -> None:
    """A height that is no whole number of pixels, or a border that was forgotten, leaves a bar that moves one pixel."""
    async with opened(browser, service, viewport={"width": 1280, "height": 1037}) as page:
        await expect(page.get_by_label(words.MESSAGE)).to_be_visible()
        await page.get_by_label(words.MESSAGE).fill("one line")
        over = await page.evaluate(
            """[document.documentElement, document.querySelector("textarea")]
                .map((one) => one.scrollHeight - one.clientHeight)"""
        )
        assert over == [0, 0]


async def test_the_keyboard_alone_is_enough(service: Service, browser: Browser) -> None:
    async with opened(browser, service, **DESKTOP) as page:
        await _tab_to(page, words.SKIP, backwards=True)
        await page.keyboard.press("Enter")
        await page.keyboard.type("what is 6*7")
        await page.keyboard.press("Shift+Enter")
        await page.keyboard.type("what is 6*8")
        await page.keyboard.press("Enter")
        await expect(page.locator(".words strong", has_text="42")).to_be_visible()
        await expect(page.locator(".words strong", has_text="48")).to_be_visible()
        await expect(page.get_by_label(words.MESSAGE)).to_be_focused()
        await _tab_to(page, words.DETAILS, backwards=True)
        await page.keyboard.press("Enter")
        await expect(page.get_by_role("table")).to_be_visible()


async def test_whoever_stands_on_a_button_stands_on_its_turn_when_it_is_gone(
    service: Service, browser: Browser
) -> None:
    service.lever.free.clear()
    async with opened(browser, service, **DESKTOP) as page:
        await ask(page, "pull the lever")
        cancel = page.get_by_role("button", name="Cancel")
        await cancel.focus()
        await page.keyboard.press("Enter")
        await expect(page.locator(".words", has_text="Cancelled.")).to_be_visible()
        assert await page.evaluate("document.activeElement.className") == "turn"


async def test_each_agent_is_shown_while_it_works(service: Service, browser: Browser) -> None:
    service.lever.free.clear()
    async with opened(browser, service, **DESKTOP) as page:
        await ask(page, "pull the lever; what is 2+2")
        await expect(page.locator(".steps li", has_text="lever")).to_contain_text("working")
        await expect(page.locator(".steps li", has_text="calculator")).to_contain_text("done")
        service.lever.free.set()
        await expect(page.locator(".answer.success .words")).to_contain_text("pulled")
        # Told to whoever doesn't see it, too.
        await expect(page.locator("#spoken")).to_contain_text("pulled")


async def test_what_failed_is_tried_again_by_one_press(service: Service, browser: Browser) -> None:
    service.lever.broken = True
    async with opened(browser, service, **DESKTOP) as page:
        await ask(page, "pull the lever")
        await expect(page.locator(".answer.failed")).to_contain_text("The lever is stuck.")
        service.lever.broken = False
        await page.get_by_role("button", name="Try again").click()
        await expect(page.locator(".answer.success")).to_contain_text("pulled")
        assert await page.locator(".turn").count() == 1


async def test_a_conversation_has_an_address_and_stands_in_the_list(
    service: Service, browser: Browser
) -> None:
    async with opened(browser, service, **DESKTOP) as page:
        await ask(page, "what is 101*3")
        await expect(page.locator(".answer.success")).to_contain_text("303")
        await expect(page.locator("#list [aria-current=page]")).to_contain_text("what is 101*3")
        place = urlsplit(page.url).path
        assert place.startswith("/conversations/page-")
        await page.get_by_role("link", name=words.NEW_CONVERSATION).click()
        await expect(page.get_by_role("heading", name=words.WELCOME)).to_be_visible()
        await page.get_by_role("link", name="what is 101*3").first.click()
        await expect(page.locator(".answer.success")).to_contain_text("303")
        assert urlsplit(page.url).path == place
        await ask(page, "and 10% of that")
        await expect(page.locator(".answer.success").last).to_contain_text("30.3")


async def test_two_windows_of_one_conversation_show_the_same(service: Service, browser: Browser) -> None:
    async with opened(browser, service, **DESKTOP) as page:
        await ask(page, "what is 2+2")
        await expect(page.locator(".answer.success")).to_be_visible()
        other = await page.context.new_page()
        await other.goto(page.url)
        await ask(page, "what is 111*2")
        await expect(other.locator(".answer.success").last).to_contain_text("222")
        assert await other.locator(".turn").count() == 2


async def test_words_that_could_not_be_sent_stay_in_the_box_and_are_sent_once(
    service: Service, browser: Browser
) -> None:
    async with opened(browser, service, **DESKTOP) as page:

        async def lose(route: Route) -> None:
            await route.abort()

        await page.route(re.compile("/messages$"), lose)
        await ask(page, "what is 2+2")
        await expect(page.locator("#notice")).to_have_text(words.NOT_SENT)
        await expect(page.get_by_label(words.MESSAGE)).to_have_value("what is 2+2")
        await page.unroute_all()
        await page.get_by_role("button", name=words.SEND).click()
        await expect(page.get_by_label(words.MESSAGE)).to_have_value("")
        await expect(page.locator(".answer.success")).to_be_visible()
        await expect(page.locator("#notice")).to_have_text("")
        assert await page.locator(".turn").count() == 1


async def test_words_that_arrived_although_their_answer_was_lost_are_not_asked_for_again(
    service: Service, browser: Browser
) -> None:
    async with opened(browser, service, **DESKTOP) as page:

        async def lose_the_answer(route: Route) -> None:
            await route.fetch()
            await route.abort()

        await page.route(re.compile("/messages$"), lose_the_answer)
        await ask(page, "what is 2+2")
        await expect(page.locator(".answer.success")).to_be_visible()
        await expect(page.get_by_label(words.MESSAGE)).to_have_value("")
        await expect(page.locator("#notice")).to_have_text("")
        assert await page.locator(".turn").count() == 1


async def test_a_page_that_was_cut_off_says_so_and_catches_up(service: Service, browser: Browser) -> None:
    async with opened(browser, service, **DESKTOP) as page:
        await ask(page, "what is 2+2")
        await expect(page.locator(".answer.success")).to_be_visible()
        place = urlsplit(page.url).path
        await page.goto("about:blank")
        cut = re.compile("/conversations/")

        async def cut_off(route: Route) -> None:
            await route.abort()

        await page.route(re.compile("/events$"), cut_off)
        await page.goto(service.url + place)
        await page.route(cut, cut_off)
        await expect(page.locator("#notice")).to_have_text(words.OFFLINE)
        other = await page.context.new_page()
        await other.goto(service.url + place)
        await ask(other, "what is 55*3")
        await expect(other.locator(".answer.success").last).to_contain_text("165")
        await page.unroute_all()
        await expect(page.locator(".answer.success").last).to_contain_text("165")
        await expect(page.locator("#notice")).to_have_text("")


async def test_it_works_without_the_script(service: Service, browser: Browser) -> None:
    async with opened(browser, service, **DESKTOP, java_script_enabled=False) as page:
        await page.get_by_label(words.MESSAGE).fill("what is 7*8")
        await page.get_by_role("button", name=words.SEND).click()
        assert urlsplit(page.url).path.startswith("/conversations/page-")
        # The page asks again by itself while something is running.
        await expect(page.locator(".answer.success")).to_contain_text("56")
        await expect(page.locator(".answer.success")).to_be_in_viewport()


async def test_times_and_schedules_are_in_the_reader_s_own_zone(service: Service, browser: Browser) -> None:
    async with opened(browser, service, **DESKTOP, timezone_id="Asia/Tokyo") as page:
        await ask(page, "every weekday at 9 what is 2+2")
        await expect(page.locator(".words")).to_contain_text("every weekday at 09:00 (Asia/Tokyo)")
        await page.get_by_role("button", name="Save").click()
        await expect(page.locator(".words")).to_contain_text("Saved.")
        await page.get_by_role("button", name="Delete").click()
        await expect(page.locator(".words")).to_contain_text("Deleted.")


async def test_a_file_is_downloaded(service: Service, browser: Browser, tmp_path: Path) -> None:
    async with opened(browser, service, **DESKTOP) as page:
        await ask(page, "create backup")
        async with page.expect_download() as coming:
            await page.get_by_role("link", name=re.compile(r"\.zip$")).click()
        download = await coming.value
        await download.save_as(tmp_path / "got.zip")
        assert (tmp_path / "got.zip").read_bytes()[:2] == b"PK"


async def test_what_is_for_the_asker_alone_stands_among_the_turns_until_it_is_dismissed(
    service: Service, browser: Browser
) -> None:
    async with opened(browser, service, **DESKTOP) as page:
        await ask(page, "connect")
        told = page.locator(".told")
        await expect(told.get_by_role("heading", name="connect")).to_be_visible()
        await expect(told.locator("li code", has_text="smtp")).to_be_visible()
        await expect(told).to_contain_text(words.FOR_YOU_ALONE)
        await expect(page.locator("#notice")).to_have_text("")
        await expect(page.locator("#spoken")).to_contain_text("smtp")
        await no_serious_finding(page, "told")
        # What comes next neither takes it away nor is begun anew by it.
        await ask(page, "what is 101*7")
        await expect(page.locator(".answer.success")).to_contain_text("707")
        assert urlsplit(page.url).path.startswith("/conversations/page-")
        await expect(told).to_be_visible()
        await told.get_by_role("button", name=words.DISMISS).click()
        await expect(told).to_have_count(0)
        await expect(page.get_by_label(words.MESSAGE)).to_be_focused()
        await ask(page, "connect smtp")
        await told.get_by_role("link").click()
        await expect(page.get_by_role("heading", name="Connect")).to_be_visible()


async def test_what_was_being_written_is_there_after_a_reload(service: Service, browser: Browser) -> None:
    async with opened(browser, service, **DESKTOP) as page:
        await ask(page, "what is 2+2")
        await expect(page.locator(".answer.success")).to_be_visible()
        await page.reload()
        await page.get_by_label(words.MESSAGE).press_sequentially("half a sent")
        await page.reload()
        await expect(page.get_by_label(words.MESSAGE)).to_have_value("half a sent")


async def test_another_page_in_the_same_browser_can_neither_read_nor_ask(
    service: Service, browser: Browser
) -> None:
    async with opened(browser, service, **DESKTOP) as page, somewhere_else() as elsewhere:
        evil = await page.context.new_page()
        # The same site as far as cookies go: only the port is another.
        await evil.goto(elsewhere)
        tried = await evil.evaluate(TRY_EVERYTHING, service.url)
        assert tried == ["refused"] * len(tried)
        assert len(tried) == 4
        await page.goto(service.url + "/conversations/evil")
        assert await page.locator(".turn").count() == 0
        await expect(page.get_by_label(words.MESSAGE)).to_be_visible()


async def test_a_digest_comes_into_its_conversation_and_leads_with_what_is_new(browser: Browser) -> None:
    async with web_server() as web, fresh(FLOWMATE_FETCH_ALLOW="127.0.0.1") as service:
        feed = web.serve("/harbour.xml", to_feed(*HEADLINES[2:]), type="application/rss+xml")
        look = {**DESKTOP, "timezone_id": "Europe/Berlin"}
        async with opened(browser, service, **look) as page:
            await ask(page, f"every weekday at 9 headlines from {feed}")
            await page.get_by_role("button", name="Save").click()
            run = page.get_by_role("button", name="Run now")
            await run.click()
            digests = page.locator(".turn", has_text=words.SCHEDULED)
            await expect(digests).to_contain_text(HEADLINES[2])
            web.serve("/harbour.xml", to_feed(*HEADLINES), type="application/rss+xml")
            await run.click()
            await expect(digests).to_have_count(2)
            digest = digests.last.locator(".words")
            await expect(digest).to_contain_text("New since")
            shown = await digest.inner_text()
            assert shown.index(HEADLINES[0]) < shown.index("As before") < shown.index(HEADLINES[2])
            await page.evaluate("window.scrollTo(0, document.documentElement.scrollHeight)")
            await picture(page, "digest")
            await no_serious_finding(page, "digest")


HEADLINES = (
    "Ferry timetable changes on Monday",
    "Night work at the lock until Friday",
    "The new crane is here",
    "Harbour market opens at ten",
)


def to_feed(*titles: str) -> str:
    items = "".join(
        f"<item><title>{title}</title><link>https://harbour.example.org/{title.split()[0].lower()}</link></item>"
        for title in titles
    )
    channel = f"<channel><title>Harbour news</title>{items}</channel>"
    return f'<?xml version="1.0"?><rss version="2.0">{channel}</rss>'


TRY_EVERYTHING = """async (url) => {
  const form = new URLSearchParams({text: "what is 2+2", key: "0123456789abcdef"});
  const attempts = [
    () => fetch(url + "/conversations/evil/messages", {method: "POST", credentials: "include", body: form}),
    () => fetch(url + "/conversations/evil", {credentials: "include"}),
    () => fetch(url + "/conversations/evil/messages",
                {method: "POST", credentials: "include", mode: "no-cors", body: form})
            .then((opaque) => { throw opaque.type; }),
    () => new Promise((good, bad) => {
      const stream = new EventSource(url + "/conversations/evil/events", {withCredentials: true});
      stream.onopen = good;
      stream.onerror = () => { stream.close(); bad("refused"); };
    }),
  ];
  const outcomes = [];
  for (const attempt of attempts) outcomes.push(await attempt().then(() => "let in", () => "refused"));
  return outcomes;
}"""


@asynccontextmanager
async def somewhere_else() -> AsyncIterator[str]:
    """Another service on this machine, with an empty page."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        body = b"<!doctype html><title>elsewhere</title>"
        writer.write(
            b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nConnection: close\r\nContent-Length: %d\r\n\r\n%s"
            % (len(body), body)
        )
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"


async def _tab_to(page: Page, wanted: str, *, backwards: bool = False) -> None:
    for _ in range(200):
        await page.keyboard.press("Shift+Tab" if backwards else "Tab")
        if wanted in (await page.evaluate("document.activeElement.textContent") or ""):
            if await page.evaluate("document.activeElement.tagName") in ("SUMMARY", "BUTTON", "A"):
                return
    raise AssertionError(f"{wanted!r} can't be reached with the keyboard")
