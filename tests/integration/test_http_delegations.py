"""Plans, the list of delegations, and what can be done to one: look, cancel, try again."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from sqlalchemy import Connection, func, select

from adapters.sql import tables
from core.models import Address, Instruction, Person
from tests.integration.http_harness import DELEGATE, DELEGATIONS, PLANS, Service
from tests.services.waiting import eventually

pytest_plugins = ("tests.integration.http_fixtures",)
pytestmark = pytest.mark.asyncio(loop_scope="session")

PULL: dict[str, Any] = {"instruction": "pull the lever", "preferredAgents": ["lever"]}
BOTH: dict[str, Any] = {
    "instruction": "pull the lever and what is 2+2",
    "preferredAgents": ["lever", "calculator"],
}
ASYNC = {"Prefer": "respond-async"}


async def test_a_plan_says_what_would_run(service: Service) -> None:
    reply = await service.post(PLANS, {"instruction": "what is 15% of 320 and what time is it in Tokyo"})
    assert reply.status == 200
    assert reply.body == {
        "planner": "rules",
        "steps": [
            {"agent": "calculator", "task": "what is 15% of 320", "dependsOn": []},
            {"agent": "clock", "task": "what time is it in Tokyo", "dependsOn": []},
        ],
        "question": None,
        "estimate": {"inputTokens": 0, "outputTokens": 0, "costUsd": 0.0},
    }


async def test_a_plan_for_chosen_agents_is_explicit(service: Service) -> None:
    reply = await service.post(PLANS, PULL)
    assert reply.body["planner"] == "explicit"
    assert [step["agent"] for step in reply.body["steps"]] == ["lever"]


async def test_a_plan_for_what_no_agent_fits_is_a_question(service: Service) -> None:
    reply = await service.post(PLANS, {"instruction": "flurb the quonk"})
    assert reply.status == 200
    assert reply.body["steps"] == []
    assert reply.body["question"]


async def test_a_plan_for_an_unknown_agent_is_422(service: Service) -> None:
    reply = await service.post(PLANS, {"instruction": "2+2", "preferredAgents": ["levr"]})
    assert reply.status == 422
    assert "did you mean lever?" in reply.problem


async def test_a_plan_knows_its_conversation(service: Service) -> None:
    talk = {"X-Conversation": "planning"}
    await service.delegate("what is 200+200", headers=talk)
    reply = await service.post(PLANS, {"instruction": "and 10% of that"}, headers=talk)
    assert [step["agent"] for step in reply.body["steps"]] == ["calculator"]


async def test_planning_saves_nothing_and_runs_nothing(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    def rows(connection: Connection) -> int:
        counted = (
            connection.execute(select(func.count()).select_from(table)).scalar_one()
            for table in (tables.delegations, tables.steps, tables.events)
        )
        return sum(counted)

    enqueued: list[Any] = []

    async def enqueue(jobs: Any) -> None:
        enqueued.append(jobs)

    monkeypatch.setattr(service.assembly.queue, "enqueue", enqueue)
    before = await service.assembly.database.read(rows)
    assert len((await service.post(PLANS, {"instruction": "what is 15% of 320"})).body["steps"]) == 1
    assert await service.assembly.database.read(rows) == before
    assert enqueued == []


async def test_the_list_is_newest_first_in_pages_that_join(service: Service) -> None:
    asked = [f"what is {number}+1" for number in range(5)]
    for text in asked:
        await service.delegate(text)
    seen, place = [], f"{DELEGATIONS}?limit=2"
    for _ in range(3):
        page = await service.get(place)
        assert page.status == 200
        assert set(page.body) == {"delegations", "next"}
        assert len(page.body["delegations"]) == 2
        seen += [one["instruction"] for one in page.body["delegations"]]
        place = f"{DELEGATIONS}?limit=2&before={page.body['next']}"
    assert seen[:5] == asked[::-1]


async def test_the_list_can_be_one_conversations(service: Service) -> None:
    for text in ("what is 1+1", "what is 2+2", "what is 3+3"):
        await service.delegate(text, headers={"X-Conversation": "sums-alone"})
        await service.delegate(text)
    first = await service.get(f"{DELEGATIONS}?conversation=sums-alone&limit=2")
    assert [one["instruction"] for one in first.body["delegations"]] == ["what is 3+3", "what is 2+2"]
    rest = await service.get(f"{DELEGATIONS}?conversation=sums-alone&limit=2&before={first.body['next']}")
    assert [one["instruction"] for one in rest.body["delegations"]] == ["what is 1+1"]
    assert (await service.get(f"{DELEGATIONS}?conversation=nobodys")).body["delegations"] == []
    assert (await service.get(f"{DELEGATIONS}?conversation={'a' * 65}")).status == 422


async def test_a_line_of_the_list_says_what_was_asked_and_how_it_went(service: Service) -> None:
    reply = await service.delegate("what is 7*6")
    line = (await service.get(DELEGATIONS)).body["delegations"][0]
    assert set(line) == {
        "delegationId",
        "status",
        "instruction",
        "origin",
        "receivedAt",
        "answeredAt",
        "answer",
    }
    assert line["delegationId"] == reply.body["delegationId"]
    assert (line["status"], line["instruction"], line["origin"]) == ("success", "what is 7*6", "api")
    assert "42" in line["answer"]
    assert line["receivedAt"] < line["answeredAt"]


async def test_the_last_page_has_no_next(service: Service) -> None:
    await service.delegate("2+2")
    whole = (await service.get(f"{DELEGATIONS}?limit=200")).body
    assert whole["next"] is None
    oldest = whole["delegations"][-1]["receivedAt"]
    beyond = await service.get(f"{DELEGATIONS}?before={oldest}")
    assert (beyond.status, beyond.body) == (200, {"delegations": [], "next": None})


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("limit=0", "limit"),
        ("limit=201", "limit"),
        ("limit=many", "limit"),
        ("limit=1e999", "limit"),
        ("before=yesterday", "before"),
        ("before=2026-11-22T10:00:00", "before"),
        ("before=%00", "before"),
    ],
)
async def test_a_page_that_is_none_is_422_naming_the_parameter(
    query: str, field: str, service: Service
) -> None:
    reply = await service.get(f"{DELEGATIONS}?{query}")
    assert reply.status == 422
    assert reply.problem.startswith(f"{field}: ")
    assert reply.fields == [field]


@pytest.mark.parametrize(("method", "action"), [("GET", ""), ("POST", "/cancel"), ("POST", "/retry")])
@pytest.mark.parametrize(
    "name",
    ["0" * 32, "0" * 31, "G" * 32, "preview", "1", "' or 1=1 --", "é" * 32, "A" * 5000, "0" * 32 + "%0a"],
)
async def test_a_delegation_that_is_not_there_is_404(
    name: str, method: str, action: str, service: Service
) -> None:
    reply = await service.call(method, f"{DELEGATIONS}/{name}{action}")
    assert reply.status == 404
    assert reply.problem == "There is no such delegation."


@pytest.mark.parametrize(("method", "action"), [("GET", ""), ("POST", "/cancel"), ("POST", "/retry")])
async def test_another_workspaces_delegation_is_404(method: str, action: str, service: Service) -> None:
    foreign = Instruction(
        key=f"foreign:{method}{action}",
        text="2+2",
        person=Person(id="elsewhere:T1:U1"),
        address=Address(platform="elsewhere", workspace="T1", place="C1"),
        origin="elsewhere",
    )
    receipt = await service.assembly.reception.receive(foreign)
    reply = await service.call(method, f"{DELEGATIONS}/{receipt.delegation_id}{action}")
    assert reply.status == 404
    assert reply.problem == "There is no such delegation."
    listed = (await service.get(f"{DELEGATIONS}?limit=200")).body["delegations"]
    assert receipt.delegation_id not in [one["delegationId"] for one in listed]


async def test_what_is_looked_at_is_the_answer_that_was_given(service: Service) -> None:
    reply = await service.delegate("what is 15% of 320")
    looked = await service.get(f"{DELEGATIONS}/{reply.body['delegationId']}")
    assert looked.status == 200
    assert looked.body == reply.body


async def test_a_running_delegation_can_be_cancelled(service: Service) -> None:
    service.lever.free.clear()
    runs = service.lever.runs
    place = (await service.post(DELEGATE, BOTH, headers=ASYNC)).headers["Location"]
    await eventually(lambda: service.lever.runs == runs + 1)
    await finished(service, place, "calculator")
    reply = await service.post(f"{place}/cancel")
    assert reply.status == 200
    assert reply.body["status"] == "cancelled"
    assert reply.body["answer"].startswith("Cancelled.")
    assert {one["agent"]: one["status"] for one in reply.body["results"]} == {
        "lever": "cancelled",
        "calculator": "succeeded",
    }
    assert "4" in reply.body["answer"]


async def test_somebody_who_waits_learns_that_it_was_cancelled(service: Service) -> None:
    service.lever.free.clear()
    runs = service.lever.runs
    asking = asyncio.create_task(service.post(DELEGATE, PULL))
    await eventually(lambda: service.lever.runs == runs + 1)
    newest = (await service.get(DELEGATIONS)).body["delegations"][0]
    assert newest["status"] == "running"
    await service.post(f"{DELEGATIONS}/{newest['delegationId']}/cancel")
    reply = await asking
    assert (reply.status, reply.body["status"]) == (200, "cancelled")


async def test_what_is_finished_can_not_be_cancelled(service: Service) -> None:
    done = (await service.delegate("2+2")).body["delegationId"]
    reply = await service.post(f"{DELEGATIONS}/{done}/cancel")
    assert reply.status == 409
    assert reply.problem == "It is finished already; there is nothing left to cancel."
    assert (await service.get(f"{DELEGATIONS}/{done}")).body["status"] == "success"


async def test_trying_again_runs_only_what_failed(service: Service) -> None:
    service.lever.broken = True
    first = await service.post(DELEGATE, BOTH)
    assert first.body["status"] == "partial"
    before = {one["agent"]: one for one in first.body["results"]}
    service.lever.broken = False
    service.lever.free.clear()
    place = f"{DELEGATIONS}/{first.body['delegationId']}"
    reply = await service.post(f"{place}/retry")
    assert reply.status == 202
    assert reply.headers["Location"] == place
    assert reply.body["status"] == "running"
    service.lever.free.set()

    async def look() -> Any:
        body = (await service.get(place)).body
        return body if body["status"] != "running" else None

    second = await eventually(look)
    assert second["status"] == "success"
    after = {one["agent"]: one for one in second["results"]}
    assert after["calculator"] == before["calculator"]
    assert after["lever"]["status"] == "succeeded"
    again = await service.post(f"{place}/retry")
    assert again.status == 409


async def test_what_was_cancelled_can_be_tried_again(service: Service) -> None:
    service.lever.free.clear()
    runs = service.lever.runs
    place = (await service.post(DELEGATE, PULL, headers=ASYNC)).headers["Location"]
    await eventually(lambda: service.lever.runs == runs + 1)
    assert (await service.post(f"{place}/cancel")).body["status"] == "cancelled"
    service.lever.free.set()
    assert (await service.post(f"{place}/retry")).status == 202
    await finished(service, place, "lever")


@pytest.mark.parametrize("state", ["succeeded", "running"])
async def test_where_nothing_failed_there_is_nothing_to_try_again(state: str, service: Service) -> None:
    service.lever.free.clear()
    place = (await service.post(DELEGATE, PULL, headers=ASYNC)).headers["Location"]
    if state == "succeeded":
        service.lever.free.set()
        await finished(service, place, "lever")
    reply = await service.post(f"{place}/retry")
    assert reply.status == 409
    assert "nothing failed there" in reply.problem


async def finished(service: Service, place: str, agent: str) -> None:
    """Return once this agent's step has succeeded."""

    async def look() -> bool:
        body = (await service.get(place)).body
        return any(one["agent"] == agent and one["status"] == "succeeded" for one in body["results"])

    await eventually(look)
