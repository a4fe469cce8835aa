"""`SqlStore`: delegations in the database."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import Connection
from sqlalchemy import text as sql_text

from adapters.sql import conversations, delegations, facts, steps, wishes
from adapters.sql.database import Database
from adapters.sql.runs import save_turn
from core.models import (
    Address,
    ConversationOutline,
    Delegation,
    Event,
    Exchange,
    Instruction,
    Plan,
    Reply,
    Result,
    Status,
    Step,
)
from core.ports.runs import LastTurn
from core.ports.store import Answer, Answering, Posted, ToPlan


class SqlStore:
    """The Store port over SQLite or PostgreSQL; each method names the transaction that it runs."""

    def __init__(self, database: Database) -> None:
        self.database = database

    async def accept(
        self, instruction: Instruction, *, delegation_id: str, now: datetime
    ) -> tuple[Delegation, bool]:
        return await self.database.write(lambda c: delegations.accept(c, instruction, delegation_id, now))

    async def known(self, key: str) -> str | None:
        return await self.database.read(lambda c: delegations.known(c, key))

    async def load(self, delegation_id: str) -> Delegation:
        return await self.database.read(lambda c: delegations.load(c, delegation_id))

    async def load_shown(self, delegation_id: str) -> tuple[Delegation, Posted | None]:
        return await self.database.read(lambda c: conversations.load_shown(c, delegation_id))

    async def replied(self, delegation_id: str) -> bool:
        return await self.database.read(lambda c: conversations.replied(c, delegation_id))

    async def load_to_plan(self, delegation_id: str, *, exchanges: int) -> ToPlan:
        def load(c: Connection) -> ToPlan:
            delegation, roster = delegations.load_to_plan(c, delegation_id)
            address, before = delegation.instruction.address, delegation.received_at
            return ToPlan(delegation, roster, conversations.exchanges(c, address, before, exchanges))

        return await self.database.read(load)

    async def load_step(self, step_id: str) -> tuple[Delegation, Step]:
        return await self.database.read(lambda c: delegations.load_step(c, step_id))

    async def recent(
        self, *, workspace: str, before: datetime | None = None, limit: int = 50
    ) -> tuple[Delegation, ...]:
        return await self.database.read(lambda c: delegations.recent(c, workspace, before, limit))

    async def save_plan(self, delegation_id: str, plan: Plan, *, now: datetime) -> Delegation | None:
        return await self.database.write(lambda c: delegations.save_plan(c, delegation_id, plan, now))

    async def claim_step(
        self, step_id: str, *, now: datetime, lease_until: datetime
    ) -> tuple[Delegation, Step] | None:
        return await self.database.write(lambda c: steps.claim(c, step_id, now, lease_until))

    async def renew(self, held: Mapping[str, int], *, now: datetime, lease_until: datetime) -> frozenset[str]:
        return await self.database.write(lambda c: steps.renew(c, held, now, lease_until))

    async def retrying(
        self, step_id: str, *, token: int, delay_seconds: float, reason: str, now: datetime
    ) -> bool:
        return await self.database.write(
            lambda c: steps.retrying(c, step_id, token, (delay_seconds, reason), now)
        )

    async def release_step(self, step_id: str, *, token: int, now: datetime) -> bool:
        return await self.database.write(lambda c: steps.release(c, step_id, token, now))

    async def end_step(
        self,
        step_id: str,
        *,
        token: int,
        result: Result,
        now: datetime,
        answering: Answering | None = None,
        last: LastTurn | None = None,
    ) -> Delegation | None:
        def end(c: Connection) -> Delegation | None:
            if last is not None:
                save_turn(c, last.step_id, last.index, last.turn)
            return steps.end(c, step_id, token, result, now, answering=answering)

        return await self.database.write(end)

    async def skip_steps(self, step_ids: Sequence[str], *, reason: str, now: datetime) -> None:
        await self.database.write(lambda c: steps.skip(c, step_ids, reason, now))

    async def save_answer(
        self,
        delegation_id: str,
        *,
        round: int,
        status: Status,
        reply: Reply,
        now: datetime,
        delivered: bool = False,
    ) -> bool:
        answer = Answer(status=status, reply=reply, delivered=delivered)
        return await self.database.write(
            lambda c: delegations.save_answer(c, delegation_id, round, answer, now) is not None
        )

    async def mark_delivered(
        self, delegation_id: str, *, round: int, now: datetime, failure: str | None = None
    ) -> bool:
        return await self.database.write(
            lambda c: delegations.mark_delivered(c, delegation_id, round, failure, now)
        )

    async def cancel(self, delegation_id: str, *, by: str, now: datetime) -> bool:
        return await self.database.write(lambda c: wishes.cancel(c, delegation_id, by, now))

    async def retry(self, delegation_id: str, *, by: str, now: datetime) -> bool:
        return await self.database.write(lambda c: wishes.retry(c, delegation_id, by, now))

    async def revise(self, delegation_id: str, reply: Reply, *, now: datetime) -> bool:
        return await self.database.write(lambda c: wishes.revise(c, delegation_id, reply, now))

    async def redispatch(
        self, delegation_id: str, *, step_ids: Sequence[str], stage: bool, now: datetime
    ) -> None:
        await self.database.write(lambda c: wishes.redispatch(c, delegation_id, step_ids, stage, now))

    async def check_later(self, delegation_id: str, *, at: datetime) -> None:
        await self.database.write(lambda c: delegations.check_later(c, delegation_id, at))

    async def to_check(self, *, now: datetime, limit: int) -> tuple[str, ...]:
        return await self.database.read(lambda c: delegations.to_check(c, now, limit))

    async def posted(self, delegation_id: str) -> tuple[Posted, ...]:
        return await self.database.read(lambda c: conversations.posted(c, delegation_id))

    async def attempt_post(self, delegation_id: str, *, part: int) -> Posted:
        return await self.database.write(lambda c: conversations.attempt_post(c, delegation_id, part))

    async def abandon_post(self, delegation_id: str, *, part: int) -> None:
        await self.database.write(lambda c: conversations.abandon_post(c, delegation_id, part))

    async def record_post(self, delegation_id: str, *, part: int, message_id: str) -> str:
        return await self.database.write(
            lambda c: conversations.record_post(c, delegation_id, part, message_id)
        )

    async def forget_post(self, delegation_id: str, *, part: int, message_id: str) -> None:
        await self.database.write(lambda c: conversations.forget_post(c, delegation_id, part, message_id))

    async def conversation(self, address: Address, *, before: datetime, limit: int) -> tuple[Exchange, ...]:
        return await self.database.read(lambda c: conversations.exchanges(c, address, before, limit))

    async def in_conversation(
        self, address: Address, *, before: datetime | None = None, limit: int
    ) -> tuple[Delegation, ...]:
        return await self.database.read(
            lambda c: conversations.delegations_in(c, address, before=before, limit=limit)
        )

    async def conversations(
        self, *, platform: str, workspace: str, before: datetime | None = None, limit: int
    ) -> tuple[ConversationOutline, ...]:
        return await self.database.read(
            lambda c: conversations.outlines(c, (platform, workspace), before=before, limit=limit)
        )

    async def knows(self, address: Address) -> bool:
        return await self.database.read(lambda c: conversations.knows(c, address))

    async def append(self, event: Event) -> None:
        await self.database.write(lambda c: facts.append(c, event))

    async def events(self, delegation_id: str, *, after: int = 0) -> tuple[Event, ...]:
        return await self.database.read(lambda c: facts.events_after(c, delegation_id, after))

    async def ping(self) -> None:
        await self.database.read(lambda c: c.execute(sql_text("SELECT 1")).scalar())

    async def aclose(self) -> None:
        self.database.close()
