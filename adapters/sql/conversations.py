"""The transactions on what stands in conversations: posted messages, and what was said before."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    FromClause,
    Integer,
    Select,
    and_,
    bindparam,
    delete,
    func,
    or_,
    select,
    update,
)

from adapters.sql import tables
from adapters.sql.delegations import steps_of
from adapters.sql.prepared import Prepared, Record, Statement, Upsert, in_each_dialect
from adapters.sql.rows import to_delegation
from core.errors import NotFound
from core.models import Address, ConversationOutline, Delegation, Exchange
from core.ports.store import Posted

D = tables.delegations
S = tables.steps
M = tables.messages
OUTLINED = 2000


_HERE = (M.c.delegation_id == bindparam("of"), M.c.part == bindparam("part"))
_POSTED = Prepared(
    select(M.c.part, M.c.message_id).where(M.c.delegation_id == bindparam("of")).order_by(M.c.part)
)
_FIRST = and_(M.c.delegation_id == D.c.id, M.c.part == 0)
_SHOWN = Prepared(
    select(D, M.c.part, M.c.message_id).select_from(D.outerjoin(M, _FIRST)).where(D.c.id == bindparam("of"))
)
_REPLIED = Prepared(select(D.c.id).where(D.c.id == bindparam("of"), D.c.reply.is_not(None)))
_PART = Prepared(select(M.c.message_id).where(*_HERE))
_STANDS = Prepared(update(M).where(*_HERE, M.c.message_id.is_(None)).values(message_id=bindparam("message")))


def _attempt(made: Upsert) -> Statement:
    """A part of this delegation's answer that is about to be posted, where no one posted or tried it yet."""
    columns = ["delegation_id", "part", "platform", "workspace", "place"]
    part = bindparam("part", type_=M.c.part.type)
    place = select(D.c.id, part, D.c.platform, D.c.workspace, D.c.place).where(D.c.id == bindparam("of"))
    return made.from_select(columns, place).on_conflict_do_nothing().returning(M.c.part)


_ATTEMPT = Prepared(in_each_dialect(M, _attempt))


def posted(c: Connection, delegation_id: str) -> tuple[Posted, ...]:
    rows = _POSTED.all(c, {"of": delegation_id})
    return tuple(Posted(part=row.part, message_id=row.message_id) for row in rows)


def load_shown(c: Connection, delegation_id: str) -> tuple[Delegation, Posted | None]:
    row = _SHOWN.first(c, {"of": delegation_id})
    if row is None:
        raise NotFound(f"There is no delegation {delegation_id}.")
    first = None if row.part is None else Posted(part=row.part, message_id=row.message_id)
    return to_delegation(row, steps_of(c, delegation_id)), first


def replied(c: Connection, delegation_id: str) -> bool:
    return _REPLIED.first(c, {"of": delegation_id}) is not None


def attempt_post(c: Connection, delegation_id: str, part: int) -> Posted:
    here = {"of": delegation_id, "part": part}
    if _ATTEMPT.first(c, here) is not None:
        return Posted(part=-1, message_id=None)
    row = _PART.first(c, here)
    if row is None:
        raise NotFound(f"There is no delegation {delegation_id}.")
    return Posted(part=part, message_id=row.message_id)


def abandon_post(c: Connection, delegation_id: str, part: int) -> None:
    c.execute(delete(M).where(M.c.delegation_id == delegation_id, M.c.part == part, M.c.message_id.is_(None)))


def record_post(c: Connection, delegation_id: str, part: int, message_id: str) -> str:
    posted = {"of": delegation_id, "part": part, "message": message_id}
    if _STANDS.run(c, posted):
        return message_id
    # The attempt may have been abandoned meanwhile; a message that stands there counts all the same.
    there = attempt_post(c, delegation_id, part)
    if there.message_id is None:
        _STANDS.run(c, posted)
    return there.message_id or message_id


def forget_post(c: Connection, delegation_id: str, part: int, message_id: str) -> None:
    here = (M.c.delegation_id == delegation_id, M.c.part == part, M.c.message_id == message_id)
    c.execute(update(M).where(*here).values(message_id=None))


def exchanges(c: Connection, address: Address, before: datetime, limit: int) -> tuple[Exchange, ...]:
    here = {**_here(address), "before": before, "limit": limit}
    rows = [row for row in (_IN_THREAD if address.thread else _IN_PLACE).all(c, here) if row.reply]
    tainted = _tainted(c, [row.id for row in rows])
    found = [
        Exchange(
            instruction=row.text,
            answer=row.reply["text"],
            at=row.received_at,
            tainted=row.id in tainted or row.reply.get("tainted", False),
            person_id=row.person_id,
            addresses=tuple(row.reply.get("addresses", ())),
        )
        for row in rows
    ]
    return tuple(reversed(found))


