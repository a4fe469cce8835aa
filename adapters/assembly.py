"""The one place where everything is built from settings. Nothing connects before it is used."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import cache

from adapters.assembled import Assembly as Assembly
from adapters.charts.spending import SpendingCharts
from adapters.chat.platform import Shared
from adapters.clock import SystemClock
from adapters.configured import (
    all_tools,
    budget_rules,
    build_gate,
    build_planner,
    connect_platforms,
    messengers_of,
    metered,
    redis_url,
    routine_rules,
)
from adapters.connecting import (
    build_integration_desk,
    build_invitations,
    build_mcp_tools,
    build_service_commands,
)
from adapters.limits.moving_window import MovingWindow
from adapters.making import build_shop
from adapters.operator import OPERATOR, TERMINAL, to_own_place
from adapters.planner_on_demand import PlannerOnDemand
from adapters.queue.broadcast import RedisBroadcast
from adapters.queue.connection import connect, connect_async
from adapters.queue.live_events import LiveEvents
from adapters.queue.rq_queue import RqJobQueue
from adapters.settings import Settings
from adapters.sql.admissions import SqlAdmissions
from adapters.sql.approvals import SqlApprovals
from adapters.sql.budgets import SqlBudgets
from adapters.sql.database import Database
from adapters.sql.made_agents import SqlMadeAgents
from adapters.sql.runs import SqlRuns
from adapters.sql.schedules import SqlSchedules
from adapters.sql.store import SqlStore
from adapters.tools.registry import tool_names
from core.agent_loop import AgentLoop
from core.approvals.desk import ApprovalDesk
from core.budgets.accounting import Accounting
from core.budgets.desk import BudgetDesk
from core.catalog import BUILT_IN, load_agents
from core.controls import Controls
from core.coordinator import Coordinator
from core.delivery import Delivery
from core.intake import Intake
from core.integrations.needs import Needs
from core.leases import Leases
from core.line import Line
from core.live_words import LiveWords
from core.making import MakingDesk
from core.parts import Parts
from core.ports.limiter import Limit
from core.reception import Reception
from core.reconcile import Reconciler
from core.roster import Roster
from core.schedules.desk import Desk, ScheduleLimits
from core.schedules.firing import Alarm, pausing
from core.schedules.posting import Posting, to_targets
from core.schedules.routines import Routines
from core.step_runner import RunLimits, StepRunner

logger = logging.getLogger(__name__)


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
    events = LiveEvents(store=store, redis_url=url, clock=clock)
    words = LiveWords(broadcast=RedisBroadcast(connect_async(url), clock=clock), clock=clock)
    admissions = SqlAdmissions(database)
    connections = connect_platforms(
        clock, Shared(limiter=limiter, admissions=admissions, base_url=settings.base_url)
    )
    schedules = SqlSchedules(database)
    integrations = build_integration_desk(settings, database, clock)
    load_tools = cache(lambda: all_tools(settings, database, clock, integrations))
    tools = load_tools() if runs_agents else {}
    # Every process looks: what is wrong with an agent's file is said before anything is up.
    agents = load_agents([BUILT_IN, settings.agents_dir], tools=tools or tool_names())
    posting = Posting(own_place=to_own_place, targets=to_targets(agents.values()))
    delivery = Delivery(
        store=store,
        messengers=messengers_of(connections),
        limiter=limiter,
        events=events,
        clock=clock,
        gone=pausing(schedules, clock=clock, posting=posting),
    )
    approvals = ApprovalDesk(
        approvals=SqlApprovals(database),
        store=store,
        messengers=messengers_of(connections),
        events=events,
        clock=clock,
        approvers=settings.approvers,
        default_zone=settings.flowmate_zone,
    )
    leases = Leases(store=store, clock=clock)
    budgets = SqlBudgets(database, clock=clock)
    model = metered(settings, budgets)
    invitations = build_invitations(settings, admissions)
    servers = build_mcp_tools(settings, integrations)
    planner = (
        build_planner(tools, model, planner_model=settings.planner_model)
        if runs_agents
        else PlannerOnDemand(lambda: build_planner(load_tools(), model, planner_model=settings.planner_model))
    )
    made_agents = SqlMadeAgents(database)
    roster = Roster(files=agents, made=made_agents)
    runner = StepRunner(
        agents=agents,
        roster=roster,
        loop=AgentLoop(
            model=model,
            tools=tools,
            runs=SqlRuns(database),
            clock=clock,
            gate=build_gate(settings, approvals.approvals, clock),
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
        unposted=frozenset({TERMINAL}),
    )
    shop = build_shop(
        settings,
        made=made_agents,
        runner=runner,
        tools=tools or tool_names(),
        desk=desk,
        clock=clock,
        needs=Needs(tools=load_tools, access=integrations, source=servers),
    )
    making = MakingDesk(
        shop=shop, made=made_agents, clock=clock, standing=delivery.standing, shared=delivery.shared
    )
    accounting = Accounting(
        budgets=budgets,
        rules=budget_rules(settings),
        clock=clock,
        roster=roster,
        schedules=schedules,
        unpriced=None if model is None else model.unpriced,
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
            approvals=approvals,
            desk=desk,
            making=making,
            money=BudgetDesk(
                accounting=accounting,
                operators=settings.operators | {OPERATOR.id},
                charts=SpendingCharts(settings.data_dir / "files"),
            ),
            words=words,
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
        store=store,
        coordinator=coordinator,
        clock=clock,
        limiter=limiter,
        limit=limit,
        approvals=approvals,
        desk=desk,
        making=making,
        made=made_agents,
    )
    return Assembly(
        settings=settings,
        clock=clock,
        database=database,
        store=store,
        queue=queue,
        limiter=limiter,
        events=events,
        words=words,
        model=model,
        agents=agents,
        roster=roster,
        shop=shop,
        planner=planner,
        delivery=delivery,
        leases=leases,
        coordinator=coordinator,
        approvals=approvals,
        controls=controls,
        reception=Reception(
            intake=intake,
            controls=controls,
            store=store,
            roster=roster,
            making=making,
            services=build_service_commands(settings, integrations, invitations, clock),
        ),
        reconciler=Reconciler(
            store=store,
            queue=queue,
            coordinator=coordinator,
            approvals=approvals,
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
        accounting=accounting,
        admissions=admissions,
        routines=Routines(
            schedules=schedules, clock=clock, person=OPERATOR, posting=posting, rules=routine_rules(settings)
        ),
        person_limit=limit,
    )
