"""`SqlApprovals`: what was asked, what was said, and which step that lets go on.

Whoever changes an approval and its step takes the step's row first, so that a decision and a step that is about to
wait for it see one another.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, Select, insert, or_, select, update

from adapters.sql import tables
from adapters.sql.database import Database
from adapters.sql.delegations import check_later, load
from adapters.sql.facts import Fact, record
from adapters.sql.moves import CHECK
from core.errors import NotFound
from core.models import (
    Approval,
    ApprovalState,
    Decision,
    Delegation,
    EventKind,
    Person,
    Ruling,
    StepState,
)
from core.policies import FAR

A = tables.approvals
D = tables.delegations
S = tables.steps
PENDING = ApprovalState.PENDING.value
GOES_ON = {"state": StepState.PENDING.value, "generation": S.c.generation + 1}
"""Under another generation the job that made the step wait can't stand in the way of the one that goes on."""


class SqlApprovals:
    """The Approvals port in the database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def ask(self, wanted: Approval) -> Approval:
        return await self._database.write(lambda c: _ask(c, wanted))

    async def wait(
        self, step_id: str, *, token: int, approval_ids: Collection[str], now: datetime
    ) -> Delegation | None:
        return await self._database.write(lambda c: _wait(c, step_id, token, approval_ids, now))

    async def decide(
        self, approval_id: str, decision: Decision, *, by: Person, key: str, now: datetime
    ) -> Ruling:
        return await self._database.write(lambda c: _decide(c, approval_id, decision, (by, key), now))

    async def close(self, approval_id: str, state: ApprovalState, *, now: datetime) -> Approval:
        return await self._database.write(lambda c: _close(c, _held(c, approval_id), state, now))

    async def wake(self, step_id: str, *, now: datetime) -> bool:
        return await self._database.write(lambda c: _wake(c, step_id, now))

    async def load(self, approval_id: str) -> Approval:
        return await self._database.read(lambda c: _load(c, approval_id))

    async def of(self, delegation_ids: Sequence[str]) -> tuple[Approval, ...]:
        query = select(A).where(A.c.delegation_id.in_(delegation_ids)).order_by(A.c.asked_at, A.c.id)
        return await self._all(query)

    async def pending(self, *, limit: int) -> tuple[Approval, ...]:
        query = select(A).where(A.c.state == PENDING, A.c.check_at.is_not(None))
        return await self._all(query.order_by(A.c.asked_at, A.c.id).limit(limit))

    async def beginning(self, start: str, *, limit: int) -> tuple[Approval, ...]:
        query = select(A).where(A.c.id.startswith(start, autoescape=True))
        return await self._all(query.order_by(A.c.state != PENDING, A.c.asked_at.desc(), A.c.id).limit(limit))

    async def to_check(self, *, now: datetime, limit: int) -> tuple[Approval, ...]:
        come = or_(A.c.check_at <= now, A.c.check_at > now + FAR)
        return await self._all(select(A).where(come).order_by(A.c.check_at, A.c.id).limit(limit))

    async def check_later(self, approval: Approval, *, at: datetime | None) -> None:
        same = (A.c.id == approval.id, A.c.state == approval.state.value)
        message = A.c.message_id
        as_known = message.is_(None) if approval.message_id is None else message == approval.message_id
        await self._database.write(
            lambda c: c.execute(update(A).where(*same, as_known).values(check_at=at)).close()
        )

    async def record_message(self, approval_id: str, message_id: str) -> str:
        return await self._database.write(lambda c: _record_message(c, approval_id, message_id))

    async def _all(self, query: Select[Any]) -> tuple[Approval, ...]:
        return await self._database.read(lambda c: tuple(_to_approval(row) for row in c.execute(query)))


def _ask(c: Connection, wanted: Approval) -> Approval:
    row = c.execute(select(A).where(A.c.id == wanted.id)).first()
    if row is not None:
        return _to_approval(row)
    granted = c.execute(
        select(A).where(
            A.c.run_id == wanted.run_id,
            A.c.tool == wanted.tool,
            A.c.state == ApprovalState.APPROVED.value,
            A.c.always,
        )
    ).first()
    if granted is not None:
        wanted = wanted.covered(_to_approval(granted))
    c.execute(insert(A).values(_from_approval(wanted)))
    pending = wanted.state is ApprovalState.PENDING
    kind = EventKind.APPROVAL_REQUESTED if pending else EventKind.APPROVAL_DECIDED
    record(c, wanted.delegation_id, [(kind, wanted.facts)], wanted.asked_at)
    return wanted


def _wait(
    c: Connection, step_id: str, token: int, approval_ids: Collection[str], now: datetime
) -> Delegation | None:
    mine = (S.c.id == step_id, S.c.token == token, S.c.state == StepState.RUNNING.value)
    step = c.execute(select(S).where(*mine).with_for_update()).first()
    if step is None:
        return None
    still = c.execute(select(A.c.id).where(A.c.id.in_(approval_ids), A.c.state == PENDING)).all()
    state = {"state": StepState.WAITING.value} if len(still) == len(set(approval_ids)) else GOES_ON
    # The attempt goes on after the wait: it isn't counted twice.
    values = {**state, "lease_until": None, "attempts": S.c.attempts - 1}
    c.execute(update(S).where(S.c.id == step_id).values(**values))
    check_later(c, step.delegation_id, now + CHECK)
    return load(c, step.delegation_id)


def _decide(
    c: Connection, approval_id: str, decision: Decision, who: tuple[Person, str], now: datetime
) -> Ruling:
    row = _held(c, approval_id)
    approval = _to_approval(row)
    if approval.state is not ApprovalState.PENDING:
        return Ruling(approval=approval, won=False)
    if not _runs(c, approval):
        return Ruling(approval=_close(c, row, ApprovalState.WITHDRAWN, now), won=False)
    if now >= approval.expires_at:
        return Ruling(approval=_close(c, row, ApprovalState.EXPIRED, now), won=False)
    by, key = who
    decided = approval.decided(decision, by=by, key=key, now=now)
    _save(c, decided)
    if decision == "always":
        for other in _others(c, approval):
            _save(c, other.decided("approve", by=by, key="", now=now))
    _goes_on(c, decided, now)
    return Ruling(approval=decided, won=True)


def _close(c: Connection, row: Row[Any], state: ApprovalState, now: datetime) -> Approval:
    approval = _to_approval(row)
    if approval.state is not ApprovalState.PENDING:
        return approval
    closed = approval.closed(state, now=now)
    _save(c, closed)
    _goes_on(c, closed, now)
    return closed


def _held(c: Connection, approval_id: str) -> Row[Any]:
    """The approval's row, once nobody else can move its step."""
    step_id = _load(c, approval_id).step_id
    c.execute(select(S.c.id).where(S.c.id == step_id).with_for_update()).close()
    return c.execute(select(A).where(A.c.id == approval_id).with_for_update()).one()


