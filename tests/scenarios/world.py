"""The whole core over in-memory ports: what a scenario needs to send instructions and to break things."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict

from core.agent_loop import AgentLoop
from core.approvals.desk import ApprovalDesk
from core.approvals.gate import Gate
from core.approvals.policy import Rules
from core.budgets import BudgetRules, MeteredModel
from core.budgets.accounting import Accounting
from core.budgets.desk import BudgetDesk
from core.controls import Controls
from core.coordinator import Coordinator
from core.delivery import Delivery
from core.intake import Intake
from core.integrations.commands import ServiceCommands
from core.integrations.needs import Needs
from core.leases import Leases
from core.line import Line
from core.live_words import LiveWords
from core.making import MakingDesk, MakingLimits, Shop
from core.making.routine import MadeRoutines
from core.memory.approvals import InMemoryApprovals
from core.memory.broadcast import InMemoryBroadcast
from core.memory.budgets import InMemoryBudgets
from core.memory.clock import ManualClock
from core.memory.event_log import InMemoryEventLog
from core.memory.job_queue import InMemoryJobQueue
from core.memory.limiter import InMemoryLimiter
from core.memory.made_agents import InMemoryMadeAgents
from core.memory.messenger import InMemoryMessenger, TypingMessenger
from core.memory.runs import InMemoryRuns
from core.memory.schedules import InMemorySchedules
from core.memory.store import InMemoryStore
from core.models import Address, Agent, Delegation, Instruction, Person, Task
from core.models.budget import Allowance, Period, Scope
from core.parts import Parts
from core.planning import RulePlanner
from core.ports.integrations import Access
from core.ports.job_queue import Job, JobKind
from core.ports.language_model import LanguageModel
from core.ports.limiter import Limit
from core.ports.messenger import Capabilities, Messenger
from core.ports.tool import Effect, ToolOutput, ToolSource
from core.reception import Reception
from core.reconcile import Reconciler
from core.roster import Roster
from core.schedules.desk import Desk, ScheduleLimits
from core.schedules.firing import Alarm
from core.schedules.routines import RoutineRules
from core.step_runner import RunLimits, StepRunner

ADA = Person(id="memory:w:ada", name="ada")


class Words(BaseModel):
    model_config = ConfigDict(extra="forbid")

    text: str


class Scripted:
    """A tool that takes whatever its agent is told; each run does what the next of `acts` says."""

    arguments = Words
    effect = Effect.READ
    untrusted = False
    integration: str | None = None

    def __init__(self, name: str, *, effect: Effect = Effect.READ, untrusted: bool = False) -> None:
        self.untrusted = untrusted
        self.name = name
        self.description = f"Does {name}."
        self.effect = effect
        self.acts: list[Callable[[Task], Any]] = []
        self.runs: list[Task] = []
        self.started = asyncio.Event()

    def parse(self, task: Task) -> Words | None:
        return Words(text=task.text)

    def named_by(self, arguments: Words) -> tuple[str, ...]:
        return ()

    async def run(self, arguments: Words, *, task: Task, idempotency_key: str) -> ToolOutput:
        self.runs.append(task)
        self.started.set()
        outcome = self.acts.pop(0)(task) if self.acts else f"{self.name} did {arguments.text}"
        if asyncio.iscoroutine(outcome):
            outcome = await outcome
        if isinstance(outcome, BaseException):
            raise outcome
        return ToolOutput(text=str(outcome))


def agent(name: str, *, timeout_seconds: float | None = None) -> Agent:
    return Agent.model_validate(
        {
            "name": name,
            "description": f"Does {name}.",
            "tools": [f"{name}_tool"],
            "limits": {"timeout_seconds": timeout_seconds},
        }
    )


@dataclass
class World:
    """Agents `one`, `two` and `three`, each with a scripted tool, on a platform called `memory`."""

    model: LanguageModel | None = None
    requests: int = 100
    clock: ManualClock = field(default_factory=lambda: ManualClock(auto_advance=True))
    attempt_seconds: float = 30.0
    splits_at: int = 4000
    find_own: bool = True
    live_typing: bool = False
    schedule_minimum_seconds: int = 60
    more_agents: tuple[Agent, ...] = ()
    writes: tuple[str, ...] = ()
    """Agents whose tool changes the world."""
    reads_outside: tuple[str, ...] = ()
    """Agents whose tool brings untrusted text."""
    rules: Rules = field(default_factory=Rules)
    approvers: tuple[str, ...] = ()
    budgets_by_default: dict[tuple[Scope, Period], Allowance] = field(default_factory=dict)
    operators: tuple[str, ...] = ()
    priced: bool = True
    """Whether the model has a known price."""
    access: Access | None = None
    source: ToolSource | None = None
    services: ServiceCommands | None = None
    more_tools: dict[str, Any] = field(default_factory=dict)
    keys: Any = field(default_factory=itertools.count)

    def __post_init__(self) -> None:
        self.store = InMemoryStore()
        self.queue = InMemoryJobQueue()
        self.limiter = InMemoryLimiter(clock=self.clock)
        self.events = InMemoryEventLog(store=self.store)
        self.broadcast = InMemoryBroadcast()
        self.words = LiveWords(broadcast=self.broadcast, clock=self.clock)
        self.messenger = (TypingMessenger if self.live_typing else InMemoryMessenger)(
            capabilities=Capabilities(find_own=self.find_own, seconds_between_edits=0.5),
            splits_at=self.splits_at,
        )
        self.messengers: dict[str, Messenger] = {"memory": self.messenger}
        """By platform; a test may add one."""
        self.leases = Leases(store=self.store, clock=self.clock)
        self.tools = {
            f"{name}_tool": Scripted(
                f"{name}_tool",
                effect=Effect.WRITE if name in self.writes else Effect.READ,
                untrusted=name in self.reads_outside,
            )
            for name in ("one", "two", "three")
        }
        self.agents = {name: agent(name) for name in ("one", "two", "three")}
        self.agents |= {one.name: one for one in self.more_agents}
        self.delivery = self.another_delivery()
        self.made = InMemoryMadeAgents(store=self.store)
        self.roster = Roster(files=self.agents, made=self.made)
        self.approvals = InMemoryApprovals(store=self.store)
        self.approval_desk = ApprovalDesk(
            approvals=self.approvals,
            store=self.store,
            messengers=self.messengers,
            events=self.events,
            clock=self.clock,
            approvers=self.approvers,
        )
        self.budgets = InMemoryBudgets(clock=self.clock)
        self.budget_rules = BudgetRules(defaults=self.budgets_by_default)
        self.runs = self.store.runs = InMemoryRuns(budgets=self.budgets)
        metered = self.metered()
        self.runner = StepRunner(
            agents=self.agents,
            roster=self.roster,
            loop=AgentLoop(
                model=metered,
                tools={**self.tools, **self.more_tools},
                access=self.access,
                source=self.source,
                runs=self.runs,
                clock=self.clock,
                gate=Gate(approvals=self.approvals, clock=self.clock, rules=self.rules),
            ),
            store=self.store,
            clock=self.clock,
            limits=RunLimits(attempt_seconds=self.attempt_seconds),
            jitter=lambda: 0.0,
        )
        self.schedules = InMemorySchedules(store=self.store)
        self.alarm = Alarm(schedules=self.schedules, queue=self.queue, clock=self.clock)
        self.desk = Desk(
            schedules=self.schedules,
            store=self.store,
            alarm=self.alarm,
            clock=self.clock,
            limits=ScheduleLimits(minimum_seconds=self.schedule_minimum_seconds),
        )
        self.shop = Shop(
            made=self.made,
            roster=self.roster,
            tools=self.tools,
            clock=self.clock,
            limits=MakingLimits(timeout_seconds=self.attempt_seconds, per_person=5),
            needs=Needs(tools=lambda: self.tools, access=self.access, source=self.source),
            routines=MadeRoutines(desk=self.desk, clock=self.clock, rules=RoutineRules(platforms=["memory"])),
        )
        self.making = MakingDesk(
            shop=self.shop,
            made=self.made,
            clock=self.clock,
            standing=self.delivery.standing,
            shared=self.delivery.shared,
        )
        self.accounting = Accounting(
            budgets=self.budgets,
            rules=self.budget_rules,
            clock=self.clock,
            roster=self.roster,
            schedules=self.schedules,
            unpriced=metered.unpriced if metered is not None else None,
        )
        self.coordinator = Coordinator(
            Parts(
                store=self.store,
                queue=self.queue,
                events=self.events,
                clock=self.clock,
                planner=RulePlanner(tools={**self.tools, **self.more_tools}),
                runner=self.runner,
                delivery=self.delivery,
                leases=self.leases,
                approvals=self.approval_desk,
                desk=self.desk,
                making=self.making,
                money=BudgetDesk(accounting=self.accounting, operators=self.operators, charts=None),
                words=self.words,
            )
        )
        limit = Limit(requests=self.requests, window_seconds=900)
        shared: dict[str, Any] = {"store": self.store, "coordinator": self.coordinator, "clock": self.clock}
        self.controls = Controls(
            **shared,
            limiter=self.limiter,
            limit=limit,
            approvals=self.approval_desk,
            desk=self.desk,
            making=self.making,
            made=self.made,
        )
        line = Line(queue=self.queue, limiter=self.limiter, clock=self.clock)
        intake = Intake(**shared, limiter=self.limiter, limit=limit, line=line)
        self.reception = Reception(
            intake=intake,
            controls=self.controls,
            store=self.store,
            roster=self.roster,
            making=self.making,
            services=self.services,
        )
        self.reconciler = Reconciler(
            store=self.store,
            queue=self.queue,
            coordinator=self.coordinator,
            approvals=self.approval_desk,
            clock=self.clock,
            step_timeout_seconds=self.runner.longest_seconds,
        )

    def metered(self) -> MeteredModel | None:
        """The model, paid from budgets; a thousand tokens cost a dollar."""
        if self.model is None:
            return None

        async def price(model: str, *, input_tokens: int, output_tokens: int) -> float | None:
            return (input_tokens + output_tokens) / 1000 if self.priced else None

        return MeteredModel(
            self.model, budgets=self.budgets, rules=self.budget_rules, price=price, clock=self.clock
        )

    def another_delivery(self) -> Delivery:
        """What delivers, as another process has it."""
        return Delivery(
            store=self.store,
            messengers=self.messengers,
            limiter=self.limiter,
            events=self.events,
            clock=self.clock,
        )

    def tool(self, name: str) -> Scripted:
        return self.tools[f"{name}_tool"]

    def instruction(
        self, text: str, *, key: str | None = None, thread: str = "t1", person: Person = ADA
    ) -> Instruction:
        address = Address(platform="memory", workspace="w", place="p", thread=thread)
        return Instruction(
            key=key or f"key-{next(self.keys)}", text=text, person=person, address=address, origin="memory"
        )

    async def receive(self, text: str, **more: Any) -> str:
        receipt = await self.reception.receive(self.instruction(text, **more))
        return receipt.delegation_id

    async def work(self, job: Job) -> None:
        """Do what a worker does with this job."""
        stages: dict[JobKind, Callable[[str], Awaitable[None]]] = {
            JobKind.PLAN: self.coordinator.plan,
            JobKind.STEP: self.coordinator.run_step,
            JobKind.FINISH: self.coordinator.finish,
            JobKind.DELIVER: lambda target: self.coordinator.advance(target, here=True),
        }
        await stages[job.kind](job.target)

    async def pass_until(self, instant: datetime) -> None:
        """Let the clock reach this instant."""
        await self.clock.advance((instant - self.clock.now()).total_seconds())

    async def settle(self) -> None:
        """Run every job there is, and those that they bring."""
        await self.queue.run_all(self.work)
        await self.approval_desk.drain()
        await self.delivery.drain()

    async def ask(self, text: str, **more: Any) -> Delegation:
        """Receive, run everything, and give the delegation as it stands then."""
        delegation_id = await self.receive(text, **more)
        await self.settle()
        return await self.store.load(delegation_id)
