"""The one place where everything is built from settings. Nothing connects before it is used."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass

from adapters.chat.platform import Connection, Shared
from adapters.clock import SystemClock
from adapters.configured import (
    all_tools,
    build_model,
    build_planner,
    connect_platforms,
    messengers_of,
    redis_url,
    routine_rules,
)
from adapters.connecting import (
    build_integration_desk,
    build_invitations,
    build_mcp_tools,
    build_service_commands,
)
from adapters.invitations import SignedInvitations
from adapters.limits.moving_window import MovingWindow
from adapters.mcp.source import McpTools
from adapters.operator import OPERATOR, to_own_place
from adapters.planner_on_demand import PlannerOnDemand
from adapters.queue.connection import connect, connect_async
from adapters.queue.live_events import LiveEvents
from adapters.queue.rq_queue import RqJobQueue
from adapters.settings import Settings
from adapters.sql.admissions import SqlAdmissions
from adapters.sql.database import Database
from adapters.sql.runs import SqlRuns
from adapters.sql.schedules import SqlSchedules
from adapters.sql.store import SqlStore
from adapters.tools.registry import tool_names
from core.agent_loop import AgentLoop
from core.catalog import BUILT_IN, check_tools, load_agents
from core.controls import Controls
from core.coordinator import Coordinator, Parts
from core.delivery import Delivery
from core.intake import Intake
from core.integrations.desk import IntegrationDesk
from core.leases import Leases
from core.line import Line
from core.models import Agent
from core.ports.clock import Clock
from core.ports.language_model import LanguageModel
from core.ports.limiter import Limit
from core.ports.planner import Planner
from core.reception import Reception
from core.reconcile import Reconciler
from core.schedules.desk import Desk, ScheduleLimits
from core.schedules.firing import Alarm, pausing
from core.schedules.posting import Posting, to_targets
from core.schedules.routines import Routines
from core.step_runner import RunLimits, StepRunner

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Assembly:
    """A process's parts, ready to use."""

    settings: Settings
    clock: Clock
    database: Database
    store: SqlStore
    queue: RqJobQueue
    limiter: MovingWindow
    events: LiveEvents
    model: LanguageModel | None
    agents: Mapping[str, Agent]
    planner: Planner
    delivery: Delivery
    leases: Leases
    coordinator: Coordinator
    controls: Controls
    reception: Reception
    reconciler: Reconciler
    schedules: SqlSchedules
    alarm: Alarm
    desk: Desk
    integrations: IntegrationDesk
    servers: McpTools
    invitations: SignedInvitations
    admissions: SqlAdmissions
    routines: Routines
    connections: Mapping[str, Connection]
    person_limit: Limit

    async def aclose(self) -> None:
        """Let go of everything; what is under way is finished or handed back before."""
        await self.delivery.drain()
        await self.events.aclose()
        for connection in self.connections.values():
            await connection.aclose()
        await self.servers.aclose()
        await self.limiter.aclose()
        if self.model is not None:
            await self.model.aclose()
        self.queue.close()
        await self.store.aclose()


@asynccontextmanager
async def assembled(settings: Settings, *, runs_agents: bool = True) -> AsyncIterator[Assembly]:
    """An assembly that is closed at the end."""
    assembly = assemble(settings, runs_agents=runs_agents)
    try:
        yield assembly
    finally:
        await assembly.aclose()


def assemble(settings: Settings, *, runs_agents: bool = True) -> Assembly:
    """Build everything. Raises ConfigurationError with a sentence that says which setting to mend.

    A process that runs no agents goes without their tools and what planning knows of words, 15 MB, until it plans.
    """
    clock = SystemClock()
    url = redis_url(settings)
    database = Database(settings.database)
    store = SqlStore(database)
    queue = RqJobQueue(connect(url), clock=clock, steps_per_person=settings.flowmate_steps_per_person)
    limiter = MovingWindow(url, clock=clock)
    events = LiveEvents(store=store, redis=connect_async(url), clock=clock)
    admissions = SqlAdmissions(database)
    connections = connect_platforms(
        clock, Shared(limiter=limiter, admissions=admissions, base_url=settings.base_url)
    )
    schedules = SqlSchedules(database)
    agents = load_agents([BUILT_IN, settings.agents_dir])
    posting = Posting(own_place=to_own_place, targets=to_targets(agents.values()))
    delivery = Delivery(
        store=store,
        messengers=messengers_of(connections),
        limiter=limiter,
        events=events,
        clock=clock,
        gone=pausing(schedules, clock=clock, posting=posting),
    )
    leases = Leases(store=store, clock=clock)
    model = build_model(settings)
    integrations = build_integration_desk(settings, database, clock)
    invitations = build_invitations(settings, admissions)
    servers = build_mcp_tools(settings, integrations)
    tools = all_tools(settings, database, clock, integrations) if runs_agents else {}
    # Every process looks: what is wrong with an agent's file is said before anything is up.
    check_tools(agents, tools=tools or tool_names(), elsewhere=servers.serves)
    planner = (
        build_planner(tools, model)
        if runs_agents
        else PlannerOnDemand(lambda: build_planner(all_tools(settings, database, clock, integrations), model))
    )
    runner = StepRunner(
        agents=agents,
        loop=AgentLoop(
            model=model,
            tools=tools,
            runs=SqlRuns(database),
            clock=clock,
            access=integrations,
            source=servers,
        ),
        store=store,
        clock=clock,
        limits=RunLimits(
            attempt_seconds=settings.agent_timeout_ms / 1000, max_retries=settings.agent_max_retries
        ),
    )
    alarm = Alarm(schedules=schedules, queue=queue, clock=clock, posting=posting)
    desk = Desk(
        schedules=schedules,
        store=store,
        alarm=alarm,
        clock=clock,
        limits=ScheduleLimits(minimum_seconds=settings.flowmate_schedule_minimum_seconds),
        default_zone=settings.flowmate_zone,
    )
    coordinator = Coordinator(
        Parts(
            store=store,
            queue=queue,
            events=events,
            clock=clock,
            planner=planner,
            runner=runner,
            delivery=delivery,
            leases=leases,
            desk=desk,
            default_zone=settings.flowmate_zone,
        )
    )
    limit = Limit(
        requests=settings.rate_limit_max_requests, window_seconds=settings.rate_limit_window_ms / 1000
    )
    intake = Intake(
        store=store,
        limiter=limiter,
        coordinator=coordinator,
        clock=clock,
        limit=limit,
        line=Line(queue=queue, limiter=limiter, clock=clock),
    )
    controls = Controls(
        store=store, coordinator=coordinator, clock=clock, limiter=limiter, limit=limit, desk=desk
    )
    return Assembly(
        settings=settings,
        clock=clock,
        database=database,
        store=store,
        queue=queue,
        limiter=limiter,
        events=events,
        model=model,
        agents=agents,
        planner=planner,
        delivery=delivery,
        leases=leases,
        coordinator=coordinator,
        controls=controls,
        reception=Reception(
            intake=intake,
            controls=controls,
            store=store,
            agents=agents,
            services=build_service_commands(settings, integrations, invitations, clock),
        ),
        reconciler=Reconciler(
            store=store,
            queue=queue,
            coordinator=coordinator,
            clock=clock,
            step_timeout_seconds=runner.longest_seconds,
        ),
        connections=connections,
        schedules=schedules,
        alarm=alarm,
        desk=desk,
        integrations=integrations,
        servers=servers,
        invitations=invitations,
        admissions=admissions,
        routines=Routines(
            schedules=schedules, clock=clock, person=OPERATOR, posting=posting, rules=routine_rules(settings)
        ),
        person_limit=limit,
    )
