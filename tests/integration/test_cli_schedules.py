"""`flowmate schedules add`, over the real API; rows are those of the bad-input table."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

import pytest

from adapters.settings import Settings
from bot.cli.client import Api, CallFailed
from bot.cli.schedules import to_body
from core.rendering import schedules as words
from tests.integration.http_harness import TOKEN, Service
from tests.integration.test_cli_command import Flowmate
from tests.integration.test_page import known
from tests.services.waiting import eventually

pytest_plugins = ("tests.integration.http_fixtures",)
pytestmark = pytest.mark.asyncio(loop_scope="session")

WRONG: list[tuple[str, str | None, str]] = [
    ("0 9 * * * *", None, "exactly five fields"),
    ("R * * * *", None, "The minute (R)"),
    ("*/61 * * * *", None, "The minute (*/61)"),
    ("5-1 * * * *", None, "The minute (5-1)"),
    ("0 0 30 2 *", None, "The day of the month (30) never comes in the month (2)"),
    ("every 30 seconds", None, "every minute is the shortest"),
    ("every day", None, "At what time?"),
    *[
        ("every day at 9", zone, near)
        for zone, near in [
            ("europe/berlin", "Europe/Berlin"),
            ("../../etc/passwd", "near to it are"),
            ("UTC+25", "near to it are UTC"),
            ("localtime", "near to it are"),
            ("Factory", "near to it are"),
            ("Europe", "near to it are Europe/"),
            ("", "The time zone is empty; near to it are"),
        ]
    ],
]


@pytest.mark.parametrize(("when", "zone", "said"), WRONG)
async def test_rows_27_to_29_what_can_not_be_is_said_and_why(
    service: Service, when: str, zone: str | None, said: str
) -> None:
    settings = Settings(flowmate_port=service.port, flowmate_operator_token=TOKEN)
    async with Api(settings) as api:
        before = await api.schedules()
        with pytest.raises(CallFailed) as refused:
            await api.add_schedule(to_body(when, "what is 2+2", zone=zone))
        assert said in refused.value.sentence
        assert await api.schedules() == before


async def test_the_command_says_it_in_a_sentence_and_fails(service: Service, tmp_path: Path) -> None:
    flowmate = Flowmate(tmp_path, port=service.port)
    ran = await flowmate.run(
        "schedules", "add", "5-1 * * * *", "what is 2+2", environment={"FLOWMATE_OPERATOR_TOKEN": TOKEN}
    )
    assert (ran.code, ran.out) == (1, "")
    assert "The minute (5-1)" in ran.err
    assert "Traceback" not in ran.err


async def test_what_a_schedule_answers_is_on_the_page_and_the_terminal_says_so(
    service: Service, tmp_path: Path
) -> None:
    flowmate = Flowmate(tmp_path, port=service.port, token=TOKEN)
    chat = await flowmate.run("chat", typed="every day at 9 what is 6*7\nyes\n")
    assert chat.out.count(words.IN_ITS_CHAT) == 1
    number = re.findall(r"Schedule (\d+)", chat.out)[-1]
    added = await flowmate.run("schedules", "add", "every day at 9", "what is 2+2")
    assert words.ON_THE_PAGE in added.out
    assert words.ON_THE_PAGE in (await flowmate.run("schedules", "run", number)).out

    async def ran() -> str | None:
        answered = [
            one.instruction.address.place
            for one in await service.assembly.store.recent(workspace="local", limit=9)
            if (one.instruction.origin, one.instruction.text) == ("schedule", "what is 6*7")
            and one.answered_at
        ]
        return answered[0] if answered else None

    place = await eventually(ran)
    listed = (await flowmate.run("schedules", "list")).out
    [mine] = [lines for lines in re.split(r"^(?=\d+\. )", listed, flags=re.M) if "6*7" in lines]
    assert re.search(r"Last run: .*\n   success: .*42", mine)
    browser = await known(service)
    assert f"/conversations/{place}" in (await browser.get("/")).text, "where the page lists it"
    assert "42" in (await browser.get(f"/conversations/{place}")).text
    for one in await service.assembly.schedules.listed("local", "local"):
        await service.assembly.desk.apply("delete", one)


async def test_an_answer_that_comes_by_itself_is_shown_at_the_prompt_of_its_chat(
    service: Service, tmp_path: Path
) -> None:
    flowmate = Flowmate(tmp_path, port=service.port, token=TOKEN)
    async with flowmate.on_a_terminal("chat") as terminal:
        for times, text in enumerate(["every day at 9 what is 6*7", "yes"], start=1):
            await terminal.shows("you> ", times=times)
            terminal.type(f"{text}\r")
        await terminal.shows("you> ", times=3)
        terminal.type("what is 1")
        [schedule] = await service.assembly.schedules.listed("local", "local")
        assert b"42" not in terminal.screen
        await service.assembly.desk.apply("run", schedule)
        await terminal.shows("42")
        await terminal.shows("you> what is 1")
        terminal.type("99+1\r")
        await terminal.shows("200")
        await terminal.shows("you> ", times=5)
        assert terminal.screen.count(b"42") == 1, "once"
        terminal.type("exit\r")
        assert await asyncio.wait_for(terminal.process.wait(), 20) == 0
    await service.assembly.desk.apply("delete", schedule)
