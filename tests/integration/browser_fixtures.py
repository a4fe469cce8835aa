"""One Chromium for the tests of the page; a module names this in its `pytest_plugins`."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import Browser, async_playwright, expect

from tests.integration.browser import CHROMIUM, FLAGS, PATIENCE_MS


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    """One Chromium for all; every test has a profile of its own in it."""
    if not CHROMIUM.exists():
        reason = "there is no /usr/bin/chromium; `apt-get install chromium` brings it (.ci/run does)"
        assert not os.environ.get("CI"), reason
        pytest.skip(reason)
    expect.set_options(timeout=PATIENCE_MS)
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        await browser.close()
