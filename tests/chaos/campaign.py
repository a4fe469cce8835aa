"""One campaign: a world, questions through its doors, faults from a seed, quiet, and the checks."""

from __future__ import annotations

import asyncio
import os
import random
import socket
import sqlite3
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp
from redis import Redis
from sqlalchemy import Engine, func, select
from sqlalchemy.exc import DBAPIError

from adapters.sql import tables
from adapters.sql.database import make_engine
from adapters.sql.migrations import upgrade
from tests.chaos.checks import (
    Verdict,
    check_connections,
    check_doors,
    check_mails,
    check_redis,
    check_rows,
)
from tests.chaos.doors import TOKEN as OPERATOR
from tests.chaos.doors import ApiDoor, Asked, Door, SlackDoor, TelegramDoor
from tests.chaos.faults import Outage, Trouble
from tests.chaos.fleet import ROLES, ROOT, Fleet
from tests.chaos.script import KINDS, THINKER, Model, Question
from tests.counterparts.openai_server import KEY, Responder, ScriptedOpenAI
from tests.counterparts.slack import SlackServer
from tests.counterparts.smtp import MailServer, mail_server
from tests.counterparts.telegram import TOKEN, TelegramServer, telegram_server
from tests.services.postgresql import PostgreSQL
from tests.services.valkey import Valkey

READY_SECONDS = 60.0
SECRET = "invented-webhook-secret"
DOORS = ("slack", "telegram", "telegram", "api", "api")
"""Slack takes some fifty edits a minute: with a larger share of its questions a run would mostly wait for that."""
LEASE_SECONDS = 30.0
SHOWN = 5
UNLIMITED = (
    "chat.postMessage",
    "chat.update",
    "chat.delete",
    "conversations.replies",
    "users.info",
    "auth.test",
)
"""Limits are another test's; here they would only make the run long."""


@dataclass(frozen=True)
class Campaign:
    """What is done to how many questions; everything else follows from the seed."""

    name: str
    seed: int
    questions: int = 1000
    per_second: float = 5.0
    faults: tuple[tuple[str, int], ...] = ()
    """How often each kind of fault happens, all along the run."""
    lies: float = 0.0
    """The share of commits that are made and reported as failed."""
    faulty_model: float = 0.05
    database: str = "sqlite"
    haste: float = 1.0
    slowest_model: float = 2.0
    quiet_seconds: float = 300.0
    roles: tuple[str, ...] = ROLES
    older: Path | None = None
    """Another version's folder, from which the first worker comes."""
    sockets: bool = False
    """Slack over Socket Mode and Telegram by webhook; else Slack over HTTP and Telegram by polling."""
    model: Responder | None = None
    """What answers instead of the model that is slow and now and then unwell."""
    agents: Mapping[str, str] = field(default_factory=lambda: {"thinker": THINKER})


@dataclass
class Outcome:
    campaign: Campaign
    verdict: Verdict
    faults: Counter[str]
    seconds: float
    slowest_seconds: float = 0.0
    """From its acceptance to its delivery, the question that took longest."""


@dataclass
class World:
    """Everything that a campaign stands on."""

    fleet: Fleet
    valkey: Valkey
    slack: SlackServer
    telegram: TelegramServer
    mail: MailServer
    engine: Engine
    base_url: str
    outage: Outage
    clock: Path
    disk: Path
    another: str
    """URL of a second, empty database."""
    doors: dict[str, Door] = field(default_factory=dict)


async def run(campaign: Campaign) -> Outcome:
    """The whole campaign; what broke is in the outcome's verdict."""
    began = time.monotonic()
    dice = random.Random(campaign.seed)
    async with world(campaign, dice) as here:
        trouble = make_trouble(campaign, here, dice)
        asked = [
            Asked(Question(number, dice.choice(KINDS)), dice.choice(DOORS))
            for number in range(1, campaign.questions + 1)
        ]
        causing = asyncio.create_task(_cause(campaign, trouble, random.Random(campaign.seed + 1)))
        await ask(campaign, here, asked)
        await causing
        await trouble.settle()
        verdict = Verdict()
        if not await quiet(here, seconds=campaign.quiet_seconds):
            verdict.expect(False, f"not quiet after {campaign.quiet_seconds:.0f} s: {waiting(here)}")
        for one in asked:
            await here.doors[one.door].read(one)
        check_doors(verdict, asked)
        check_mails(verdict, here.mail)
        check_rows(verdict, here.engine, asked)
        with Redis(unix_socket_path=str(here.valkey.socket)) as client:
            await check_redis(verdict, client)
        verdict.expect(not here.slack.problems, f"slack: {here.slack.problems[:3]}")
        verdict.expect(not here.telegram.refused, f"telegram: {here.telegram.refused[:3]}")
        verdict.expect(not here.fleet.unasked, f"{here.fleet.unasked[:3]}")
        verdict.broken += await here.fleet.stop()
        await check_connections(verdict, here.valkey.socket, here.engine)
        slowest = _slowest(here.engine)
    return Outcome(campaign, verdict, trouble.done, time.monotonic() - began, slowest)


