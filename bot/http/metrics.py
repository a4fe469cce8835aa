"""`/metrics`: this process's own numbers, the queue's, and whether work stands still."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import TypeVar

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector
from redis.asyncio import Redis
from redis.exceptions import RedisError
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from adapters.assembly import Assembly
from adapters.chat.platform import Reception
from adapters.queue.rq_queue import QUEUE_NAME
from core.errors import Conflict, FlowMateError, InvalidInstruction, RateLimited, StoreUnavailable
from core.integrations.commands import Told
from core.models import Address, Instruction, Person, Press, Receipt
from core.models.form import Form, Submission

logger = logging.getLogger(__name__)
PROBE_SECONDS = 2.0
MOST_OVERDUE = 1000
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300)
"""Up to minutes: a request that waits for an answer is as slow as the work is."""
QUEUE_KEYS = {
    "waiting": ("LLEN", f"rq:queue:{QUEUE_NAME}"),
    "running": ("ZCARD", f"rq:wip:{QUEUE_NAME}"),
    "scheduled": ("ZCARD", f"rq:scheduled:{QUEUE_NAME}"),
    "failed": ("ZCARD", f"rq:failed:{QUEUE_NAME}"),
}
WORKERS_KEY = f"rq:workers:{QUEUE_NAME}"
OUTCOMES: dict[type[FlowMateError], str] = {
    InvalidInstruction: "invalid",
    RateLimited: "limited",
    Conflict: "conflict",
    StoreUnavailable: "unavailable",
}


Heard = TypeVar("Heard", Receipt, Told | Receipt)


class Metrics:
    """The numbers; those of others are looked up for each scrape, and NaN where they can't be had."""

    def __init__(self) -> None:
        self.registry = registry = CollectorRegistry()
        self.instructions = Counter(
            "flowmate_instructions",
            "what came in through this process: accepted, repeated (the same key again), refused, or told at once",
            ["origin", "outcome"],
            registry=registry,
        )
        self.requests = Counter(
            "flowmate_http_requests", "HTTP requests", ["method", "route", "status"], registry=registry
        )
        self.seconds = Histogram(
            "flowmate_http_request_seconds",
            "time to the last byte of an answer, waiting for agents included",
            ["route"],
            buckets=BUCKETS,
            registry=registry,
        )
        self.open_requests = Gauge(
            "flowmate_http_open_requests", "HTTP requests that are being answered", registry=registry
        )
        self.streams = Gauge("flowmate_event_streams", "open event streams", registry=registry)
        self.jobs = Gauge("flowmate_queue_jobs", "jobs in the queue by state", ["state"], registry=registry)
        self.workers = Gauge("flowmate_workers", "worker processes that are registered", registry=registry)
        self.overdue = Gauge(
            "flowmate_delegations_overdue",
            f"undelivered delegations that reconcile should have looked at by now ({MOST_OVERDUE} at most)",
            registry=registry,
        )
        self.up = Gauge("flowmate_up", "whether this part can be reached", ["part"], registry=registry)
        ProcessCollector(registry=registry)

    async def look(self, assembly: Assembly, redis: Redis) -> dict[str, str]:
        """Look at the database and at the queue; returns "ok" or what is wrong with each. Never raises."""
        database, queue = await asyncio.gather(self._look_at_database(assembly), self._look_at_queue(redis))
        parts = {"database": database, "queue": queue}
        for part, state in parts.items():
            self.up.labels(part).set(state == "ok")
        return parts

    async def _look_at_database(self, assembly: Assembly) -> str:
        overdue, state = float("nan"), "ok"
        try:
            async with asyncio.timeout(PROBE_SECONDS):
                # A question about rows: the smallest round trip never touches SQLite's file.
                found = await assembly.store.to_check(now=assembly.clock.now(), limit=MOST_OVERDUE)
                overdue = len(found)
        except TimeoutError:
            state = "no answer"
        except (FlowMateError, OSError):
            state = "unreachable"
        self.overdue.set(overdue)
        return state

    async def _look_at_queue(self, redis: Redis) -> str:
        names = list(QUEUE_KEYS)
        counts, state = [float("nan")] * (len(names) + 1), "ok"
        try:
            async with asyncio.timeout(PROBE_SECONDS), redis.pipeline(transaction=False) as pipeline:
                for command, key in QUEUE_KEYS.values():
                    pipeline.execute_command(command, key)
                pipeline.scard(WORKERS_KEY)
                counts = await pipeline.execute()
        except TimeoutError:
            state = "no answer"
        except (RedisError, OSError):
            state = "unreachable"
        for name, count in zip(names, counts, strict=False):
            self.jobs.labels(name).set(count)
        self.workers.set(counts[-1])
        return state


class Measured:
    """Counts and times requests, by the route's pattern: what callers make up never becomes a label."""

    def __init__(self, app: ASGIApp, *, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        status = "500"

        async def send_noting(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = str(message["status"])
            await send(message)

        loop = asyncio.get_running_loop()
        began = loop.time()
        with self._metrics.open_requests.track_inprogress():
            try:
                await self._app(scope, receive, send_noting)
            finally:
                route = getattr(scope.get("route"), "path", "none")
                method = scope["method"] if scope["method"] in METHODS else "other"
                self._metrics.requests.labels(method, route, status).inc()
                self._metrics.seconds.labels(route).observe(loop.time() - began)


class CountedReception:
    """A reception that counts what comes in, and what becomes of it."""

    def __init__(self, inner: Reception, *, metrics: Metrics) -> None:
        self._inner = inner
        self._metrics = metrics

    async def receive(self, instruction: Instruction) -> Receipt:
        return await self._counted(instruction, self._inner.receive(instruction))

    async def hear(self, instruction: Instruction) -> Told | Receipt:
        return await self._counted(instruction, self._inner.hear(instruction))

    async def _counted(self, instruction: Instruction, taking: Awaitable[Heard]) -> Heard:
        outcome = "broken"
        try:
            heard = await taking
            outcome = "told" if isinstance(heard, Told) else "accepted" if heard.created else "repeated"
        except FlowMateError as error:
            outcome = OUTCOMES.get(type(error), "refused")
            raise
        finally:
            self._metrics.instructions.labels(instruction.origin, outcome).inc()
        return heard

    async def press(self, press: Press) -> str | None:
        return await self._inner.press(press)

    async def cancel_latest(self, address: Address, person: Person) -> str | None:
        return await self._inner.cancel_latest(address, person)

    async def moved(self, place: Address, *, to: Address) -> None:
        await self._inner.moved(place, to=to)

    async def knows(self, address: Address) -> bool:
        return await self._inner.knows(address)

    async def form(self, instruction: Instruction) -> Form | None:
        return await self._inner.form(instruction)

    async def read_form(self, submission: Submission) -> Instruction:
        return await self._inner.read_form(submission)

    async def connect(self, submission: Submission, *, later: Callable[[str], None]) -> None:
        await self._inner.connect(submission, later=later)

    async def help(self, *, person: Person, address: Address, aloud: bool = False) -> str:
        return await self._inner.help(person=person, address=address, aloud=aloud)
