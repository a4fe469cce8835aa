"""An agent's file with a `schedule`, dropped into the data folder of a real service."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from adapters.sql.database import Database
from adapters.sql.schedules import SqlSchedules
from core.models import ScheduleState
from tests.counterparts.slack import Message, SlackServer
from tests.integration.service import ANSWER_SECONDS, running

pytestmark = [pytest.mark.slow, pytest.mark.long]

TICKER = """---
name: ticker
description: Works out how much is made in a week.
tools: [calculate]
schedule: "every weekday at 9 Europe/Berlin: 6*7"
post_to: slack:{team}:C1
---
Call the tool.
"""
MOODY = """---
name: moody
description: Works when it likes to.
tools: [calculate]
schedule: every blue moon
---
Call the tool.
"""
SENTENCE = 'The agent moody does not run by itself, its schedule "every blue moon" can\'t be'


async def test_it_runs_at_its_slot_and_one_that_can_not_be_is_told_of(tmp_path: Path) -> None:
    async with SlackServer(burst=5) as slack:
        slack.add_user("U1", name="ada", tz="Europe/Berlin", tz_offset=3600)
        slack.add_channel("C1", members=["U1"])
        agents = tmp_path / "data" / "agents"
        agents.mkdir(parents=True)
        (agents / "ticker.md").write_text(TICKER.format(team=slack.team))
        (agents / "moody.md").write_text(MOODY)
        environment = {
            "SLACK_BOT_TOKEN": slack.bot_token,
            "SLACK_API_URL": slack.base_url,
            "SLACK_APP_TOKEN": slack.app_token,
        }
        async with running(tmp_path, **environment) as service:
            code, out, err = await service.command("schedules", "list")
            assert code == 0, err
            assert "1. every weekday at 09:00 (Europe/Berlin)  @ticker 6*7" in out
            await _let_it_be_due_soon(tmp_path / "data" / "flowmate.sqlite3")
            message = await slack.wait_for(lambda: _answer(slack), timeout=ANSWER_SECONDS)
            assert message is not None
            _, out, _ = await service.command("doctor", "--json")
            assert SENTENCE.replace('"', '\\"') in out
            assert any(SENTENCE in line for line in service.output), service.output


async def _let_it_be_due_soon(path: Path) -> None:
    database = Database(f"sqlite:///{path}")
    schedules = SqlSchedules(database)
    try:
        (row,) = await schedules.of_agents()
        now = datetime.now(UTC)
        # In a moment, not now: the alarm clock sees it coming, and nobody has to wait for the sweep.
        due = row.model_copy(update={"next_slot": now.replace(microsecond=0) + timedelta(seconds=3)})
        assert await schedules.change(due, expected=(ScheduleState.ACTIVE,), now=now)
    finally:
        database.close()


def _answer(slack: SlackServer) -> Message | None:
    return next((message for message in slack.channel("C1").messages if "42" in message.everything), None)
