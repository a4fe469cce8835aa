"""Delegating a task over HTTP: the answer, waiting for it, and asking twice."""

from __future__ import annotations

import asyncio
import re
from typing import Any

import aiohttp
import pytest

from tests.integration.http_harness import AUTHORIZED, DELEGATE, Service
from tests.services.waiting import eventually

pytest_plugins = ("tests.integration.http_fixtures",)
pytestmark = pytest.mark.asyncio(loop_scope="session")

PULL: dict[str, Any] = {"instruction": "pull the lever", "preferredAgents": ["lever"]}


async def test_the_answer_is_exactly_the_documented_object(service: Service) -> None:
    reply = await service.delegate("what is 15% of 320 and what time is it in Tokyo")
    assert reply.status == 200
    assert set(reply.body) == {"delegationId", "status", "answer", "results", "metrics"}
    assert reply.body["status"] == "success"
    assert "48" in reply.body["answer"]
    assert [result["agent"] for result in reply.body["results"]] == ["calculator", "clock"]
    for result in reply.body["results"]:
        assert set(result) == {"agent", "status", "output", "error", "attempts", "executionTimeMs"}
        assert (result["status"], result["error"], result["attempts"]) == ("succeeded", None, 1)
    metrics = dict(reply.body["metrics"])
    assert metrics.pop("totalMs") >= 0
    assert metrics == {
        "agents": 2,
        "succeeded": 2,
        "failed": 0,
        "retries": 0,
        "inputTokens": 0,
        "outputTokens": 0,
        "costUsd": 0.0,
    }


async def test_a_question_that_no_agent_fits_is_answered_with_a_question(service: Service) -> None:
    reply = await service.delegate("flurb the quonk")
    assert reply.status == 200
    assert reply.body["results"] == []
    assert reply.body["status"] == "failed"
    assert reply.body["answer"]


async def test_a_failing_agent_is_named_with_its_reason_and_never_with_an_exception(service: Service) -> None:
    service.lever.broken = True
    reply = await service.post(DELEGATE, PULL)
    assert reply.status == 200
    assert reply.body["status"] == "failed"
    assert [result["status"] for result in reply.body["results"]] == ["failed"]
    assert "The lever is stuck." in reply.body["answer"]
    assert "Traceback" not in reply.text
    assert reply.body["metrics"]["failed"] == 1


async def test_after_the_timeout_it_is_202_with_a_location_that_leads_to_the_answer(service: Service) -> None:
    service.lever.free.clear()
    reply = await service.post(DELEGATE, {**PULL, "timeout": 50})
    assert reply.status == 202
    assert set(reply.body) == {"delegationId", "status", "answer", "results", "metrics"}
    assert (reply.body["status"], reply.body["answer"]) == ("running", None)
    assert reply.headers["Location"] == f"/api/v1/delegations/{reply.body['delegationId']}"
    service.lever.free.set()
    assert (await answered(service, reply.headers["Location"]))["answer"].startswith("pulled")


async def test_a_timeout_of_nothing_does_not_wait(service: Service) -> None:
    service.lever.free.clear()
    assert (await service.post(DELEGATE, {**PULL, "timeout": 0})).status == 202


@pytest.mark.parametrize(
    "prefer",
    [
        "respond-async",
        "Respond-Async",
        "wait=10, respond-async",
        "respond-async; q=1",
        "respond-async,wait=5",
    ],
)
async def test_respond_async_is_202_at_once(prefer: str, service: Service) -> None:
    service.lever.free.clear()
    reply = await service.post(DELEGATE, PULL, headers={"Prefer": prefer})
    assert reply.status == 202
    assert reply.headers["Preference-Applied"] == "respond-async"
    service.lever.free.set()
    assert (await answered(service, reply.headers["Location"]))["status"] == "success"


async def test_another_preference_that_only_sounds_like_it_is_not_applied(service: Service) -> None:
    reply = await service.post(DELEGATE, PULL, headers={"Prefer": "no-respond-async"})
    assert reply.status == 200
    assert "Preference-Applied" not in reply.headers


async def test_the_same_key_and_request_is_one_delegation_with_one_answer(service: Service) -> None:
    key = {"Idempotency-Key": "twice"}
    before = service.lever.runs
    first = await service.post(DELEGATE, PULL, headers=key)
    second = await service.post(DELEGATE, {**PULL, "timeout": 9000}, headers=key)
    assert (first.status, second.status) == (200, 200)
    assert first.body == second.body
    assert service.lever.runs == before + 1


async def test_ten_at_once_with_the_same_key_are_one_delegation_with_one_answer(service: Service) -> None:
    before = service.lever.runs
    calls = [service.post(DELEGATE, PULL, headers={"Idempotency-Key": "ten"}) for _ in range(10)]
    replies = await asyncio.gather(*calls)
    assert {reply.status for reply in replies} == {200}
    assert all(reply.body == replies[0].body for reply in replies)
    assert service.lever.runs == before + 1


