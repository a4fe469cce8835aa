"""The web process and a worker in the test's own loop, over a real Valkey and SQLite, asked by a real HTTP client."""

from __future__ import annotations

import asyncio
import os
import tempfile
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, chdir, nullcontext, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest import mock

import aiohttp
from fastapi import FastAPI
from pydantic import BaseModel, ConfigDict

import adapters.configured
from adapters.assembly import Assembly, assembled
from adapters.queue.connection import connect_worker
from adapters.settings import Settings
from adapters.sql.migrations import migrate
from adapters.tools.registry import build_tools
from bot.http.app import build_app
from bot.http.server import Server
from core.coordinator import Coordinator
from core.errors import ToolFailed
from core.models import Task
from core.ports.tool import Effect, ToolOutput
from core.schedules.firing import Alarm
from tests.services.valkey import Valkey
from tests.services.waiting import PATIENCE_SECONDS, eventually
from workers import jobs
from workers.async_worker import AsyncWorker
from workers.pace import Pace

TOKEN = "invented-operator-token"
AUTHORIZED = {"Authorization": f"Bearer {TOKEN}"}
DELEGATE = "/api/v1/agents/delegate/task"
PLANS = "/api/v1/plans"
DELEGATIONS = "/api/v1/delegations"
QUICK = Pace(fetch_wait=0.1, answer_within=2.0, close_grace=2.0, cancel_grace=0.5, longest_retry=0.2)
_bound: list[tuple[Coordinator, Alarm]] = []
"""Of all services that run: a process has one place for what its jobs use."""
LEVER = """---
name: lever
description: Pulls the lever.
tools: [pull]
examples: [pull the lever]
---
Call the tool.
"""


