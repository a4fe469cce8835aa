"""Health, metrics, and taking instructions while a part is out."""

from __future__ import annotations

import asyncio
import math
import sqlite3
from contextlib import closing
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from adapters.settings import Settings
from bot.cli.summary import read_status
from core.errors import StoreUnavailable
from core.models import Address, Person
from tests.integration.http_harness import DELEGATE, DELEGATIONS, PLANS, TOKEN, Service, fresh
from tests.services.postgresql import PostgreSQL
from tests.services.waiting import eventually

pytest_plugins = ("tests.integration.http_fixtures",)
pytestmark = [
    pytest.mark.asyncio(loop_scope="session"),
    # A server that is killed while the Redis client shakes hands with it leaves the client's socket to the collector.
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]

READY_SECONDS = 5.0
"""How soon a part that is out must be named."""
PULL: dict[str, Any] = {"instruction": "pull the lever", "preferredAgents": ["lever"]}
Samples = dict[tuple[str, tuple[tuple[str, str], ...]], float]


async def readiness(service: Service) -> tuple[int, list[str]]:
    async with asyncio.timeout(READY_SECONDS):
        reply = await service.get("/health/ready", signed_in=False)
    return reply.status, reply.body["failing"]


async def samples(service: Service) -> Samples:
    reply = await service.get("/metrics", signed_in=False)
    assert reply.status == 200
    assert reply.headers["Content-Type"].startswith("text/plain")
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(reply.text)
        for sample in family.samples
    }


async def test_all_is_well(service: Service) -> None:
    assert (await service.get("/health/live", signed_in=False)).body == {"status": "ok"}
    reply = await service.get("/health/ready", signed_in=False)
    assert (reply.status, reply.body) == (
        200,
        {"status": "ok", "failing": [], "parts": {"database": "ok", "queue": "ok"}},
    )


@pytest.mark.parametrize("path", ["/health/live", "/health/ready"])
async def test_health_can_be_asked_by_head(path: str, service: Service) -> None:
    reply = await service.call("HEAD", path, signed_in=False)
    assert (reply.status, reply.text) == (200, "")


async def test_a_queue_that_is_out_is_named_and_back_again_afterwards() -> None:
    async with fresh() as service:
        assert await readiness(service) == (200, [])
        service.valkey.stop()
        assert await readiness(service) == (503, ["queue"])
        assert (await service.get("/health/live", signed_in=False)).status == 200
        numbers = await samples(service)
        assert numbers["flowmate_up", (("part", "queue"),)] == 0
        assert numbers["flowmate_up", (("part", "database"),)] == 1
        assert math.isnan(numbers["flowmate_queue_jobs", (("state", "waiting"),)])
        assert math.isnan(numbers["flowmate_workers", ()])
        service.valkey.start()
        assert await readiness(service) == (200, [])


async def test_a_database_file_that_is_broken_or_lacks_its_tables_is_named() -> None:
    async with fresh(worker=False) as service:
        # Before anything is read from it: SQLite answers from memory what it has read once.
        file = service.folder / "flowmate.sqlite3"
        whole = file.read_bytes()
        file.write_bytes(b"." * len(whole))
        assert await readiness(service) == (503, ["database"])
        assert (await service.get("/health/live", signed_in=False)).status == 200
        assert math.isnan((await samples(service))["flowmate_delegations_overdue", ()])
        file.write_bytes(whole)
        assert await readiness(service) == (200, [])
        with closing(sqlite3.connect(file)) as other:
            other.execute("ALTER TABLE delegations RENAME TO elsewhere")
            assert await readiness(service) == (503, ["database"])
            other.execute("ALTER TABLE elsewhere RENAME TO delegations")
        assert await readiness(service) == (200, [])


@pytest.mark.slow
async def test_a_database_server_that_is_out_is_named_and_nothing_is_taken_meanwhile(
    postgresql_server: PostgreSQL, postgresql_url: str
) -> None:
    async with fresh(DATABASE_URL=postgresql_url) as service:
        assert (await service.delegate("2+2")).body["status"] == "success"
        assert await readiness(service) == (200, [])
        postgresql_server.stop()
        try:
            assert await readiness(service) == (503, ["database"])
            assert (await service.get("/api/v1/status")).body["madeAgents"] is None
            reply = await service.delegate("3+3")
            assert reply.status == 503
            assert int(reply.headers["Retry-After"]) > 0
            assert reply.problem
        finally:
            postgresql_server.start()
        assert await eventually(lambda: back(service))
        assert (await service.delegate("3+3")).body["status"] == "success"


async def back(service: Service) -> bool:
    return await readiness(service) == (200, [])


async def test_with_the_queue_out_work_is_taken_with_a_notice_and_done_when_it_is_back() -> None:
    async with fresh() as service:
        service.valkey.stop()
        reply = await service.delegate("what is 15% of 320")
        assert reply.status == 202
        assert "start a little late" in reply.body["notice"]
        place = reply.headers["Location"]
        assert (await service.get(place)).body["status"] == "running"
        service.valkey.start()

        async def done() -> Any:
            await service.assembly.reconciler.sweep()
            body = (await service.get(place)).body
            return body if body["status"] != "running" else None

        # Reconcile leaves alone what was touched a moment ago: its time is moved up.
        await service.assembly.store.check_later(reply.body["delegationId"], at=service.assembly.clock.now())
        answer = await eventually(done)
        assert "48" in answer["answer"]
        assert "notice" not in answer