@pytest.mark.parametrize(
    ("other", "headers"),
    [
        ({**PULL, "instruction": "pull the lever twice"}, {}),
        ({"instruction": PULL["instruction"]}, {}),
        (PULL, {"X-Conversation": "elsewhere"}),
    ],
    ids=["instruction", "agents", "conversation"],
)
async def test_the_same_key_with_another_request_is_422(
    other: dict[str, Any], headers: dict[str, str], service: Service, request: pytest.FixtureRequest
) -> None:
    key = {"Idempotency-Key": request.node.callspec.id}
    assert (await service.post(DELEGATE, PULL, headers=key)).status == 200
    reply = await service.post(DELEGATE, other, headers={**key, **headers})
    assert reply.status == 422
    assert "was used for another request" in reply.problem
    assert reply.fields == ["Idempotency-Key"]


@pytest.mark.parametrize("key", ["", "two words", "x" * 201, "ключ"])
async def test_a_key_that_is_no_key_is_422(key: str, service: Service) -> None:
    reply = await service.post(DELEGATE, PULL, headers={"Idempotency-Key": key})
    assert reply.status == 422
    assert reply.fields == ["Idempotency-Key"]


async def test_an_unknown_agent_is_422_naming_the_nearest_and_all(service: Service) -> None:
    reply = await service.delegate("2+2", preferredAgents=["clock", "calcluator"])
    assert reply.status == 422
    assert reply.fields == ["preferredAgents.1"]
    assert "did you mean calculator?" in reply.problem
    for name in service.assembly.agents:
        assert name in reply.problem


async def test_a_conversation_remembers_what_was_said_before(service: Service) -> None:
    talk = {"X-Conversation": "sums"}
    first = await service.delegate("what is 200+200", headers=talk)
    assert "400" in first.body["answer"]
    second = await service.delegate("and 10% of that", headers=talk)
    assert (second.status, second.body["status"]) == (200, "success")
    assert re.search(r"\b40\b", second.body["answer"])


async def test_without_a_conversation_nothing_is_remembered(service: Service) -> None:
    await service.delegate("what is 200+200")
    reply = await service.delegate("and 10% of that")
    assert reply.body["status"] == "failed"


@pytest.mark.parametrize("name", ["../etc", "a b", "x" * 65, "é"])
async def test_a_conversation_with_an_odd_name_is_422(name: str, service: Service) -> None:
    reply = await service.delegate("2+2", headers={"X-Conversation": name})
    assert reply.status == 422
    assert reply.fields == ["X-Conversation"]


async def test_a_caller_that_leaves_while_waiting_stops_nothing_but_the_waiting(service: Service) -> None:
    service.lever.free.clear()
    runs = service.lever.runs
    async with aiohttp.ClientSession() as impatient:
        headers = {**AUTHORIZED, "Idempotency-Key": "left"}
        asking = asyncio.create_task(impatient.post(service.url + DELEGATE, json=PULL, headers=headers))
        await eventually(lambda: service.lever.runs == runs + 1)
        assert len(waiting()) == 1
        asking.cancel()
        await asyncio.gather(asking, return_exceptions=True)
    await eventually(lambda: not waiting())
    service.lever.free.set()
    reply = await service.post(DELEGATE, PULL, headers={"Idempotency-Key": "left"})
    assert (reply.status, reply.body["status"]) == (200, "success")
    assert service.lever.runs == runs + 1


async def test_asking_again_after_a_retry_waits_for_the_new_answer(service: Service) -> None:
    key = {"Idempotency-Key": "again"}
    service.lever.broken = True
    first = await service.post(DELEGATE, PULL, headers=key)
    assert first.body["status"] == "failed"
    service.lever.broken = False
    service.lever.free.clear()
    assert (await service.post(f"/api/v1/delegations/{first.body['delegationId']}/retry")).status == 202
    asking = asyncio.create_task(service.post(DELEGATE, PULL, headers=key))
    await eventually(lambda: len(waiting()) == 1)
    service.lever.free.set()
    second = await asking
    assert (second.status, second.body["status"]) == (200, "success")


def waiting() -> list[asyncio.Task[Any]]:
    """What goes on in the loop because somebody waits for an answer."""
    return [task for task in asyncio.all_tasks() if getattr(task.get_coro(), "__name__", "") == "answered"]


async def answered(service: Service, place: str) -> dict[str, Any]:
    async def look() -> dict[str, Any] | None:
        reply = await service.get(place)
        assert reply.status == 200
        return reply.body if reply.body["status"] != "running" else None

    found: dict[str, Any] = await eventually(look)
    return found