def _runs(c: Connection, approval: Approval) -> bool:
    """Whether the run that asked is still the step's, and not over."""
    query = select(S.c.state, D.c.round).join(D, D.c.id == S.c.delegation_id)
    row = c.execute(query.where(S.c.id == approval.step_id)).first()
    return row is not None and approval.round == str(row.round) and not StepState(row.state).terminal


def _others(c: Connection, approval: Approval) -> list[Approval]:
    query = select(A).where(
        A.c.run_id == approval.run_id,
        A.c.tool == approval.tool,
        A.c.state == PENDING,
        A.c.id != approval.id,
    )
    return [_to_approval(row) for row in c.execute(query.with_for_update())]


def _save(c: Connection, approval: Approval) -> None:
    values = _from_approval(approval)
    c.execute(update(A).where(A.c.id == approval.id).values(values))
    fact: Fact = (EventKind.APPROVAL_DECIDED, approval.facts)
    record(c, approval.delegation_id, [fact], approval.decided_at or approval.asked_at)


def _goes_on(c: Connection, approval: Approval, now: datetime) -> None:
    """Let the step run on, if it waits; the time of waiting is none of its own."""
    waits = (S.c.id == approval.step_id, S.c.state == StepState.WAITING.value)
    step = c.execute(select(S.c.started_at).where(*waits)).first()
    if step is None:
        return
    earlier = select(A.c.decided_at).where(
        A.c.run_id == approval.run_id, A.c.decided_at.is_not(None), A.c.decided_at < now
    )
    since = min(max([approval.asked_at, *c.execute(earlier).scalars()]), now)
    started = None if step.started_at is None else step.started_at + (now - since)
    c.execute(update(S).where(*waits).values(**GOES_ON, started_at=started))
    check_later(c, approval.delegation_id, now + CHECK)


def _wake(c: Connection, step_id: str, now: datetime) -> bool:
    waits = (S.c.id == step_id, S.c.state == StepState.WAITING.value)
    step = c.execute(select(S.c.delegation_id).where(*waits).with_for_update()).first()
    asked = select(A.c.id).where(A.c.step_id == step_id, A.c.state == PENDING).limit(1)
    if step is None or c.execute(asked).first() is not None:
        return False
    c.execute(update(S).where(*waits).values(**GOES_ON))
    check_later(c, step.delegation_id, now + CHECK)
    return True


def _load(c: Connection, approval_id: str) -> Approval:
    row = c.execute(select(A).where(A.c.id == approval_id)).first()
    if row is None:
        raise NotFound(f"There is no approval {approval_id}.")
    return _to_approval(row)


def _record_message(c: Connection, approval_id: str, message_id: str) -> str:
    free = (A.c.id == approval_id, A.c.message_id.is_(None))
    c.execute(update(A).where(*free).values(message_id=message_id))
    return str(c.execute(select(A.c.message_id).where(A.c.id == approval_id)).scalar_one())


def _from_approval(approval: Approval) -> dict[str, Any]:
    values = approval.model_dump(exclude={"person", "decided_by", "sources", "unnamed"})
    by = approval.decided_by
    return {
        **values,
        "state": approval.state.value,
        "sources": list(approval.sources),
        "unnamed": list(approval.unnamed),
        "person_id": approval.person.id,
        "person_name": approval.person.name,
        "decided_by": None if by is None else by.id,
        "decided_by_name": "" if by is None else by.name,
    }


def _to_approval(row: Row[Any]) -> Approval:
    values = dict(row._mapping)
    by_id, by_name = values.pop("decided_by"), values.pop("decided_by_name")
    person = Person(id=values.pop("person_id"), name=values.pop("person_name"))
    by = None if by_id is None else Person(id=by_id, name=by_name)
    return Approval.model_validate({**values, "person": person, "decided_by": by})
