"""The same thirty questions through all six doors of one `flowmate up`: the same answers, each once, in its place."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import aiohttp
import pytest
from playwright.async_api import Browser, expect

from core.rendering import page as words
from tests.counterparts.slack import Message, SlackServer
from tests.counterparts.telegram import TOKEN, TelegramServer, telegram_server
from tests.counterparts.web import WebServer, web_server
from tests.integration.service import Service, running
from tests.services.forking import flowmate
from tests.services.waiting import eventually

pytest_plugins = ("tests.integration.browser_fixtures",)
pytestmark = [pytest.mark.slow, pytest.mark.long, pytest.mark.asyncio(loop_scope="session")]

PATIENCE_SECONDS = 100.0
T = TypeVar("T")
ZONE = "Europe/Berlin"
PLACES = 10
FEED = """<?xml version="1.0"?><rss version="2.0"><channel><title>Harbour news</title>
<item><title>Ferry late &amp; full</title><link>http://harbour.example.org/1</link>
<pubDate>Mon, 23 Nov 2026 08:00:00 GMT</pubDate></item>
<item><title>New crane</title><link>http://harbour.example.org/2</link>
<pubDate>Sun, 22 Nov 2026 08:00:00 GMT</pubDate></item></channel></rss>"""
PAGE = """<html><head><title>The crane</title></head><body><article><h1>The crane</h1>
<p>The new crane of the harbour lifts forty tons. It came by ship in three parts and was put together on the quay.</p>
<p>The old one goes to a museum, where children may climb it. The harbour hopes to unload ships in half the time.</p>
</article></body></html>"""
QUESTIONS = (
    "what is 15% of 320",
    "what is 6*7",
    "how much is 12.5 + 7.25",
    "convert 5 miles to km",
    "convert 98.6 fahrenheit to celsius",
    "what is (3 + 4) * 5 - 6",
    "18% tip on 64.50",
    "what is 2 to the power of 16",
    "how many minutes are 3.5 hours",
    "square root of 144",
    "what is 1000 / 7",
    "average of 4, 8 and 15",
    "what weekday was 9 November 1989",
    "how many days are between 1 March 2026 and 1 April 2026",
    "what weekday is 24 December 2026",
    "what is 15% of 80 and what weekday is 1 May 2027",
    "what is 3*3; what is 4*4; what is 5*5",
    "what is 7*6, then add 8",
    "take 20% of 450, then halve it",
    "@calculator 3 * 7",
    "@clock what weekday is 3 March 2027",
    "list notes",
    "what is 9 squared and convert 10 kg to pounds",
    "please could you tell me what 250 + 250 is?",
    "hello",
    "help",
    "book me a flight to Lisbon",
    "digest of {feed}",
    "read {page}",
    "summarise {page} and what is 8*8",
)


@dataclass(frozen=True)
class World:
    service: Service
    slack: SlackServer
    telegram: TelegramServer
    questions: tuple[str, ...]


@asynccontextmanager
async def world(folder: Path) -> AsyncIterator[World]:
    async with SlackServer(burst=5) as slack, telegram_server() as telegram, web_server() as web:
        slack.add_user("U1", name="ada", tz=ZONE, tz_offset=3600)
        for number in range(PLACES):
            slack.add_channel(f"C{number}", members=["U1"])
        environment = {
            "TELEGRAM_BOT_TOKEN": TOKEN,
            "TELEGRAM_API_URL": telegram.url,
            "TELEGRAM_ALLOWED_USERS": "*",
            "SLACK_BOT_TOKEN": slack.bot_token,
            "SLACK_API_URL": slack.base_url,
            "SLACK_SIGNING_SECRET": slack.signing_secret,
            # Doors that know people's own zones have to know the one that the others assume.
            "FLOWMATE_ZONE": ZONE,
            "FLOWMATE_FETCH_ALLOW": "127.0.0.1",
            "RATE_LIMIT_MAX_REQUESTS": "10000",
        }
        async with running(folder, **environment) as service:
            slack.connect_http(f"{service.base_url}/slack/events")
            yield World(service, slack, telegram, _questions(web))
            assert not slack.pings
            assert not slack.problems
            assert not telegram.refused


def _questions(web: WebServer) -> tuple[str, ...]:
    feed = web.serve("/feed.xml", FEED, type="application/rss+xml")
    page = web.serve("/crane", PAGE)
    return tuple(question.format(feed=feed, page=page) for question in QUESTIONS)


async def test_thirty_questions_get_the_same_answers_through_six_doors(
    tmp_path: Path, browser: Browser
) -> None:
    async with world(tmp_path) as here:
        doors = {
            "api": _through_api(here),
            "page": _through_the_page(here, browser),
            "terminal": _through_terminal(here),
            "slack": _through_slack(here),
            "telegram": _through_telegram(here),
            "schedule": _through_schedules(here),
        }
        answers = dict(zip(doors, await _all(doors.values()), strict=True))
    assert len(set(QUESTIONS)) == 30
    for number, question in enumerate(here.questions):
        expected = _plain(answers["api"][number])
        assert expected, question
        for door, given in answers.items():
            assert _plain(given[number]) == expected, (door, question, given[number])


async def _through_api(here: World) -> list[str]:
    async def one(session: aiohttp.ClientSession, question: str) -> str:
        path = f"{here.service.base_url}/api/v1/agents/delegate/task"
        async with session.post(path, json={"instruction": question}) as response:
            body = await response.json()
            assert response.status == 200, body
            answer: str = body["answer"]
            return answer

    async with _session(here) as session:
        return await _all(one(session, question) for question in here.questions)


async def _through_terminal(here: World) -> list[str]:
    turns = asyncio.Semaphore(2)

    async def one(question: str) -> str:
        async with turns:
            _, out, err = await flowmate("ask", question, environment=here.service.environment)
            assert "Traceback" not in err
            return out

    return await _all(map(one, here.questions))


async def _through_the_page(here: World, browser: Browser) -> list[str]:
    _, link, _ = await here.service.command("link")
    context = await browser.new_context(timezone_id=ZONE)
    page = await context.new_page()
    answers = []
    try:
        await page.goto(link.strip())
        for question in here.questions:
            await page.goto(f"{here.service.base_url}/")
            await page.get_by_label(words.MESSAGE).fill(question)
            await page.keyboard.press("Enter")
            shown = page.locator(".answer:not(.running) .words")
            await expect(shown).to_be_visible()
            assert await page.locator(".turn").count() == 1
            answers.append(await shown.inner_text())
    finally:
        await context.close()
    return answers


async def _through_slack(here: World) -> list[str]:
    slack = here.slack

    async def one(number: int, question: str) -> str:
        channel = f"C{number % PLACES}"
        ts = await slack.say(channel, "U1", f"<@{slack.bot_user}> {question}")

        def own() -> list[str]:
            thread = slack.channel(channel).thread(ts)
            return [_shown(message) for message in thread if message.user == slack.bot_user]

        await slack.wait_for(lambda: own() and not own()[0].startswith("On it."), timeout=PATIENCE_SECONDS)
        await slack.settle()
        (answer,) = own()
        return answer

    return await _all(one(number, question) for number, question in enumerate(here.questions))


def _shown(message: Message) -> str:
    return "\n".join(block["text"] for block in message.blocks if block["type"] == "markdown")


async def _through_telegram(here: World) -> list[str]:
    telegram = here.telegram

    async def one(number: int, question: str) -> str:
        person = telegram.person(f"person{number}")
        chat = telegram.private(person)
        update = await telegram.say(person, chat, question)
        await telegram.until(
            lambda: telegram.shown(chat) and not telegram.shown(chat)[0].text.startswith("On it."),
            seconds=PATIENCE_SECONDS,
        )
        (message,) = telegram.shown(chat)
        assert message.replied == update["message"]["message_id"]
        return message.text

    return await _all(one(number, question) for number, question in enumerate(here.questions))


async def _through_schedules(here: World) -> list[str]:
    """Each as a schedule of its own, due once, and fired by the clock."""
    async with _session(here) as session:
        ids = await _all(_made(session, here, question) for question in here.questions)
        async with asyncio.timeout(PATIENCE_SECONDS):
            runs = await _all(_run(session, here, one) for one in ids)
        assert all(len(run["lastRuns"]) == 1 and run["state"] == "ended" for run in runs)
        assert {run["lastRuns"][0]["outcome"] for run in runs} == {"fired"}
        return await _all(_answer(session, here, run["lastRuns"][0]["delegationId"]) for run in runs)


async def _run(session: aiohttp.ClientSession, here: World, schedule_id: str) -> Any:
    """The schedule, once it has run. It is the clock that is waited for: nothing else says when."""
    while not (found := await _got(session, here, f"schedules/{schedule_id}"))["lastRuns"]:  # noqa: ASYNC110
        await asyncio.sleep(1)
    return found


async def _made(session: aiohttp.ClientSession, here: World, question: str) -> str:
    body = {"instruction": question, "when": "in 1 minute"}
    async with session.post(f"{here.service.base_url}/api/v1/schedules", json=body) as response:
        made = await response.json()
        assert response.status == 201, made
        return str(made["id"])


async def _answer(session: aiohttp.ClientSession, here: World, delegation_id: str) -> str:
    async def found() -> str | None:
        delegation = await _got(session, here, f"delegations/{delegation_id}")
        return None if delegation["status"] == "running" else str(delegation["answer"])

    answer: str = await eventually(found)
    return answer


async def _got(session: aiohttp.ClientSession, here: World, path: str) -> Any:
    async with session.get(f"{here.service.base_url}/api/v1/{path}") as response:
        assert response.status == 200
        return await response.json()


def _session(here: World) -> aiohttp.ClientSession:
    return aiohttp.ClientSession(headers={"Authorization": f"Bearer {here.service.token}"})


async def _all(asked: Iterable[Awaitable[T]]) -> list[T]:
    return list(await asyncio.gather(*asked))


def _plain(answer: str) -> list[str]:
    """The words and numbers of an answer, whatever a place makes of its marks; references are each one's own, and how
    far away a day is changes at midnight, which may come between two doors."""
    text = re.sub(r"reference [0-9a-f]{8}|[\d,]+ days ago|in [\d,]+ days", "", answer)
    text = re.sub(r"\]\([^)]*\)|https?://\S+", " ", text)
    return re.findall(r"[^\W_]+", text)