def make_trouble(campaign: Campaign, here: World, dice: random.Random) -> Trouble:
    """What can go wrong with this world."""
    return Trouble(
        here.fleet,
        here.valkey,
        here.slack,
        here.telegram,
        dice,
        database=here.outage,
        clock=here.clock,
        disk=here.disk,
        halt_seconds=1.4 * LEASE_SECONDS / campaign.haste,
    )


async def ask(campaign: Campaign, here: World, asked: list[Asked]) -> None:
    """At a steady pace, whatever happens meanwhile."""
    asking = []
    for one in asked:
        asking.append(asyncio.create_task(here.doors[one.door].ask(one)))
        await asyncio.sleep(1 / campaign.per_second)
    await asyncio.gather(*asking)
    await here.slack.settle()


async def _cause(campaign: Campaign, trouble: Trouble, dice: random.Random) -> None:
    """All faults, spread evenly over the run at instants that the seed chooses."""
    length = campaign.questions / campaign.per_second
    kinds = [kind for kind, times in campaign.faults for _ in range(times)]
    dice.shuffle(kinds)
    instants = sorted(dice.uniform(0, length) for _ in kinds)
    began = time.monotonic()
    for at, kind in zip(instants, kinds, strict=True):
        await asyncio.sleep(max(0.0, began + at - time.monotonic()))
        await trouble.cause(kind)