def _tainted(c: Connection, delegation_ids: list[str]) -> frozenset[str]:
    """Into the answers of which of these untrusted text went."""
    if not delegation_ids:
        return frozenset()
    return frozenset(c.execute(_TAINTED, {"ids": delegation_ids}).scalars())


def delegations_in(
    c: Connection, address: Address, *, before: datetime | None, limit: int
) -> tuple[Delegation, ...]:
    query = select(D).where(_same_conversation(address))
    if before is not None:
        query = query.where(D.c.received_at < before)
    query = query.order_by(D.c.received_at.desc(), D.c.id.desc()).limit(limit)
    rows = c.execute(query, _here(address)).all()
    steps: dict[str, list[Record]] = {row.id: [] for row in rows}
    for step in c.execute(select(S).where(S.c.delegation_id.in_(steps)).order_by(S.c.index)):
        steps[step.delegation_id].append(step)
    return tuple(to_delegation(row, steps[row.id]) for row in reversed(rows))


def outlines(
    c: Connection, workspace: tuple[str, str], *, before: datetime | None, limit: int
) -> tuple[ConversationOutline, ...]:
    query = select(D.c.place, D.c.thread, D.c.received_at).where(_of_workspace(D, workspace))
    if before is not None:
        later = D.alias()
        since = select(later.c.id).where(
            _of_workspace(later, workspace),
            later.c.place == D.c.place,
            later.c.thread == D.c.thread,
            later.c.received_at >= before,
        )
        query = query.where(D.c.received_at < before, ~since.exists())
    # All delegations there ever were are not looked at for a list that shows a few.
    latest = query.order_by(D.c.received_at.desc()).limit(OUTLINED).subquery()
    latest_at = func.max(latest.c.received_at).label("latest_at")
    grouped = (
        select(latest.c.place, latest.c.thread, latest_at)
        .group_by(latest.c.place, latest.c.thread)
        .order_by(latest_at.desc(), latest.c.place.desc())
        .limit(limit)
    )
    platform, name = workspace
    return tuple(
        _outline(
            c, Address(platform=platform, workspace=name, place=row.place, thread=row.thread), row.latest_at
        )
        for row in c.execute(grouped).all()
    )


def _outline(c: Connection, address: Address, latest_at: datetime) -> ConversationOutline:
    here = (*_in_place(address), D.c.thread == address.thread)
    first = select(D.c.text).where(*here).order_by(D.c.received_at, D.c.id).limit(1)
    return ConversationOutline(address=address, title=c.execute(first).scalar_one(), latest_at=latest_at)


def _of_workspace(table: FromClause, workspace: tuple[str, str]) -> ColumnElement[bool]:
    platform, name = workspace
    return and_(table.c.platform == platform, table.c.workspace == name)


def knows(c: Connection, address: Address) -> bool:
    query = select(D.c.id).where(_same_conversation(address)).limit(1)
    return c.execute(query, _here(address)).first() is not None


def _same_conversation(address: Address) -> ColumnElement[bool]:
    """To be given `_here(address)`."""
    return _CONVERSATION_OF_THREAD if address.thread else _CONVERSATION


def _here(address: Address) -> dict[str, str]:
    return address.model_dump(include={"platform", "workspace", "place", "thread"})


def _in_place(address: Address) -> tuple[ColumnElement[bool], ...]:
    return (
        D.c.platform == address.platform,
        D.c.workspace == address.workspace,
        D.c.place == address.place,
    )


def _earlier(there: ColumnElement[bool]) -> Select[tuple[str, str, Any, datetime, str]]:
    return (
        select(D.c.id, D.c.text, D.c.reply, D.c.received_at, D.c.person_id)
        .where(
            there,
            D.c.received_at < bindparam("before", type_=D.c.received_at.type),
            D.c.reply.is_not(None),
        )
        .order_by(D.c.received_at.desc(), D.c.id.desc())
        .limit(bindparam("limit", type_=Integer))
    )


_THERE = tuple(D.c[name] == bindparam(name) for name in ("platform", "workspace", "place"))
_SAME_THREAD = D.c.thread == bindparam("thread")
_CONVERSATION = and_(*_THERE, _SAME_THREAD)
# A thread may also hang below an answer that was posted outside any thread.
_ROOT = select(M.c.delegation_id).where(
    *(M.c[name] == bindparam(name) for name in ("platform", "workspace", "place")),
    M.c.message_id == bindparam("thread"),
)
_CONVERSATION_OF_THREAD = and_(*_THERE, or_(_SAME_THREAD, D.c.id.in_(_ROOT)))
_IN_PLACE = Prepared(_earlier(_CONVERSATION))
_IN_THREAD = Prepared(_earlier(_CONVERSATION_OF_THREAD))
_TAINTED = select(S.c.delegation_id).where(
    S.c.delegation_id.in_(bindparam("ids", expanding=True)), S.c.result["tainted"].as_boolean()
)