async def test_a_database_that_goes_out_while_somebody_waits_does_not_lose_the_work(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def out(*_: Any, **__: Any) -> None:
        raise StoreUnavailable

    with monkeypatch.context() as outage:
        outage.setattr(service.assembly.store, "load", out)
        reply = await service.post(DELEGATE, {"instruction": "2+2"})
        assert reply.status == 202
        assert reply.body["status"] == "running"
    # The worker of this process met the same outage.
    await service.assembly.store.check_later(reply.body["delegationId"], at=service.assembly.clock.now())

    async def done() -> bool:
        await service.assembly.reconciler.sweep()
        return bool((await service.get(reply.headers["Location"])).body["status"] == "success")

    await eventually(done)


async def test_what_comes_in_is_counted_by_what_became_of_it(service: Service) -> None:
    def instructions(numbers: Samples, outcome: str) -> float:
        labels = (("origin", "api"), ("outcome", outcome))
        return numbers.get(("flowmate_instructions_total", labels), 0.0)

    before = await samples(service)
    key = {"Idempotency-Key": "counted"}
    await service.delegate("2+2", headers=key)
    await service.delegate("2+2", headers=key)
    await service.delegate("3+3", headers=key)
    await service.delegate(" ")
    after = await samples(service)
    for outcome in ("accepted", "repeated", "conflict", "invalid"):
        assert instructions(after, outcome) == instructions(before, outcome) + 1, outcome


async def test_requests_are_counted_and_timed_by_route_and_never_by_what_callers_make_up(
    service: Service,
) -> None:
    await service.delegate("2+2")
    await service.get(f"{DELEGATIONS}/{'0' * 32}")
    await service.get("/made/up")
    await service.call("PURGE", "/made/up")
    numbers = await samples(service)
    requests = {dict(labels)["route"] for name, labels in numbers if name == "flowmate_http_requests_total"}
    assert {DELEGATE, f"{DELEGATIONS}/{{delegation_id}}", "none"} <= requests
    assert not [route for route in requests if "made" in route or "000" in route]
    methods = {dict(labels)["method"] for name, labels in numbers if name == "flowmate_http_requests_total"}
    assert "PURGE" not in methods
    missing = (("method", "GET"), ("route", f"{DELEGATIONS}/{{delegation_id}}"), ("status", "404"))
    assert numbers["flowmate_http_requests_total", missing] >= 1
    assert numbers["flowmate_http_request_seconds_count", (("route", DELEGATE),)] >= 1
    assert numbers["flowmate_http_open_requests", ()] == 1, "this very scrape"


async def test_a_request_that_broke_is_counted_as_a_500(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(*_: Any, **__: Any) -> None:
        raise RuntimeError

    labels = (("method", "POST"), ("route", PLANS), ("status", "500"))
    before = (await samples(service)).get(("flowmate_http_requests_total", labels), 0.0)
    monkeypatch.setattr(service.assembly.planner, "plan", broken)
    assert (await service.post(PLANS, {"instruction": "2+2"})).status == 500
    assert (await samples(service))["flowmate_http_requests_total", labels] == before + 1


async def test_the_numbers_are_what_is_in_the_queue_and_what_stands_still() -> None:
    async with fresh(worker=False) as service:
        for _ in range(3):
            reply = await service.post(DELEGATE, {"instruction": "2+2", "timeout": 0})
        numbers = await samples(service)
        assert numbers["flowmate_queue_jobs", (("state", "waiting"),)] == 3
        assert numbers["flowmate_queue_jobs", (("state", "running"),)] == 0
        assert numbers["flowmate_queue_jobs", (("state", "failed"),)] == 0
        assert numbers["flowmate_workers", ()] == 0
        assert numbers["flowmate_delegations_overdue", ()] == 0
        assert "process_resident_memory_bytes" in {name for name, _ in numbers}
        now = service.assembly.clock.now()
        await service.assembly.store.check_later(reply.body["delegationId"], at=now)
        assert (await samples(service))["flowmate_delegations_overdue", ()] == 1


async def test_a_running_job_and_its_worker_are_seen(service: Service) -> None:
    service.lever.free.clear()
    runs = service.lever.runs
    await service.post(DELEGATE, PULL, headers={"Prefer": "respond-async"})
    await eventually(lambda: service.lever.runs == runs + 1)
    numbers = await samples(service)
    assert numbers["flowmate_queue_jobs", (("state", "running"),)] >= 1
    assert numbers["flowmate_workers", ()] == 1


async def test_the_status_says_what_is_connected(service: Service) -> None:
    reply = await service.get("/api/v1/status")
    assert reply.status == 200
    assert set(reply.body) == {"platforms", "model", "agents", "replacedAgents", "madeAgents"}
    assert "lever" in reply.body["agents"]
    at = Address(platform="toy", workspace="W-status", place="P")
    fields = {"name": "counted-here", "description": "Counts."}
    await service.assembly.shop.create(fields, by=Person(id="toy:W-status:cleo"), at=at)
    assert (await service.get("/api/v1/status")).body["madeAgents"] == reply.body["madeAgents"] + 1
    status = await read_status(Settings(flowmate_port=service.port, flowmate_operator_token=TOKEN))
    assert status is not None
    assert status.made_agents == reply.body["madeAgents"] + 1
    assert [one["connected"] for one in reply.body["platforms"]] == [False] * len(reply.body["platforms"])
