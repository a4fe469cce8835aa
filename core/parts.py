"""What the stages of the path work with."""

from __future__ import annotations

from dataclasses import dataclass

from core.approvals.desk import ApprovalDesk
from core.budgets.desk import BudgetDesk
from core.delivery import Delivery
from core.leases import Leases
from core.live_words import LiveWords
from core.making import MakingDesk
from core.ports.clock import Clock
from core.ports.event_log import EventLog
from core.ports.job_queue import JobQueue
from core.ports.planner import Planner
from core.ports.store import Store
from core.schedules.desk import Desk
from core.step_runner import StepRunner


@dataclass(frozen=True)
class Parts:
    """One of each."""

    store: Store
    queue: JobQueue
    events: EventLog
    clock: Clock
    planner: Planner
    runner: StepRunner
    delivery: Delivery
    leases: Leases
    approvals: ApprovalDesk
    desk: Desk | None = None
    making: MakingDesk | None = None
    money: BudgetDesk | None = None
    words: LiveWords | None = None
    default_zone: str = "UTC"
