"""`flowmate schedules add`, over the real API; rows are those of the bad-input table."""

from __future__ import annotations

from pathlib import Path

import pytest

from adapters.settings import Settings
from bot.cli.client import Api, CallFailed
from bot.cli.schedules import to_body
from tests.integration.http_harness import TOKEN, Service
from tests.integration.test_cli_command import Flowmate

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
