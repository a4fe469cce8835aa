"""Schedules over the API, with a real worker and the alarm clock on a real Valkey."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from adapters.queue.alarm_clock import AlarmClock, alarm_id
from adapters.queue.connection import connect
from core.models import Person
from core.rendering import questions
from core.schedules.firing import to_firing
from tests.integration.http_harness import Service
from tests.services.waiting import eventually

pytest_plugins = ("tests.integration.http_fixtures",)
pytestmark = pytest.mark.asyncio(loop_scope="session")

SCHEDULES = "/api/v1/schedules"
DAILY: dict[str, Any] = {"instruction": "what is 2+2", "when": "every weekday at 9", "zone": "Europe/Berlin"}


async def test_a_schedule_shows_how_it_was_understood_and_its_next_three_runs(service: Service) -> None:
    reply = await service.post(SCHEDULES, DAILY)
    assert reply.status == 201
    assert (reply.body["when"], reply.body["cron"]) == (
        "every weekday at 09:00 (Europe/Berlin)",
        "0 9 * * 1-5",
    )
    runs = [datetime.fromisoformat(run) for run in reply.body["nextRuns"]]
    assert len(runs) == 3
    assert all(run > datetime.now(UTC) and run.weekday() < 5 for run in runs)
    listed = await service.get(SCHEDULES)
    assert reply.body["id"] in [one["id"] for one in listed.body]
    path = f"{SCHEDULES}/{reply.body['id']}"
    assert (await service.post(f"{path}/pause")).body["state"] == "paused"
    assert (await service.post(f"{path}/pause")).status == 409
    assert (await service.post(f"{path}/resume")).body["state"] == "active"
    assert (await service.call("DELETE", path)).body["state"] == "deleted"
    assert reply.body["id"] not in [one["id"] for one in (await service.get(SCHEDULES)).body]


WRONG: list[tuple[dict[str, Any], str, str]] = [
    ({"cron": "0 9 * * * *"}, "cron", "five fields"),
    ({"cron": "R * * * *"}, "cron", "minute"),
    ({"cron": "*/61 * * * *"}, "cron", "minute"),
    ({"cron": "5-1 * * * *"}, "cron", "minute"),
    ({"cron": "0 0 30 2 *"}, "cron", "never comes"),
    ({"everySeconds": 59}, "everySeconds", "every minute"),
    ({"when": "every day"}, "when", "At what time?"),
    ({"when": "every day at 9 send news"}, "when", "nothing else"),
    ({"when": "every day at 9", "cron": "0 9 * * *"}, "when", "exactly one"),
    ({}, "when", "exactly one"),
    *[
        ({"cron": "0 9 * * *", "zone": zone}, "zone", near)
        for zone, near in [
            ("europe/berlin", "Europe/Berlin"),
            ("../../etc/passwd", "near to it"),
            ("UTC+25", "UTC"),
            ("localtime", "near to it"),
            ("Factory", "near to it"),
            ("Europe", "Europe/"),
            ("", "Europe/Berlin"),
        ]
    ],
    ({"cron": "0 9 * * *", "instruction": "\u200b"}, "instruction", "nothing to do"),
    ({"cron": "0 9 * * *", "instruction": "x" * 5001}, "instruction", "5,000 characters at most"),
    ({"when": "every day at 9 Europe/Berln"}, "when", "Europe/Berlin"),
    ({"when": "every 30 seconds"}, "when", "every minute"),
    ({"everySeconds": 10**18}, "everySeconds", "less than"),
    ({"cron": "0 9 * * *", "missedWithinSeconds": 10**18}, "missedWithinSeconds", "less than"),
    ({"cron": "0 9 * * *", "surprise": 1}, "surprise", "no such field"),
]
NO_JSON_OF_OURS = [
    ('"everySeconds": NaN', "everySeconds"),
    ('"everySeconds": 1e999', "everySeconds"),
    ('"everySeconds": ' + "9" * 5000, "everySeconds"),
    ('"cron": "0 9 * * *", "cron": "0 8 * * *"', "cron"),
]


@pytest.mark.parametrize(("given", "field", "said"), WRONG)
async def test_rows_27_to_29_what_can_not_be_is_422_naming_the_field(
    service: Service, given: dict[str, Any], field: str, said: str
) -> None:
    before = (await service.get(SCHEDULES)).body
    reply = await service.post(SCHEDULES, {"instruction": "what is 2+2", **given})
    assert reply.status == 422
    assert reply.fields == [field]
    assert said in reply.problem
    assert (await service.get(SCHEDULES)).body == before


@pytest.mark.parametrize(("written", "field"), NO_JSON_OF_OURS)
async def test_row_25_what_is_no_json_of_ours_is_422_naming_the_field(
    service: Service, written: str, field: str
) -> None:
    body = f'{{"instruction": "what is 2+2", {written}}}'
    reply = await service.call("POST", SCHEDULES, data=body, headers={"Content-Type": "application/json"})
    assert reply.status == 422
    assert reply.fields == [field]


async def test_a_refusal_is_the_sentence_that_a_chat_would_say(service: Service) -> None:
    """The field stands beside the sentence, not in front of it: `flowmate schedules add` shows it as it is."""
    reply = await service.post(SCHEDULES, {"instruction": "what is 2+2", "when": "every day"})
    assert reply.problem == questions.AT_WHAT_TIME
    assert reply.body["errors"] == [{"field": "when", "message": questions.AT_WHAT_TIME}]


async def test_run_now_gives_an_answer(service: Service) -> None:
    made = await service.post(SCHEDULES, DAILY)
    path = f"{SCHEDULES}/{made.body['id']}"
    ran = await service.post(f"{path}/run")
    assert ran.status == 200
    (run,) = ran.body["lastRuns"]
    assert run["outcome"] == "manual"

    async def answered() -> bool:
        found = await service.get(f"/api/v1/delegations/{run['delegationId']}")
        return bool(found.body["status"] == "success")

    await eventually(answered)
    await service.call("DELETE", path)


async def test_an_alarm_wakes_a_worker_which_begins_what_is_due(service: Service) -> None:
    made = await service.post(SCHEDULES, {"instruction": "what is 3+3", "everySeconds": 60})
    assembly = service.assembly
    schedule = await assembly.schedules.load(made.body["id"])
    now = datetime.now(UTC).replace(microsecond=0)
    past = schedule.model_copy(update={"next_slot": now - timedelta(seconds=1)})
    assert await assembly.schedules.change(past, expected=(schedule.state,), now=now)
    clock = AlarmClock(connect(assembly.settings.redis_url or ""))
    await asyncio.to_thread(clock.arm, [now - timedelta(seconds=1)])
    assert await asyncio.to_thread(clock.armed, [now - timedelta(seconds=1)])
    assert await asyncio.to_thread(clock.strike) == 1
    assert await asyncio.to_thread(clock.strike) == 0

    async def fired() -> bool:
        return bool(await assembly.schedules.slots(schedule.id))

    await eventually(fired)
    (slot,) = await assembly.schedules.slots(schedule.id)
    assert slot.outcome.value == "fired"
    await service.call("DELETE", f"{SCHEDULES}/{schedule.id}")


async def test_a_schedule_for_once_is_never_shown_as_still_to_come_with_its_only_run_behind_it(
    service: Service,
) -> None:
    """What is shown is of one instant, whenever the schedule fires."""
    body = {"instruction": "what is 4+4", "when": "in 30 minutes"}
    made = [(await service.post(SCHEDULES, body)).body["id"] for _ in range(20)]
    schedules = service.assembly.schedules
    shown: list[Any] = []

    async def look(schedule_id: str) -> None:
        while not shown or shown[-1]["state"] == "active":
            shown.append((await service.get(f"{SCHEDULES}/{schedule_id}")).body)
        listed = (await service.get(SCHEDULES)).body
        shown.extend(one for one in listed if one["id"] in made)

    for schedule_id in made:
        shown.clear()
        looking = [asyncio.create_task(look(schedule_id)) for _ in range(4)]
        await eventually(lambda: bool(shown))
        schedule = await schedules.load(schedule_id)
        due = schedule.next_slot or datetime.now(UTC)
        await schedules.fire([to_firing(schedule, now=due)], now=datetime.now(UTC))
        await asyncio.gather(*looking)
        torn = [one for one in shown if (one["state"] == "active") == bool(one["lastRuns"])]
        assert not torn


async def test_an_unknown_schedule_and_another_workspaces_are_404(service: Service) -> None:
    assert (await service.get(f"{SCHEDULES}/nothing")).status == 404
    made = await service.post(SCHEDULES, DAILY)
    schedule = await service.assembly.schedules.load(made.body["id"])
    foreign = schedule.model_copy(
        update={
            "id": "foreign",
            "person": Person(id="slack:T1:ada"),
            "address": schedule.address.model_copy(update={"platform": "slack", "workspace": "T1"}),
        }
    )
    await service.assembly.schedules.save(foreign)
    assert (await service.get(f"{SCHEDULES}/foreign")).status == 404
    assert to_firing(schedule, now=schedule.next_slot or datetime.now(UTC)).instruction is not None
    assert alarm_id(datetime.fromtimestamp(60, UTC)) == "alarm-60"
