"""Chromium for tests of the page, and pictures of what it shows.

With `FLOWMATE_PICTURES` the pictures are written into the folder that it names; `make pictures` makes the README's.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from playwright.async_api import Browser, ConsoleMessage, Page, expect

from core.rendering import page as words
from tests.integration.http_harness import Service

CHROMIUM = Path("/usr/bin/chromium")
FLAGS = [
    "--no-sandbox",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
DESKTOP: dict[str, Any] = {"viewport": {"width": 1200, "height": 800}}
PHONE: dict[str, Any] = {
    "viewport": {"width": 390, "height": 844},
    "is_mobile": True,
    "has_touch": True,
    "device_scale_factor": 2,
}
PATIENCE_MS = 30_000


@asynccontextmanager
async def opened(browser: Browser, service: Service, **look: Any) -> AsyncIterator[Page]:
    """The page, opened through a link in a browser of its own; nothing may go wrong in its script."""
    wrong: list[str] = []
    context = await browser.new_context(**look)
    context.set_default_timeout(PATIENCE_MS)
    page = await context.new_page()
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("console", lambda message: _note(message, wrong))
    try:
        made = await service.post("/api/v1/links")
        await page.goto(service.url + made.body["url"].removeprefix(service.assembly.settings.base_url))
        if look.get("java_script_enabled") is False:
            await page.get_by_role("button", name=words.ENTER).click()
        await expect(page.get_by_label(words.MESSAGE)).to_be_visible()
        yield page
    finally:
        await context.close()
    assert not wrong


def _note(message: ConsoleMessage, wrong: list[str]) -> None:
    # What a test cuts off, and what the service refuses, Chromium reports by itself.
    if message.type == "error" and "Failed to load resource" not in message.text:
        wrong.append(message.text)


async def picture(page: Page, name: str) -> None:
    """What the page shows, where pictures are asked for."""
    folder = os.environ.get("FLOWMATE_PICTURES")
    if folder:
        await page.screenshot(path=Path(folder) / f"{name}.png")