class Nothing(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Lever:
    """A tool that waits while `held`, fails while `broken`, and counts its runs."""

    name = "pull"
    description = "Pulls the lever."
    arguments = Nothing
    effect = Effect.READ
    untrusted = False
    integration: str | None = None

    def __init__(self) -> None:
        self.free = asyncio.Event()
        self.free.set()
        self.broken = False
        self.runs = 0

    def parse(self, task: Task) -> Nothing | None:
        return Nothing() if "lever" in task.text else None

    def named_by(self, arguments: Nothing) -> tuple[str, ...]:
        return ()

    async def run(self, arguments: Nothing, *, task: Task, idempotency_key: str) -> ToolOutput:
        self.runs += 1
        await self.free.wait()
        if self.broken:
            raise ToolFailed("The lever is stuck.")
        return ToolOutput(text="pulled")


@dataclass(frozen=True)
class Reply:
    """A response, read."""

    status: int
    headers: Mapping[str, str]
    text: str
    body: Any
    cookies: tuple[str, ...] = ()
    """Its `Set-Cookie` headers, whole."""

    @property
    def problem(self) -> str:
        """The problem's sentence; it must be a complete problem document."""
        assert self.headers["Content-Type"] == "application/problem+json", self.text
        assert self.body["status"] == self.status
        assert self.body["correlationId"] == self.headers["X-Correlation-ID"]
        assert self.body["type"]
        assert self.body["title"]
        detail: str = self.body["detail"]
        return detail

    @property
    def fields(self) -> list[str]:
        return [error["field"] for error in self.body["errors"]]


@dataclass
class Service:
    """A running web process, with or without a worker."""

    assembly: Assembly
    app: FastAPI
    server: Server
    port: int
    lever: Lever
    session: aiohttp.ClientSession
    valkey: Valkey
    folder: Path
    tasks: list[asyncio.Task[Any]] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def call(
        self,
        method: str,
        path: str,
        *,
        headers: Mapping[str, str] | None = None,
        signed_in: bool = True,
        **options: Any,
    ) -> Reply:
        """One request; `json` or `data` are its body."""
        sent = {**(AUTHORIZED if signed_in else {}), **(headers or {})}
        request = self.session.request(
            method, self.url + path, headers=sent, allow_redirects=False, **options
        )
        async with request as response:
            text = await response.text()
            is_json = "json" in response.headers.get("Content-Type", "") and text
            body = await response.json(content_type=None) if is_json else None
            cookies = tuple(response.headers.getall("Set-Cookie", ()))
            return Reply(response.status, response.headers, text, body, cookies)

    async def get(self, path: str, **options: Any) -> Reply:
        return await self.call("GET", path, **options)

    async def post(self, path: str, json: Any = None, **options: Any) -> Reply:
        return await self.call("POST", path, json=json, **options)

    async def delegate(self, text: str, *, headers: Mapping[str, str] | None = None, **fields: Any) -> Reply:
        return await self.post(DELEGATE, {"instruction": text, **fields}, headers=headers)

    async def raw(self, request: bytes) -> bytes:
        """What comes back for these very bytes, up to the end of the connection."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        writer.write(request)
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                return await reader.read()
        finally:
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()

    def events(self, delegation_id: str, **parameters: str) -> Any:
        """The event stream, to be entered."""
        return self.session.ws_connect(
            f"{self.url}/api/v1/events",
            params={"delegation": delegation_id, **parameters},
            headers=AUTHORIZED,
        )


@asynccontextmanager
async def serving(
    folder: Path, valkey: Valkey, *, worker: bool = True, **environment: str
) -> AsyncIterator[Service]:
    """Everything started as the processes do it, from the environment alone."""
    (folder / "agents").mkdir(exist_ok=True)
    (folder / "agents" / "lever.md").write_text(LEVER)
    lever = Lever()
    clean = {
        "FLOWMATE_DATA_DIR": str(folder),
        "FLOWMATE_OPERATOR_TOKEN": TOKEN,
        "REDIS_URL": valkey.url,
        "RATE_LIMIT_MAX_REQUESTS": "100000",
        **environment,
    }
    with (
        chdir(folder),
        mock.patch.dict(os.environ, clean, clear=True),
        mock.patch.object(
            adapters.configured, "build_tools", lambda parts: {**build_tools(parts), lever.name: lever}
        ),
    ):
        settings = Settings()
        migrate(settings)
        starting = assembled(settings)
        assembly = await starting.__aenter__()
        app = build_app(assembly)
    try:
        async with (
            listening(app) as (server, port),
            aiohttp.ClientSession(
                # A connection of its own for each request: one that idles on a busy machine may be closed meanwhile.
                connector=aiohttp.TCPConnector(limit=0, force_close=True),
                timeout=aiohttp.ClientTimeout(total=2 * PATIENCE_SECONDS),
            ) as session,
        ):
            service = Service(assembly, app, server, port, lever, session, valkey, folder)
            if not worker:
                yield service
                return
            async with working(assembly, valkey.url):
                yield service
    finally:
        await starting.__aexit__(None, None, None)


@asynccontextmanager
async def listening(app: FastAPI) -> AsyncIterator[tuple[Server, int]]:
    """The real server on a port of its own; it is stopped in the end, if the test has not done so."""
    server = Server(app)
    # Signals are the test runner's own.
    with mock.patch.object(server, "capture_signals", nullcontext):
        running = asyncio.create_task(server.serve())
        await eventually(lambda: server.started or running.done())
        try:
            yield server, server.servers[0].sockets[0].getsockname()[1]
        finally:
            server.should_exit = True
            await running


@asynccontextmanager
async def working(assembly: Assembly, url: str) -> AsyncIterator[None]:
    """A worker of the same loop; one that was there before has its jobs back afterwards."""
    own = (assembly.coordinator, assembly.alarm)
    _bound.append(own)
    jobs.bind(*own)
    worker = AsyncWorker("flowmate", connection=connect_worker(url), pace=QUICK, drain_seconds=1.0)
    renewals = asyncio.create_task(assembly.leases.run())
    running = asyncio.create_task(worker.run())
    try:
        yield
    finally:
        worker.request_stop()
        try:
            await running
        finally:
            renewals.cancel()
            await asyncio.gather(renewals, return_exceptions=True)
            _bound.remove(own)
            jobs.bind(*(_bound[-1] if _bound else (None,)))


@asynccontextmanager
async def fresh(**options: Any) -> AsyncIterator[Service]:
    """A service with a database and a queue of its own."""
    with tempfile.TemporaryDirectory(prefix="fm-http-", dir="/tmp") as name:
        folder = Path(name)
        (folder / "queue").mkdir()
        (folder / "data").mkdir()
        valkey = Valkey(folder / "queue")
        valkey.start()
        try:
            async with serving(folder / "data", valkey, **options) as service:
                yield service
        finally:
            valkey.stop()
