"""Words while they are written, as people see them: on the page in Chromium, and in a terminal."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, Page, expect

from adapters.queue.broadcast import RedisBroadcast
from adapters.queue.connection import connect_async
from core.rendering import page as words
from tests.integration.browser import DESKTOP, PHONE, opened, picture
from tests.integration.http_harness import DELEGATIONS, TOKEN
from tests.integration.terminal import on_a_terminal
from tests.integration.test_cli_command import Flowmate
from tests.integration.test_page_browser import ask, fits, no_serious_finding
from tests.integration.writing_bench import ASK, Desk
from tests.services.waiting import eventually

pytest_plugins = ("tests.integration.writing_fixtures", "tests.integration.browser_fixtures")
pytestmark = [pytest.mark.slow, pytest.mark.asyncio(loop_scope="session")]

TEXT: str = ASK["instruction"]
BEGINNING = "**Tea** grows on hills. ![pixel](https://evil.example/pixel.png) <b>bold</b> "
END = "It likes mist."


@pytest.mark.parametrize(
    "look",
    [
        pytest.param({**DESKTOP, "color_scheme": "light"}, id="desktop"),
        pytest.param({**PHONE, "color_scheme": "dark"}, id="phone"),
    ],
)
async def test_the_page_shows_words_as_they_come_and_then_the_answer(
    desk: Desk, browser: Browser, look: dict[str, Any], request: pytest.FixtureRequest
) -> None:
    gate = desk.writes(BEGINNING, END)
    async with opened(browser, desk.service, **look) as page:
        fetched = _addresses(page)
        await ask(page, TEXT)
        gate.release()
        writing = page.locator(".writing")
        # As it is written: nothing is rendered, loaded or followed before the whole answer is.
        await expect(writing.locator(".said")).to_contain_text(
            "**Tea** grows on hills. ![pixel](https://evil.example/pixel.png)"
        )
        assert await writing.locator("img, a, b, strong").count() == 0
        # Nobody is read a piece of it aloud.
        await expect(writing).to_have_attribute("aria-live", "off")
        await expect(writing).to_have_attribute("aria-busy", "true")
        spoken = await page.locator("#spoken").text_content()
        await picture(page, f"page-writing-{request.node.callspec.id}")
        await no_serious_finding(page, "writing")
        await fits(page, "writing")
        # A page that is opened in the middle shows what there is.
        await page.reload()
        await expect(writing.locator(".said")).to_contain_text("grows on hills")
        assert "hills" not in (spoken or "")
        gate.release(2)
        answer = page.locator(".answer.success .words")
        await expect(answer.locator("strong")).to_have_text("Tea")
        await expect(answer).to_contain_text(END)
        await expect(writing).to_have_count(0)
        await expect(page.locator("#spoken")).to_contain_text(words.ANSWERED)
    assert not [address for address in fetched if "evil" in address]


async def test_two_that_write_are_named(desk: Desk, browser: Browser) -> None:
    one = desk.writes("The first of the two lines ", "ends.")
    other = desk.writes("The second of the two lines ", "ends.")
    async with opened(browser, desk.service, **DESKTOP) as page:
        await ask(page, "@writer write a line about tea; @writer write a line about milk")
        one.release()
        other.release()
        await expect(page.locator(".writing .said")).to_have_count(2)
        await expect(page.locator(".writing .agent")).to_have_text(["writer", "writer"])
        one.release(2)
        # Whoever is done is not shown as writing on.
        await expect(page.locator(".writing.finished")).to_have_count(1)
        marks = await page.locator(".writing .said").evaluate_all(
            "all => all.map(one => getComputedStyle(one, '::after').content)"
        )
        assert sorted(marks) == ['""', "none"]
        await expect(page.locator(".writing[aria-busy=true]")).to_have_count(1)
        other.release(2)
        await expect(page.locator(".answer.success")).to_contain_text("ends.")


async def test_words_stay_where_the_turn_is_drawn_again(desk: Desk, browser: Browser) -> None:
    one = desk.writes("The first of the two lines ", "ends.")
    other = desk.writes(refusal="I won't.")
    async with opened(browser, desk.service, **DESKTOP) as page:
        await ask(page, "@writer write a line about tea; @writer write a line about milk")
        one.release()
        await expect(page.locator(".writing .said")).to_contain_text("of the two")
        other.release()
        await expect(page.locator(".steps .failed")).to_have_count(1)
        await expect(page.locator(".writing .said")).to_contain_text("of the two")
        one.release(2)
        await expect(page.locator(".answer.partial")).to_contain_text("ends.")


def _addresses(page: Page) -> list[str]:
    fetched: list[str] = []
    page.on("request", lambda request: fetched.append(request.url))
    return fetched


def _environment(desk: Desk, folder: Path) -> dict[str, str]:
    return {
        "PATH": os.environ["PATH"],
        "FLOWMATE_DATA_DIR": str(folder),
        "FLOWMATE_PORT": str(desk.service.port),
        "FLOWMATE_OPERATOR_TOKEN": TOKEN,
    }


async def test_a_terminal_shows_words_as_they_come_and_then_the_answer(desk: Desk, tmp_path: Path) -> None:
    gate = desk.writes("Tea grows \x1b]0;evil\x07 on the **hills** of Assam, ", "in the mist.")
    environment = _environment(desk, tmp_path)
    async with on_a_terminal("ask", TEXT, environment=environment, size=(24, 80)) as terminal:
        gate.release()
        await terminal.shows("**hills** of As")
        assert b"\x1b]0;evil" not in terminal.screen, "the model doesn't steer the terminal"
        assert terminal.process.returncode is None
        gate.release(2)
        assert await asyncio.wait_for(terminal.process.wait(), 30) == 0
        await terminal.shows("in the mist.")
    after = bytes(terminal.screen).rpartition(b"in the mist.")[0]
    assert b"**hills**" not in after[after.rfind(b"\x1b[2K") :], "what was on its way is gone"


async def test_where_output_is_piped_nobody_listens_and_nothing_changes(desk: Desk, tmp_path: Path) -> None:
    gate = desk.writes("Tea grows on hills, ", "in the mist.")
    command = await Flowmate(tmp_path, port=desk.service.port, token=TOKEN).start("ask", TEXT)
    await eventually(lambda: gate.waiting == 1)
    gate.release()
    (newest, *_) = (await desk.service.get(DELEGATIONS)).body["delegations"]
    await eventually(lambda: len(_streams(desk)) == 1)
    spy = RedisBroadcast(connect_async(desk.service.valkey.url), clock=desk.service.assembly.clock)
    assert list(await spy.audience([newest["delegationId"]])) == [0]
    await spy.aclose()
    gate.release(2)
    ran = await command.end()
    assert (ran.code, ran.out, ran.err) == (0, "Tea grows on hills, in the mist.\n", "")


def _streams(desk: Desk) -> list[Any]:
    return [task for task in asyncio.all_tasks() if getattr(task.get_coro(), "__name__", "") == "_send"]
