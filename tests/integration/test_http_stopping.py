"""The web process ends promptly and leaves nobody hanging, and what was accepted goes on."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from adapters.settings import Settings
from adapters.sql.migrations import migrate
from tests.integration.http_harness import AUTHORIZED, DELEGATE, TOKEN, fresh
from tests.services.valkey import Valkey
from tests.services.waiting import eventually

PULL: dict[str, Any] = {"instruction": "pull the lever", "preferredAgents": ["lever"]}
STOP_SECONDS = 5.0
"""How long the whole of `up` may take to end; requests that only wait must not hold it up at all."""


async def test_a_waiting_request_and_an_open_stream_end_with_the_service() -> None:
    async with fresh() as service:
        service.lever.free.clear()
        asking = asyncio.create_task(service.post(DELEGATE, PULL))
        await eventually(lambda: service.lever.runs == 1)
        (delegation,) = await service.assembly.store.recent(workspace="local")
        async with service.events(delegation.id) as socket:
            await socket.receive_str(timeout=5)
            async with asyncio.timeout(STOP_SECONDS):
                service.server.should_exit = True
                reply = await asking
                rest = [message async for message in socket]
                await eventually(lambda: not service.server.server_state.tasks)
        assert reply.status == 202
        assert reply.headers["Location"] == f"/api/v1/delegations/{delegation.id}"
        assert not [message for message in rest if message.type is aiohttp.WSMsgType.ERROR]
        assert socket.close_code == aiohttp.WSCloseCode.GOING_AWAY
        service.lever.free.set()

        async def done() -> bool:
            return (await service.assembly.store.load(delegation.id)).status == "success"

        assert await eventually(done), "what was accepted is done by the worker all the same"


async def test_a_request_that_is_half_sent_and_an_idle_connection_do_not_hold_the_service_up() -> None:
    async with fresh(worker=False) as service:
        _, idle = await asyncio.open_connection("127.0.0.1", service.port)
        _, half = await asyncio.open_connection("127.0.0.1", service.port)
        half.write(f"POST {DELEGATE} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {TOKEN}\r\n".encode())
        half.write(b'Content-Type: application/json\r\nContent-Length: 100\r\n\r\n{"instr')
        await half.drain()
        await eventually(lambda: len(service.server.server_state.connections) == 2)
        async with asyncio.timeout(STOP_SECONDS):
            service.server.should_exit = True
            await eventually(lambda: not service.server.server_state.tasks)
        for writer in (idle, half):
            writer.close()
            await asyncio.gather(writer.wait_closed(), return_exceptions=True)


@pytest.mark.slow
async def test_sigterm_ends_the_process_in_order_with_a_request_and_a_stream_open(tmp_path: Path) -> None:
    async with web_process(tmp_path) as (process, url), aiohttp.ClientSession(headers=AUTHORIZED) as session:
        asking = asyncio.create_task(
            session.post(url + DELEGATE, json={"instruction": "2+2"}, headers={"Idempotency-Key": "waits"})
        )

        async def place() -> str | None:
            async with session.get(f"{url}/api/v1/delegations") as response:
                found = (await response.json())["delegations"]
                return found[0]["delegationId"] if found else None

        identifier = await eventually(place)
        async with session.ws_connect(f"{url}/api/v1/events?delegation={identifier}") as socket:
            await socket.receive_str(timeout=5)
            async with asyncio.timeout(STOP_SECONDS):
                process.send_signal(signal.SIGTERM)
                async with await asking as response:
                    assert response.status == 202
                assert not [message async for message in socket if message.type is aiohttp.WSMsgType.ERROR]
                code = await process.wait()
        assert code == 0


@asynccontextmanager
async def web_process(folder: Path) -> AsyncIterator[tuple[asyncio.subprocess.Process, str]]:
    """`flowmate web` beside a queue that nobody works on."""
    (folder / "queue").mkdir()
    valkey = Valkey(folder / "queue")
    valkey.start()
    with_port = await free_port()
    environment = {
        "FLOWMATE_DATA_DIR": str(folder / "data"),
        "FLOWMATE_OPERATOR_TOKEN": TOKEN,
        "FLOWMATE_PORT": str(with_port),
        "REDIS_URL": valkey.url,
    }
    migrate(Settings(flowmate_data_dir=folder / "data", database_url=None))
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "bot.cli",
        "web",
        cwd=Path(__file__).parents[2],
        env={**{name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}, **environment},
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        url = f"http://127.0.0.1:{with_port}"

        async def up() -> bool:
            assert process.returncode is None, "it has ended already"
            try:
                async with aiohttp.ClientSession() as session, session.get(f"{url}/health/live") as response:
                    return response.status == 200
            except aiohttp.ClientError:
                return False

        await eventually(up)
        yield process, url
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
        valkey.stop()


async def free_port() -> int:
    server = await asyncio.start_server(lambda reader, writer: None, "127.0.0.1", 0)
    port: int = server.sockets[0].getsockname()[1]
    server.close()
    await server.wait_closed()
    return port
