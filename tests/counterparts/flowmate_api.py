"""A stand-in for FlowMate's own HTTP API, for the commands' tests: self-written, from section 10 of the design.

What a delegation does is in its instruction: `retry`, `partial`, `fail`, `slow` (runs until it is cancelled),
`limited` (429) and `nothing` (a plan with a question). It refuses what the real one refuses: a missing token, unknown
fields, unknown agents, wrong ids.
"""

from __future__ import annotations

import asyncio
import json
import sys
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

from aiohttp import web

AGENTS = {
    "research": "Finds things out.",
    "world_time": "Knows what time it is.",
    "writer": "Writes a summary.",
}
PROBLEM = "application/problem+json"
ANSWER = "It is **12:00** in Tokyo.\n\n- one\n- two\n"


@dataclass
class Received:
    """One request as it came."""

    method: str
    path: str
    headers: dict[str, str]
    body: Any


@dataclass
class Script:
    """How a delegation goes: its steps' states, and the events that say so."""

    id: str
    instruction: str
    status: str = "running"
    states: list[str] = field(default_factory=lambda: ["pending", "pending", "pending"])
    attempts: list[int] = field(default_factory=lambda: [0, 0, 0])
    events: list[dict[str, Any]] = field(default_factory=list)
    changed: asyncio.Event = field(default_factory=asyncio.Event)
    cancelled: asyncio.Event = field(default_factory=asyncio.Event)

    def add(self, kind: str, **data: Any) -> None:
        self.events.append(
            {
                "sequence": len(self.events) + 1,
                "delegationId": self.id,
                "kind": kind,
                "at": datetime.now(UTC).isoformat(),
                "data": data,
            }
        )
        self.changed.set()
        self.changed = asyncio.Event()

    def step(self, kind: str, index: int, state: str, **data: Any) -> None:
        self.states[index] = state
        agent = list(AGENTS)[index]
        facts = {"step": index, "agent": agent, "task": f"task {index}", "state": state}
        self.add(
            kind, **facts, **{"attempt": self.attempts[index], "error": None, "retryInSeconds": None, **data}
        )


class FlowMateApi:
    """The server, for the length of an `async with`; `received` is all that it was asked, in order."""

    def __init__(
        self, *, token: str, port: int = 0, pace_seconds: float = 0.0, events_until: int | None = None
    ) -> None:
        self.received: list[Received] = []
        self.delegations: dict[str, Script] = {}
        self._token = token
        self._port = port
        self._pace_seconds = pace_seconds
        self._events_until = events_until
        self._running: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        app = web.Application(middlewares=[self._guard])
        app.add_routes(
            [
                web.get("/health/live", self._ok),
                web.get("/health/ready", self._ok),
                web.get("/api/v1/status", self._status),
                web.get("/api/v1/agents", self._agents),
                web.post("/api/v1/agents/delegate/task", self._delegate),
                web.post("/api/v1/plans", self._plan),
                web.get("/api/v1/delegations/{id}", self._delegation),
                web.post("/api/v1/delegations/{id}/cancel", self._cancel),
                web.get("/api/v1/events", self._events),
            ]
        )
        self._runner = web.AppRunner(app, shutdown_timeout=1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", self._port)
        await site.start()
        self.port: int = self._runner.addresses[0][1]
        return self

    async def __aexit__(self, *_: object) -> None:
        for task in self._running:
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)
        await self._runner.cleanup()

    @web.middleware
    async def _guard(self, request: web.Request, handler: Any) -> web.StreamResponse:
        body = await request.json() if request.can_read_body else None
        self.received.append(Received(request.method, request.path, dict(request.headers), body))
        if (
            request.path.startswith("/api/")
            and request.headers.get("Authorization") != f"Bearer {self._token}"
        ):
            return problem(401, "Send the operator's token.")
        response: web.StreamResponse = await handler(request)
        return response

    async def _ok(self, _: web.Request) -> web.Response:
        return web.json_response({"status": "ok", "failing": []})

    async def _status(self, _: web.Request) -> web.Response:
        slack = {"name": "slack", "title": "Slack", "connected": True, "summary": "Slack (Socket Mode)"}
        telegram = {"name": "telegram", "title": "Telegram", "connected": False, "summary": "not connected"}
        return web.json_response({"platforms": [slack, telegram], "model": None, "agents": sorted(AGENTS)})

    async def _agents(self, _: web.Request) -> web.Response:
        return web.json_response([{"name": n, "description": d, "tools": []} for n, d in AGENTS.items()])

    async def _delegate(self, request: web.Request) -> web.Response:
        body = await request.json()
        if refusal := check(body, {"instruction", "preferredAgents", "timeout"}):
            return refusal
        if request.headers.get("Prefer") != "respond-async" or not request.headers.get("Idempotency-Key"):
            return problem(400, "The commands ask for 202, and send a key.")
        script = Script(id=f"{len(self.delegations) + 1:032x}", instruction=body["instruction"])
        self.delegations[script.id] = script
        task = asyncio.create_task(self._play(script))
        self._running.add(task)
        location = {"Location": f"/api/v1/delegations/{script.id}"}
        return web.json_response(to_body(script), status=202, headers=location)

    async def _plan(self, request: web.Request) -> web.Response:
        body = await request.json()
        if refusal := check(body, {"instruction", "preferredAgents"}):
            return refusal
        estimate = {"inputTokens": 0, "outputTokens": 0, "costUsd": 0.0}
        if "nothing" in body["instruction"]:
            question = "What should I do with that?"
            return web.json_response(
                {"planner": "rules", "steps": [], "question": question, "estimate": estimate}
            )
        steps = planned()
        return web.json_response({"planner": "rules", "steps": steps, "question": None, "estimate": estimate})

    async def _delegation(self, request: web.Request) -> web.Response:
        script = self.delegations.get(request.match_info["id"])
        return (
            problem(404, "There is no such delegation.")
            if script is None
            else web.json_response(to_body(script))
        )

    async def _cancel(self, request: web.Request) -> web.Response:
        script = self.delegations[request.match_info["id"]]
        script.cancelled.set()
        return web.json_response(to_body(script))

    async def _events(self, request: web.Request) -> web.StreamResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        script, sent = self.delegations[request.query["delegation"]], 0
        while True:
            changed = script.changed
            for event in script.events[sent:]:
                if self._events_until is not None and sent >= self._events_until:
                    await socket.close(code=1011)
                    return socket
                await socket.send_json(event)
                sent += 1
            if script.status != "running":
                await socket.close()
                return socket
            await changed.wait()

    async def _play(self, script: Script) -> None:
        script.add("instruction.received")
        await self._beat()
        script.add("delegation.planned", planner="rules", steps=planned())
        for index in (0, 1):
            script.attempts[index] = 1
            script.step("step.started", index, "running")
        await self._beat()
        if "slow" in script.instruction:
            await script.cancelled.wait()
            script.add("delegation.cancelled")
            for index in range(3):
                script.step("step.ended", index, "cancelled")
            return self._end(script, "cancelled")
        if "retry" in script.instruction:
            script.step(
                "step.retrying", 1, "running", retryInSeconds=2.0, error="The model did not answer just now."
            )
            await self._beat()
            script.attempts[1] = 2
            script.step("step.started", 1, "running")
            await self._beat()
        await self._finish(script)

    async def _finish(self, script: Script) -> None:
        failing = {"fail": (0, 1, 2), "partial": (1,)}
        failed = next((which for word, which in failing.items() if word in script.instruction), ())
        for index in range(3):
            if index == 2:
                script.attempts[2] = 1
                script.step("step.started", 2, "running")
                await self._beat()
            error = {"error": "The page can't be read."} if index in failed else {}
            script.step("step.ended", index, "failed" if index in failed else "succeeded", **error)
            await self._beat()
        self._end(script, "success" if not failed else "failed" if len(failed) == 3 else "partial")

    def _end(self, script: Script, status: str) -> None:
        script.status = status
        script.add("delegation.answered", status=status)

    async def _beat(self) -> None:
        await asyncio.sleep(self._pace_seconds)