async def quiet(here: World, *, seconds: float) -> bool:
    """Whether everything that was saved is delivered, and every telegram update is taken, within this time."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if await asyncio.to_thread(_undelivered, here.engine) == 0 and not here.telegram.waiting:
            return True
        await asyncio.sleep(0.5)
    return False


def waiting(here: World) -> str:
    """What a world that did not come to rest still waits for."""
    d = tables.delegations.c
    left = select(d.id, d.state, d.check_at).where(d.state != "delivered").limit(SHOWN)
    with here.engine.connect() as connection:
        rows = [tuple(row) for row in connection.execute(left)]
    return f"{rows}, {here.telegram.waiting} updates for Telegram's bot"


def _undelivered(engine: Engine) -> int:
    query = select(func.count()).where(tables.delegations.c.state != "delivered")
    try:
        with engine.connect() as connection:
            return connection.execute(query).scalar_one()
    except DBAPIError:
        # Connections from before an outage are noticed when they are used.
        return -1


def _slowest(engine: Engine) -> float:
    d = tables.delegations.c
    with engine.connect() as connection:
        rows = connection.execute(
            select(d.received_at, d.delivered_at).where(d.delivered_at.is_not(None))
        ).all()
    return max(((end - start).total_seconds() for start, end in rows), default=0.0)


@asynccontextmanager
async def world(campaign: Campaign, dice: random.Random) -> AsyncIterator[World]:
    """All servers, a migrated database and the fleet, ready to be asked."""
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="fm-chaos-", dir="/tmp")))
        for name in ("queue", "data", "data/agents", "logs"):
            (folder / name).mkdir(mode=0o700)
        for name, text in campaign.agents.items():
            (folder / "data" / "agents" / f"{name}.md").write_text(text)
        valkey = Valkey(folder / "queue")
        valkey.start()
        stack.callback(valkey.stop)
        slack = await stack.enter_async_context(
            SlackServer(
                burst=1000, per_minute=dict.fromkeys(UNLIMITED, 1_000_000), retry_seconds=(1.0, 10.0, 30.0)
            )
        )
        telegram = await stack.enter_async_context(telegram_server(scale=0.01))
        mail = await stack.enter_async_context(mail_server())
        model = campaign.model or Model(
            seed=campaign.seed, slowest=campaign.slowest_model, faulty=campaign.faulty_model
        )
        openai = await stack.enter_async_context(ScriptedOpenAI(default=model))
        url, outage, another = stack.enter_context(_database(campaign.database, folder))
        clock, disk = folder / "clock", folder / "disk"
        clock.write_text("0")
        disk.write_text("")
        engine = make_engine(url)
        stack.callback(engine.dispose)
        upgrade(engine)
        port = _free_port()
        environment = {
            **{name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ},
            "FLOWMATE_DATA_DIR": str(folder / "data"),
            "FLOWMATE_PORT": str(port),
            "FLOWMATE_OPERATOR_TOKEN": OPERATOR,
            "DATABASE_URL": url,
            "REDIS_URL": valkey.url,
            "OPENAI_API_KEY": KEY,
            "OPENAI_BASE_URL": openai.url,
            "RATE_LIMIT_MAX_REQUESTS": "1000000",
            "SLACK_BOT_TOKEN": slack.bot_token,
            "SLACK_API_URL": slack.base_url,
            **_modes(slack, sockets=campaign.sockets),
            "TELEGRAM_BOT_TOKEN": TOKEN,
            "TELEGRAM_API_URL": telegram.url,
            "TELEGRAM_ALLOWED_USERS": "*",
            "SMTP_URL": mail.url(),
            "SMTP_FROM": "flowmate@chaos.example.org",
            "CHAOS_HASTE": str(campaign.haste),
            "CHAOS_LIES": str(campaign.lies),
            "CHAOS_CLOCK": str(clock),
            "CHAOS_DISK": str(disk),
            "PYTHONPATH": str(ROOT),
        }
        fleet = Fleet(environment, folder / "logs", campaign.roles, older=campaign.older)
        base_url = f"http://127.0.0.1:{port}"
        await fleet.start()
        stack.push_async_callback(fleet.stop)
        await ready(base_url)
        if not campaign.sockets:
            slack.connect_http(f"{base_url}/slack/events")
        api = ApiDoor(base_url, dice)
        stack.push_async_callback(api.aclose)
        doors: dict[str, Door] = {
            "slack": SlackDoor(slack, dice),
            "telegram": TelegramDoor(telegram, dice, secret=SECRET if campaign.sockets else ""),
            "api": api,
        }
        yield World(
            fleet, valkey, slack, telegram, mail, engine, base_url, outage, clock, disk, another, doors
        )


async def ready(base_url: str) -> None:
    async with asyncio.timeout(READY_SECONDS), aiohttp.ClientSession() as session:
        while True:
            try:
                async with session.get(f"{base_url}/health/ready") as response:
                    if response.status == 200:
                        return
            except aiohttp.ClientError:
                pass
            await asyncio.sleep(0.1)


def _modes(slack: SlackServer, *, sockets: bool) -> dict[str, str]:
    if sockets:
        return {"SLACK_APP_TOKEN": slack.app_token, "TELEGRAM_WEBHOOK_SECRET": SECRET}
    return {"SLACK_SIGNING_SECRET": slack.signing_secret}


@contextmanager
def _database(kind: str, folder: Path) -> Iterator[tuple[str, Outage, str]]:
    """The database's URL, how to take it away for a while, and the URL of another one, empty."""
    if kind == "sqlite":
        file = folder / "data" / "flowmate.sqlite3"

        async def locked(seconds: float) -> None:
            holder = sqlite3.connect(file, isolation_level=None, timeout=30, check_same_thread=False)
            try:
                await asyncio.to_thread(holder.execute, "BEGIN IMMEDIATE")
                await asyncio.sleep(seconds)
                holder.execute("ROLLBACK")
            finally:
                holder.close()

        yield f"sqlite:///{file}", locked, f"sqlite:///{folder / 'data' / 'another.sqlite3'}"
        return
    with tempfile.TemporaryDirectory(prefix="fm-pg-", dir="/tmp") as place:
        server = PostgreSQL(Path(place))
        server.start()
        down = asyncio.Lock()

        async def gone(seconds: float) -> None:
            async with down:
                await asyncio.to_thread(server.stop)
                await asyncio.sleep(seconds)
                await asyncio.to_thread(server.start)

        try:
            yield server.url(server.create()), gone, server.url(server.create())
        finally:
            server.stop()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
