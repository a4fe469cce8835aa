"""A question for a yes on the page, in Chromium: it comes in live, is readable, and is answered with the keyboard."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.async_api import Browser, expect

from core.rendering import page as words
from core.rendering.buttons import LABELS
from tests.integration.browser import opened
from tests.integration.test_approvals import world
from tests.integration.test_page_browser import LOOKS, ask, fits, no_serious_finding

pytest_plugins = ("tests.integration.browser_fixtures",)
pytestmark = [pytest.mark.slow, pytest.mark.asyncio(loop_scope="session")]


@pytest.mark.parametrize("look", [LOOKS[0], LOOKS[-1]])
async def test_the_question_comes_in_live_and_is_answered_with_the_keyboard(
    browser: Browser, look: dict[str, Any]
) -> None:
    async with world() as here, opened(browser, here.service, **look) as page:
        await ask(page, here.instruction)
        asking = page.get_by_role("group", name="wants to call send_email")
        await expect(asking).to_be_visible()
        await expect(asking.locator("pre").first).to_contain_text("to: ops@example.org")
        await expect(page.locator("#spoken")).to_contain_text("wants to call send_email")
        await expect(page.locator(".steps .waiting")).to_contain_text("waiting for a yes")
        await no_serious_finding(page, "asking")
        await fits(page, "asking")
        await asking.get_by_role("button", name=LABELS["approve"], exact=True).focus()
        await page.keyboard.press("Enter")
        await expect(page.locator(".approval .verdict")).to_contain_text("Approved by operator")
        await expect(page.locator(".approval button")).to_have_count(0)
        await expect(page.locator(".answer.success")).to_be_visible()
        await here.sent()
        await no_serious_finding(page, "decided")
        assert await page.get_by_label(words.MESSAGE).is_visible()
