"""Schedules of the operator's whose answers go into a chat: looked up when they are made, and posted there."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from tests.counterparts.slack import SlackServer
from tests.integration.http_harness import TOKEN, Service, fresh
from tests.integration.test_cli_command import Flowmate
from tests.services.waiting import eventually

pytestmark = [pytest.mark.slow, pytest.mark.asyncio(loop_scope="module")]
SCHEDULES = "/api/v1/schedules"
SUM = {"instruction": "what is 6*7", "when": "every weekday at 9", "zone": "Europe/Berlin"}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def slack() -> AsyncIterator[SlackServer]:
    async with SlackServer(burst=50) as server:
        server.add_user("U1", name="ada", tz="Europe/Berlin")
        server.add_channel("C1", members=["U1", "U0BOT"])
        server.add_channel("C2", members=["U1"], bot_is_member=False)
        yield server


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def service(slack: SlackServer) -> AsyncIterator[Service]:
    connected = {
        "SLACK_BOT_TOKEN": slack.bot_token,
        "SLACK_SIGNING_SECRET": slack.signing_secret,
        "SLACK_API_URL": slack.base_url,
    }
    async with fresh(**connected) as running:
        yield running


async def test_it_is_made_in_the_terminal_listed_there_and_answered_in_the_channel(
    service: Service, slack: SlackServer, tmp_path: Path
) -> None:
    flowmate, token = Flowmate(tmp_path, port=service.port), {"FLOWMATE_OPERATOR_TOKEN": TOKEN}
    place = f"slack:{slack.team}:C1"
    added = await flowmate.run(
        "schedules", "add", "every day at 9", "what is 6*7", "--to", place, environment=token
    )
    assert (added.code, added.err) == (0, "")
    assert f"Its answers go to {place}." in added.out
    listed = await flowmate.run("schedules", "list", environment=token)
    assert f"Its answers go to {place}." in listed.out
    number = listed.out.split(".")[0]
    assert (await flowmate.run("schedules", "run", number, environment=token)).code == 0
    await eventually(lambda: any("42" in text for text in slack.channel("C1").texts))


WRONG = [
    (
        "C1",
        "names no place to post to: it takes platform:workspace:place, such as slack:T0123:C0456 or telegram:",
    ),
    ("fax:W1:12345", "names no place to post to"),
    ("local:local:schedules", "names no place to post to"),
    ("telegram:-1:-1", "Telegram is not connected in this process; set TELEGRAM_BOT_TOKEN."),
    (
        "slack:{team}:C2",
        "The answers can't go to slack:{team}:C2: FlowMate is no member of that Slack channel",
    ),
    ("slack:T9999:C1", "installed in the workspace {team}, not in T9999"),
]


@pytest.mark.parametrize(("place", "said"), WRONG)
async def test_where_nothing_can_be_posted_no_schedule_is_made(
    service: Service, slack: SlackServer, place: str, said: str
) -> None:
    before = (await service.get(SCHEDULES)).body
    reply = await service.post(SCHEDULES, {**SUM, "postTo": place.format(team=slack.team)})
    assert reply.status == 422
    assert said.format(team=slack.team) in reply.problem
    assert reply.fields == ["postTo"]
    assert (await service.get(SCHEDULES)).body == before


async def test_a_platform_that_does_not_answer_is_503_and_nothing_is_made(
    service: Service, slack: SlackServer
) -> None:
    before = (await service.get(SCHEDULES)).body
    slack.fail_next("conversations.history", "503")
    reply = await service.post(SCHEDULES, {**SUM, "postTo": f"slack:{slack.team}:C1"})
    assert reply.status == 503
    assert reply.problem.startswith(
        "Slack did not say whether something can be posted there; nothing was saved."
    )
    assert (await service.get(SCHEDULES)).body == before


async def test_only_the_operator_may(service: Service, slack: SlackServer) -> None:
    asked = len(slack.calls("conversations.history"))
    body = {**SUM, "postTo": f"slack:{slack.team}:C1"}
    assert (await service.post(SCHEDULES, body, signed_in=False)).status == 401
    assert len(slack.calls("conversations.history")) == asked
