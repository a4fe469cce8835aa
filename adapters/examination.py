"""What `flowmate doctor` looks at behind the ports: each part tried for real, with how to mend it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from redis import Redis
from redis.exceptions import RedisError
from sqlalchemy import Engine

from adapters.chat import PLATFORMS
from adapters.chat.platform import Shared
from adapters.clock import SystemClock
from adapters.configured import build_model, connect_platforms, redis_url, routine_rules
from adapters.connecting import programs_file
from adapters.examined_services import SMTP, connected, services
from adapters.limits.moving_window import MovingWindow
from adapters.mcp.servers import load_programs
from adapters.queue.connection import connect
from adapters.settings import Settings
from adapters.sql.database import make_engine
from adapters.sql.migrations import missing_revisions
from adapters.tools.registry import tool_names
from adapters.web.smtp import to_server
from core.catalog import BUILT_IN, load_agents
from core.errors import FlowMateError, ToolFailed
from core.memory.admissions import InMemoryAdmissions
from core.models import Finding
from core.ports.language_model import Message, ModelRequest
from core.schedules.routines import read_routines

WORKERS_KEY = "rq:workers"
SCHEDULER_KEY = "flowmate:scheduler:alive"
OLDEST_REDIS = (6, 2)
MAX_SKEW = timedelta(seconds=2)
EXAMINE_SECONDS = 15.0


async def examine(settings: Settings) -> list[Finding]:
    """Try everything outside, side by side. Never raises."""
    checks: list[Callable[[Settings], Awaitable[Sequence[Finding]]]] = [
        _database,
        _queue,
        _platforms,
        _model,
        _mail,
        _agents,
        _servers,
        services,
    ]
    found = await asyncio.gather(*(_guarded(check, settings) for check in checks))
    return [finding for findings in found for finding in findings]


async def _guarded(
    check: Callable[[Settings], Awaitable[Sequence[Finding]]], settings: Settings
) -> Sequence[Finding]:
    subject = check.__name__.strip("_")
    try:
        async with asyncio.timeout(EXAMINE_SECONDS):
            return await check(settings)
    except TimeoutError:
        return [Finding(subject=subject, ok=False, detail="no answer", mend="Is it running, and reachable?")]
    except FlowMateError as error:
        return [Finding(subject=subject, ok=False, detail=error.sentence)]
    except Exception as error:
        return [Finding(subject=subject, ok=False, detail=f"the check itself broke ({type(error).__name__})")]


async def _database(settings: Settings) -> Sequence[Finding]:
    engine = make_engine(settings.database)
    if await asyncio.to_thread(_is_to_be_made, engine):
        mend = "`flowmate up` makes it."
        return [Finding(subject="database", ok=False, detail="there is none yet", mend=mend)]
    try:
        missing = await asyncio.to_thread(missing_revisions, engine)
    except Exception:
        where = engine.url.render_as_string(hide_password=True)
        mend = "Check DATABASE_URL, and that the server runs and lets this user in."
        return [Finding(subject="database", ok=False, detail=f"{where} can't be reached", mend=mend)]
    finally:
        engine.dispose()
    name = engine.dialect.name
    if missing:
        detail = f"{name} lacks {len(missing)} migrations"
        return [Finding(subject="database", ok=False, detail=detail, mend="Run `flowmate migrate`.")]
    return [Finding(subject="database", ok=True, detail=f"{name}, up to date")]


def _is_to_be_made(engine: Engine) -> bool:
    """Asked for anything, SQLite would make the file."""
    return engine.dialect.name == "sqlite" and not Path(engine.url.database or "").exists()


async def _queue(settings: Settings) -> Sequence[Finding]:
    client = connect(redis_url(settings))
    try:
        return await asyncio.to_thread(_look_at_queue, client)
    except (RedisError, OSError):
        mend = "Start everything with `flowmate up`, or check REDIS_URL."
        return [Finding(subject="queue", ok=False, detail="Redis can't be reached", mend=mend)]
    finally:
        client.close()


def _look_at_queue(client: Redis) -> list[Finding]:
    info = client.info("server")
    version = str(info.get("valkey_version") or info["redis_version"])
    compatible = tuple(int(part) for part in str(info["redis_version"]).split(".")[:2]) >= OLDEST_REDIS
    product = "Valkey" if "valkey_version" in info else "Redis"
    findings = [
        Finding(
            subject="queue",
            ok=compatible,
            detail=f"{product} {version}",
            mend="" if compatible else "FlowMate needs Redis 6.2 or newer, or Valkey.",
        )
    ]
    workers = [key for key in client.smembers(WORKERS_KEY) if client.exists(key)]
    start = "Start it with `flowmate up`"
    findings.append(
        Finding(
            subject="workers",
            ok=bool(workers),
            detail=f"{len(workers)} running" if workers else "none is running",
            mend="" if workers else f"{start} or `flowmate worker`; without one nothing is answered.",
        )
    )
    alive = client.exists(SCHEDULER_KEY) > 0
    findings.append(
        Finding(
            subject="scheduler",
            ok=alive,
            detail="running" if alive else "not running",
            mend="" if alive else f"{start} or `flowmate scheduler`; without it nothing recovers.",
        )
    )
    findings.append(_clock(client))
    return findings


def _clock(client: Redis) -> Finding:
    before = SystemClock().now()
    seconds, microseconds = client.time()
    there = datetime.fromtimestamp(seconds, UTC) + timedelta(microseconds=microseconds)
    skew = abs(there - before)
    ok = skew <= MAX_SKEW
    zone = ZoneInfo("UTC")
    detail = f"{before.astimezone(zone):%Y-%m-%d %H:%M} UTC, {skew.total_seconds():.1f} s from the queue's"
    return Finding(subject="clock", ok=ok, detail=detail, mend="" if ok else "Synchronise the clocks (NTP).")


async def _platforms(settings: Settings) -> Sequence[Finding]:
    clock = SystemClock()
    limiter = MovingWindow(None, clock=clock)
    shared = Shared(limiter=limiter, admissions=InMemoryAdmissions(), base_url=settings.base_url)
    connections = connect_platforms(clock, shared)
    findings: list[Finding] = []
    for platform in PLATFORMS:
        connection = connections.get(platform.name)
        if connection is None:
            findings.append(
                Finding(
                    subject=platform.title,
                    ok=True,
                    detail="not configured",
                    mend=f"Optional: {platform.setup}.",
                )
            )
            continue
        findings.extend(await connection.check())
        await connection.aclose()
    return findings


async def _model(settings: Settings) -> Sequence[Finding]:
    model = build_model(settings)
    if model is None:
        detail = "none: rules plan, and tools answer"
        mend = "Optional: set OPENAI_API_KEY, or OPENAI_BASE_URL for a server of your own."
        return [Finding(subject="model", ok=True, detail=detail, mend=mend)]
    try:
        question = Message(role="user", text="Answer with OK.")
        await model.complete(ModelRequest(messages=(question,), max_output_tokens=16, timeout_seconds=10.0))
    except FlowMateError as error:
        mend = "Check OPENAI_API_KEY, OPENAI_BASE_URL and FLOWMATE_MODEL."
        return [Finding(subject="model", ok=False, detail=error.sentence, mend=mend)]
    finally:
        await model.aclose()
    return [Finding(subject="model", ok=True, detail=f"{model.name} answers")]


async def _mail(settings: Settings) -> Sequence[Finding]:
    if settings.smtp_url is None:
        if any(service.kind == SMTP for service in await connected(settings)):
            detail = "not configured for all; workspaces have connected their own"
            return [Finding(subject="e-mail", ok=True, detail=detail)]
        return [
            Finding(
                subject="e-mail",
                ok=True,
                detail="not configured",
                mend="Optional: set SMTP_URL and SMTP_FROM.",
            )
        ]
    server = to_server(settings.smtp_url.get_secret_value())
    # Loaded by whoever sends an e-mail, and here; not by every process that imports this module.
    import aiosmtplib

    client = aiosmtplib.SMTP(hostname=server.host, port=server.port, use_tls=server.tls, timeout=10)
    try:
        await client.connect()
        if server.user:
            await client.login(server.user, server.password)
        await client.quit()
    except (aiosmtplib.SMTPException, OSError) as error:
        detail = f"{server.host}:{server.port} does not take e-mails ({type(error).__name__})"
        return [Finding(subject="e-mail", ok=False, detail=detail, mend="Check SMTP_URL.")]
    sender = settings.smtp_from
    mend = "" if sender else "Set SMTP_FROM to the sender's address."
    detail = f"{server.host}:{server.port} answers"
    return [Finding(subject="e-mail", ok=sender is not None, detail=detail, mend=mend)]


async def _agents(settings: Settings) -> Sequence[Finding]:
    folders = [BUILT_IN, settings.agents_dir]
    agents = await asyncio.to_thread(load_agents, folders, tools=tool_names())
    rules = routine_rules(settings)
    routines, problems = read_routines(agents.values(), now=SystemClock().now(), rules=rules)
    if not problems:
        alone = f", {len(routines)} run by themselves" if routines else ""
        return [Finding(subject="agents", ok=True, detail=f"{len(agents)}{alone}")]
    mend = f"Correct the agent's file in {settings.agents_dir}, and restart."
    return [Finding(subject="agents", ok=False, detail=said, mend=mend) for said in problems.values()]


async def _servers(settings: Settings) -> Sequence[Finding]:
    """The MCP servers of the operator's file; nothing where there is none."""
    path = programs_file(settings)
    try:
        programs = await asyncio.to_thread(load_programs, path)
        missing = [name for name, program in programs.items() if not program.is_there]
    except ToolFailed as error:
        mend = f"Correct {path}."
        return [Finding(subject="MCP servers", ok=False, detail=error.sentence, mend=mend)]
    if missing:
        detail = f"the command of {', '.join(missing)} isn't on this machine"
        mend = f"Install it, or correct {path}."
        return [Finding(subject="MCP servers", ok=False, detail=detail, mend=mend)]
    return [Finding(subject="MCP servers", ok=True, detail=", ".join(programs))] if programs else []
