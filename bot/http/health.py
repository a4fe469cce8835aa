"""`/health/*`, `/metrics` and what `flowmate up` tells about a running service."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import JSONResponse, PlainTextResponse, Response
from prometheus_client import generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from redis.asyncio import Redis

from adapters.chat import PLATFORMS
from bot.http import contract
from bot.http.auth import Asker
from bot.http.metrics import PROBE_SECONDS, Metrics
from bot.http.parts import Parts
from core.catalog import replaced
from core.errors import StoreUnavailable

router = APIRouter()


async def _look(request: Request, assembly: Parts) -> dict[str, str]:
    metrics: Metrics = request.app.state.metrics
    redis: Redis = request.app.state.redis
    return await metrics.look(assembly, redis)


Looked = Annotated[dict[str, str], Depends(_look)]


@router.head("/health/live", include_in_schema=False)
@router.get(
    "/health/live",
    tags=["health"],
    summary="Is the process alive?",
    responses={200: contract.example("it is", "live")},
)
async def live() -> dict[str, str]:
    """Always 200: says nothing about what the process needs."""
    return {"status": "ok"}


@router.head("/health/ready", include_in_schema=False)
@router.get(
    "/health/ready",
    tags=["health"],
    summary="Can it do its work?",
    responses={
        200: contract.example("everything can be reached", "ready"),
        503: contract.example("the failing part is named", "notReady"),
    },
)
async def ready(parts: Looked) -> JSONResponse:
    """Looks at the database and at the queue, two seconds each at most."""
    failing = [name for name, state in parts.items() if state != "ok"]
    body = {"status": "unavailable" if failing else "ok", "failing": failing, "parts": parts}
    return JSONResponse(body, 503 if failing else 200)


@router.get(
    "/metrics",
    tags=["health"],
    summary="Numbers for Prometheus",
    response_class=PlainTextResponse,
    responses={200: {"content": {"text/plain": {"example": 'flowmate_queue_jobs{state="waiting"} 0.0\n'}}}},
)
async def numbers(request: Request, parts: Looked) -> Response:
    """Instructions by outcome, requests by route, the queue, workers, and delegations that stand still."""
    metrics: Metrics = request.app.state.metrics
    return Response(generate_latest(metrics.registry), media_type=CONTENT_TYPE_LATEST)


@router.get(
    "/api/v1/status",
    tags=["health"],
    summary="What is connected",
    responses={200: contract.example("platforms, model and agents", "status"), **contract.refusals(401)},
)
async def status(asker: Asker, assembly: Parts) -> dict[str, Any]:
    """The chat platforms, the model, the agents from files, and how many people made (null: not known just now).

    `replacedAgents` are built in, and a file of the team's own is in their place.
    """
    platforms = []
    for platform in PLATFORMS:
        connection = assembly.connections.get(platform.name)
        summary = connection.summary if connection is not None else f"not connected; {platform.setup}"
        platforms.append(
            {
                "name": platform.name,
                "title": platform.title,
                "connected": connection is not None,
                "summary": summary,
            }
        )
    model = assembly.model.name if assembly.model is not None else None
    made = await _made_agents(assembly)
    return {
        "platforms": platforms,
        "model": model,
        "agents": sorted(assembly.agents),
        "replacedAgents": replaced(assembly.agents),
        "madeAgents": made,
    }


async def _made_agents(assembly: Parts) -> int | None:
    try:
        async with asyncio.timeout(PROBE_SECONDS):
            return await assembly.roster.made_count()
    except (StoreUnavailable, TimeoutError):
        return None
