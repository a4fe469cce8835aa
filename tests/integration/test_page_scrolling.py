"""What is new on the chat page stays in sight, in Chromium: pictures that come late, what is opened, what one asks."""

from __future__ import annotations

import asyncio
import re

import pytest
from playwright.async_api import Browser, Page, Route, expect

from core.rendering import page as words
from tests.integration.browser import DESKTOP, opened
from tests.integration.http_harness import Service
from tests.integration.test_page_browser import ask

pytest_plugins = ("tests.integration.http_fixtures", "tests.integration.browser_fixtures")
pytestmark = [pytest.mark.slow, pytest.mark.asyncio(loop_scope="session")]

LOW = {**DESKTOP, "viewport": {"width": 1200, "height": 500}}
UNDER_THE_EDGE = "document.documentElement.scrollHeight - scrollY - innerHeight"


async def is_at_the_end(page: Page) -> None:
    await page.wait_for_function(f"() => {UNDER_THE_EDGE} < 3", timeout=5_000)


async def is_above_the_box(page: Page, selector: str) -> None:
    """The last of these ends above the message box, which lies over the page."""
    await page.wait_for_function(
        "selector => [...document.querySelectorAll(selector)].at(-1).getBoundingClientRect().bottom"
        " <= document.getElementById('form').getBoundingClientRect().top",
        arg=selector,
        timeout=5_000,
    )


async def test_a_picture_that_comes_late_keeps_the_end_in_sight_and_so_does_what_is_asked_next(
    service: Service, browser: Browser
) -> None:
    async with opened(browser, service, **LOW) as page:
        shown = asyncio.Event()

        async def late(route: Route) -> None:
            await shown.wait()
            await route.continue_()

        await page.route(re.compile("/files/0$"), late)
        await ask(page, "usage report")
        await expect(page.locator(".answer.success img")).to_have_count(1)
        shown.set()
        await page.wait_for_function("() => document.querySelector('.files img').naturalHeight > 100")
        await is_at_the_end(page)
        # Whoever has moved up to read is brought back by what they ask.
        await page.evaluate("window.scrollTo(0, 0)")
        await ask(page, "what is 2+2")
        await expect(page.locator(".answer.success")).to_have_count(2)
        await is_at_the_end(page)


async def test_whoever_reads_further_up_is_left_there(service: Service, browser: Browser) -> None:
    async with opened(browser, service, **LOW) as page:
        await ask(page, "usage report")
        await page.wait_for_function("() => document.querySelector('.files img')?.naturalHeight > 100")
        await is_at_the_end(page)
        other = await page.context.new_page()
        await other.goto(page.url)
        await page.evaluate("window.scrollTo(0, 0)")
        await ask(other, "what is 2+2")
        await expect(page.locator(".answer.success")).to_have_count(2)
        assert await page.evaluate("scrollY") == 0


async def test_what_is_opened_at_the_end_comes_into_sight(service: Service, browser: Browser) -> None:
    async with opened(browser, service, **LOW) as page:
        for number in (1, 2, 3):
            await ask(page, f"what is {number}+2")
            await expect(page.locator(".answer.success")).to_have_count(number)
        await page.get_by_text(words.DETAILS).last.click()
        await expect(page.get_by_role("table")).to_be_visible()
        await is_above_the_box(page, ".plan table")