def check(body: Any, known: set[str]) -> web.Response | None:
    """The refusal of a bad request body."""
    if not isinstance(body, dict) or set(body) - known or not isinstance(body.get("instruction"), str):
        return problem(422, "That is no such request.")
    if unknown := set(body.get("preferredAgents", ())) - set(AGENTS):
        return problem(422, f"preferredAgents.0: there is no agent {unknown.pop()!r}.")
    if "limited" in body["instruction"]:
        return problem(429, "You reached 100 requests in 15 minutes; try again in 3 minutes.")
    return None


def planned() -> list[dict[str, Any]]:
    tasks = ("find out who won the last race", "what time is it in Tokyo", "summarise both for the team")
    after: tuple[list[int], ...] = ([], [], [0, 1])
    return [
        {"agent": agent, "task": task, "dependsOn": depends}
        for agent, task, depends in zip(AGENTS, tasks, after, strict=True)
    ]


def problem(status: int, detail: str) -> web.Response:
    body = {
        "type": "about:blank",
        "title": "Refused",
        "status": status,
        "detail": detail,
        "correlationId": "c" * 32,
    }
    return web.Response(text=json.dumps(body), status=status, content_type=PROBLEM)


def to_body(script: Script) -> dict[str, Any]:
    results = [
        {"agent": a, "status": s, "output": "", "error": None, "attempts": n, "executionTimeMs": 1200}
        for a, s, n in zip(AGENTS, script.states, script.attempts, strict=True)
    ]
    metrics = {"totalMs": 2400, "agents": 3, "succeeded": 3, "failed": 0, "retries": 1}
    return {
        "delegationId": script.id,
        "status": script.status,
        "instruction": script.instruction,
        "receivedAt": datetime.now(UTC).isoformat(),
        "answer": None if script.status == "running" else ANSWER,
        "results": results,
        "metrics": {**metrics, "inputTokens": 0, "outputTokens": 0, "costUsd": 0.0},
    }


async def serve_forever(port: int, token: str) -> None:
    """As a process of its own, in the place of `flowmate web`."""
    async with FlowMateApi(token=token, port=port, pace_seconds=0.7):
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(serve_forever(int(sys.argv[1]), Path(sys.argv[2]).read_text(encoding="utf-8").strip()))
