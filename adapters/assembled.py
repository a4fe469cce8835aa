"""A process's parts, as they were built."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from adapters.chat.platform import Connection
from adapters.invitations import SignedInvitations
from adapters.limits.moving_window import MovingWindow
from adapters.mcp.source import McpTools
from adapters.queue.live_events import LiveEvents
from adapters.queue.rq_queue import RqJobQueue
from adapters.settings import Settings
from adapters.sql.admissions import SqlAdmissions
from adapters.sql.database import Database
from adapters.sql.schedules import SqlSchedules
from adapters.sql.store import SqlStore
from core.approvals.desk import ApprovalDesk
from core.budgets.accounting import Accounting
from core.controls import Controls
from core.coordinator import Coordinator
from core.delivery import Delivery
from core.integrations.desk import IntegrationDesk
from core.leases import Leases
from core.live_words import LiveWords
from core.making import Shop
from core.models import Agent
from core.ports.clock import Clock
from core.ports.language_model import LanguageModel
from core.ports.limiter import Limit
from core.ports.planner import Planner
from core.reception import Reception
from core.reconcile import Reconciler
from core.roster import Roster
from core.schedules.desk import Desk
from core.schedules.firing import Alarm
from core.schedules.routines import Routines


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
    words: LiveWords
    model: LanguageModel | None
    agents: Mapping[str, Agent]
    """Those of files; what people make is in the roster."""
    roster: Roster
    shop: Shop
    planner: Planner
    delivery: Delivery
    leases: Leases
    coordinator: Coordinator
    controls: Controls
    reception: Reception
    reconciler: Reconciler
    schedules: SqlSchedules
    alarm: Alarm
    approvals: ApprovalDesk
    desk: Desk
    integrations: IntegrationDesk
    servers: McpTools
    invitations: SignedInvitations
    accounting: Accounting
    admissions: SqlAdmissions
    routines: Routines
    connections: Mapping[str, Connection]
    person_limit: Limit

    async def aclose(self) -> None:
        """Let go of everything; what is under way is finished or handed back before."""
        await self.approvals.drain()
        await self.delivery.drain()
        await self.events.aclose()
        await self.words.aclose()
        for connection in self.connections.values():
            await connection.aclose()
        await self.servers.aclose()
        await self.limiter.aclose()
        if self.model is not None:
            await self.model.aclose()
        self.queue.close()
        await self.store.aclose()
