"""The ASGI app: its routes and what every request passes, in one expression each."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from fastapi import FastAPI
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.routing import Route

from adapters.assembly import Assembly
from adapters.chat.platform import Reception
from adapters.configured import redis_url
from adapters.queue.connection import connect_async
from adapters.settings import Settings, operator_token
from bot import page
from bot.http import (
    agents,
    api,
    approvals,
    budgets,
    contract,
    delegations,
    documentation,
    health,
    integrations,
    links,
    problems,
    schedules,
    stream,
)
from bot.http.auth import Operator
from bot.http.listening import Listening
from bot.http.mcp import McpDoor
from bot.http.metrics import CountedReception, Measured, Metrics
from bot.http.middleware import MCP_PATH, AddressLimit, BodyLimit, Correlation
from bot.page.access import Access
from core.models import Verdict

ASKED_BY_BROWSERS = (
    "Authorization",
    "Idempotency-Key",
    "If-Match",
    "Prefer",
    "X-Conversation",
    "X-Correlation-ID",
)
ROUTES = (api, agents, delegations, approvals, schedules, integrations, budgets, links, health, page)
SHOWN_TO_BROWSERS = (
    "ETag",
    "Location",
    "Preference-Applied",
    "Retry-After",
    "WWW-Authenticate",
    "X-Correlation-ID",
    "X-RateLimit-Limit",
    "X-RateLimit-Remaining",
    "X-RateLimit-Reset",
)


def build_app(assembly: Assembly) -> FastAPI:
    """The app for these parts; the platforms that listen by themselves start and stop with it."""
    token = operator_token(assembly.settings)
    operator = Operator(token)
    metrics = Metrics()
    app = FastAPI(
        title="FlowMate",
        version="0.1.0",
        summary="One instruction in, micro agents side by side, one answer back.",
        lifespan=_lifespan,
        # The page that FastAPI ships loads its scripts from elsewhere; ours is served from here.
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        middleware=_passed(assembly, operator, metrics),
    )
    problems.install(app)
    contract.describe(app)
    app.state.assembly = assembly
    app.state.operator = operator
    app.state.access = Access(
        base_url=assembly.settings.base_url, secret=token, admissions=assembly.admissions
    )
    # Named as what it has to be: the app's state would take anything.
    reception: Reception = CountedReception(assembly.reception, metrics=metrics)
    app.state.reception = reception
    app.state.metrics = metrics
    app.state.redis = connect_async(redis_url(assembly.settings))
    app.state.closing = asyncio.Event()
    # First: what platforms send comes most often, and routes are looked through in their order.
    for connection in assembly.connections.values():
        app.router.routes.extend(connection.routes(reception))
    for routes in ROUTES:
        app.include_router(routes.router)
    app.router.routes.append(stream.build(assembly, operator, metrics))
    app.state.mcp = McpDoor(assembly, operator, reception=reception, closing=app.state.closing)
    app.router.routes.append(Route(MCP_PATH, app.state.mcp))
    app.router.routes.append(documentation.build(app, base_url=assembly.settings.base_url))
    return app


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    async with Listening(app.state.assembly, app.state.reception):
        yield
    await app.state.mcp.aclose()
    await app.state.redis.aclose()


def _passed(assembly: Assembly, operator: Operator, metrics: Metrics) -> list[Middleware]:
    """What every request passes, outermost first."""
    return [
        Middleware(Correlation),
        Middleware(Measured, metrics=metrics),
        *_browsers(assembly.settings),
        Middleware(BodyLimit),
        Middleware(AddressLimit, admit=_admit(assembly), signed_in=operator.signed_in),
    ]


def _browsers(settings: Settings) -> list[Middleware]:
    """What lets pages of ALLOWED_ORIGINS use the API; nothing where it is empty."""
    origins = [origin.strip().rstrip("/") for origin in settings.allowed_origins.split(",")]
    if not any(origins):
        return []
    cors = Middleware(
        CORSMiddleware,
        allow_origins=[origin for origin in origins if origin],
        allow_methods=["GET", "POST", "PUT", "PATCH", "DELETE"],
        allow_headers=ASKED_BY_BROWSERS,
        expose_headers=SHOWN_TO_BROWSERS,
    )
    return [cors]


def _admit(assembly: Assembly) -> Callable[[str], Awaitable[Verdict]]:
    async def admit(address: str) -> Verdict:
        return await assembly.limiter.admit(f"ip:{address}", assembly.person_limit)

    return admit
