"""The event stream: everything from the beginning, in order, as it happens, and nothing left behind."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import aiohttp
import pytest

from core.errors import StoreUnavailable
from core.models import Address, EventKind, Instruction, Person
from tests.integration.http_harness import AUTHORIZED, DELEGATE, DELEGATIONS, Service
from tests.services.waiting import eventually

pytest_plugins = ("tests.integration.http_fixtures",)
pytestmark = pytest.mark.asyncio(loop_scope="session")

PULL: dict[str, Any] = {"instruction": "pull the lever", "preferredAgents": ["lever"]}
ASYNC = {"Prefer": "respond-async"}
WHOLE = [
    "instruction.received",
    "delegation.planned",
    "step.started",
    "step.ended",
    "delegation.answered",
    "delegation.delivered",
]


async def read(socket: aiohttp.ClientWebSocketResponse) -> list[dict[str, Any]]:
    """Everything up to the end of the stream."""
    return [json.loads(message.data) async for message in socket]


async def pulling(service: Service) -> str:
    """The id of a delegation whose lever is being held."""
    service.lever.free.clear()
    runs = service.lever.runs
    reply = await service.post(DELEGATE, PULL, headers=ASYNC)
    await eventually(lambda: service.lever.runs == runs + 1)
    identifier: str = reply.body["delegationId"]
    return identifier


async def test_what_has_happened_comes_in_order_and_then_the_stream_ends(service: Service) -> None:
    done = (await service.post(DELEGATE, PULL)).body["delegationId"]
    async with service.events(done) as socket:
        events = await read(socket)
    assert [event["kind"] for event in events if event["kind"] != "step.tool"] == WHOLE
    assert [event["sequence"] for event in events] == list(range(1, len(events) + 1))
    assert {event["delegationId"] for event in events} == {done}
    assert set(events[0]) == {"sequence", "delegationId", "kind", "at", "data"}
    assert socket.close_code == aiohttp.WSCloseCode.OK


async def test_what_happens_comes_while_it_happens(service: Service) -> None:
    identifier = await pulling(service)
    async with service.events(identifier) as socket:
        early = [json.loads(await socket.receive_str(timeout=5))["kind"] for _ in range(3)]
        assert early == WHOLE[:3]
        service.lever.free.set()
        late = [event["kind"] for event in await read(socket)]
    assert [kind for kind in late if kind != "step.tool"] == WHOLE[3:]


async def test_what_was_seen_already_can_be_left_out(service: Service) -> None:
    done = (await service.post(DELEGATE, PULL)).body["delegationId"]
    async with service.events(done, after="2") as socket:
        assert (await read(socket))[0]["sequence"] == 3


async def test_several_watch_the_same_delegation(service: Service) -> None:
    identifier = await pulling(service)
    async with service.events(identifier) as one, service.events(identifier) as other:
        service.lever.free.set()
        first, second = await asyncio.gather(read(one), read(other))
    assert first == second


async def test_a_retry_goes_on_in_the_same_stream(service: Service) -> None:
    service.lever.broken = True
    done = (await service.post(DELEGATE, PULL)).body["delegationId"]
    service.lever.broken = False
    service.lever.free.clear()
    assert (await service.post(f"{DELEGATIONS}/{done}/retry")).status == 202
    async with service.events(done) as socket:
        kinds = []
        while "delegation.retried" not in kinds:
            kinds.append(json.loads(await socket.receive_str(timeout=5))["kind"])
        assert "delegation.answered" in kinds
        service.lever.free.set()
        kinds += [event["kind"] for event in await read(socket)]
    assert kinds.count("delegation.answered") == 2
    assert kinds[-1] == "delegation.delivered"


async def test_a_cancelled_delegation_ends_its_stream(service: Service) -> None:
    identifier = await pulling(service)
    async with service.events(identifier) as socket:
        await service.post(f"{DELEGATIONS}/{identifier}/cancel")
        kinds = [event["kind"] for event in await read(socket)]
    assert "delegation.cancelled" in kinds
    assert kinds[-1] == "delegation.delivered"


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer wrong"}])
async def test_without_the_token_there_is_no_stream(headers: dict[str, str], service: Service) -> None:
    done = (await service.post(DELEGATE, PULL)).body["delegationId"]
    status, body = await refused(service, f"delegation={done}", headers=headers)
    assert status == 401
    assert "operator.token" in body["detail"]
    assert body["correlationId"] == "of-the-stream"


@pytest.mark.parametrize(
    ("query", "status", "field"),
    [
        ("", 422, "delegation"),
        ("delegation=" + "0" * 32, 404, None),
        ("delegation=nonsense", 404, None),
        ("delegation=", 404, None),
        ("delegation={done}&after=-1", 422, "after"),
        ("delegation={done}&after=many", 422, "after"),
        ("delegation={done}&after=" + "9" * 5000, 422, "after"),
    ],
)
async def test_a_stream_of_nothing_is_refused_with_a_problem(
    query: str, status: int, field: str | None, service: Service
) -> None:
    done = (await service.post(DELEGATE, PULL)).body["delegationId"]
    got, body = await refused(service, query.format(done=done))
    assert got == status
    assert [error["field"] for error in body.get("errors", [])] == ([field] if field else [])


async def test_another_workspaces_events_are_not_shown(service: Service) -> None:
    foreign = Instruction(
        key="foreign:events",
        text="2+2",
        person=Person(id="elsewhere:T1:U1"),
        address=Address(platform="elsewhere", workspace="T1", place="C1"),
        origin="elsewhere",
    )
    receipt = await service.assembly.reception.receive(foreign)
    assert (await refused(service, f"delegation={receipt.delegation_id}"))[0] == 404


@pytest.mark.parametrize("how", ["politely", "abruptly"])
async def test_a_watcher_that_leaves_leaves_nothing_behind(how: str, service: Service) -> None:
    identifier = await pulling(service)
    # What listens for the whole process begins with the first who watches, and stays.
    async with service.events(identifier) as first:
        await first.receive_str(timeout=5)
    await eventually(lambda: not streaming())
    before = asyncio.all_tasks()
    async with aiohttp.ClientSession(headers=AUTHORIZED) as leaving:
        socket = await leaving.ws_connect(f"{service.url}/api/v1/events?delegation={identifier}")
        await socket.receive_str(timeout=5)
        assert len(streaming()) == 1
        if how == "politely":
            await socket.close()
        else:
            assert socket._response.connection is not None
            assert socket._response.connection.transport is not None
            socket._response.connection.transport.abort()
        await eventually(lambda: not streaming())
        service.lever.free.set()
    await eventually(lambda: not {task for task in asyncio.all_tasks() - before if not task.done()})


async def test_a_watcher_that_talks_is_not_listened_to(service: Service) -> None:
    identifier = await pulling(service)
    async with service.events(identifier) as socket:
        for _ in range(100):
            await socket.send_str("x" * 1000)
        service.lever.free.set()
        assert (await read(socket))[-1]["kind"] == EventKind.DELEGATION_DELIVERED


async def test_a_database_that_goes_out_ends_the_stream_with_try_again_later(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    identifier = await pulling(service)
    async with service.events(identifier) as socket:
        await socket.receive_str(timeout=5)

        async def out(*_: Any, **__: Any) -> None:
            raise StoreUnavailable

        with monkeypatch.context() as outage:
            outage.setattr(service.assembly.store, "events", out)
            await read(socket)
        assert socket.close_code == aiohttp.WSCloseCode.TRY_AGAIN_LATER


async def test_open_streams_are_counted(service: Service) -> None:
    identifier = await pulling(service)
    async with service.events(identifier) as socket:
        await socket.receive_str(timeout=5)
        assert "flowmate_event_streams 1.0" in (await service.get("/metrics")).text
    service.lever.free.set()


def streaming() -> list[asyncio.Task[Any]]:
    """What goes on in the loop because somebody watches."""
    return [task for task in asyncio.all_tasks() if getattr(task.get_coro(), "__name__", "") == "_send"]


async def refused(
    service: Service, query: str, *, headers: dict[str, str] | None = None
) -> tuple[int, dict[str, Any]]:
    """The status and the problem that a request for a stream gets."""
    upgrade = {
        "Connection": "Upgrade",
        "Upgrade": "websocket",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
        "X-Correlation-ID": "of-the-stream",
    }
    path = f"/api/v1/events?{query}"
    async with service.session.get(
        service.url + path, headers={**upgrade, **(AUTHORIZED if headers is None else headers)}
    ) as response:
        assert response.headers["Content-Type"] == "application/problem+json"
        assert response.headers["X-Correlation-ID"] == "of-the-stream"
        body: dict[str, Any] = await response.json(content_type=None)
        return response.status, body
