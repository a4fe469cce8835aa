"""What must hold when everything is quiet again."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from redis import Redis
from sqlalchemy import Engine, select

from adapters.sql import tables
from core.models import EventKind, StepState
from tests.chaos.doors import Asked
from tests.counterparts.smtp import MailServer

D, S, E = tables.delegations, tables.steps, tables.events
ORDER = (
    EventKind.INSTRUCTION_RECEIVED,
    EventKind.DELEGATION_PLANNED,
    EventKind.DELEGATION_ANSWERED,
    EventKind.DELEGATION_DELIVERED,
)
LASTING_KEYS = (b"rq:", b"flowmate:", b"LIMITS", b"LIMITER")
"""Keys that may stand without an end: RQ's own indexes of queues and workers, which it keeps."""
SWEPT_SECONDS = 60.0
CLOSED_SECONDS = 5.0
OTHERS = (
    "SELECT pid, state, query FROM pg_stat_activity "
    "WHERE datname = current_database() AND pid <> pg_backend_pid()"
)
MANY = 5


@dataclass
class Verdict:
    """The count of everything, and a sentence for everything that broke."""

    counts: Counter[str] = field(default_factory=Counter)
    broken: list[str] = field(default_factory=list)

    def expect(self, good: bool, sentence: str) -> None:
        if not good:
            self.broken.append(sentence)


def check_doors(verdict: Verdict, asked: Sequence[Asked]) -> None:
    """Every accepted question has one final answer, in its place; nothing else stands there."""
    for one in asked:
        number, door = one.question.number, one.door
        verdict.counts["asked"] += 1
        if not one.accepted:
            verdict.counts["not accepted"] += 1
            verdict.expect(
                len(one.answers) <= 1, f"{door} {number}: refused, and answered {len(one.answers)} times"
            )
            continue
        verdict.counts["accepted"] += 1
        verdict.expect(len(one.answers) > 0, f"{door} {number}: lost")
        verdict.expect(
            len(one.answers) < 2, f"{door} {number}: {len(one.answers)} final answers {one.answers}"
        )
        if one.answers:
            whole = all(part in one.answers[0] for part in one.question.wanted)
            verdict.counts["answered as asked" if whole else "answered with what is missing"] += 1
        if one.leftovers and door == "telegram":
            verdict.counts["stale working lines (telegram)"] += one.leftovers
        else:
            verdict.expect(not one.leftovers, f"{door} {number}: a working line is left over")


def check_mails(verdict: Verdict, mail: MailServer) -> None:
    """No e-mail went out twice."""
    sent = Counter(recipient for _, recipients in mail.envelopes for recipient in recipients)
    verdict.counts["e-mails"] = len(sent)
    for recipient, times in sent.items():
        verdict.expect(times == 1, f"the e-mail to {recipient} went out {times} times")


def check_rows(verdict: Verdict, engine: Engine, asked: Sequence[Asked]) -> None:
    """One delegation each, all delivered; no step held; events without gaps and in order."""
    with engine.connect() as c:
        delegations = c.execute(select(D)).all()
        steps = c.execute(select(S)).all()
        events = c.execute(select(E).where(E.c.delegation_id.is_not(None)).order_by(E.c.sequence)).all()
    texts = Counter(row.text for row in delegations)
    for one in asked:
        found = texts[one.question.text]
        verdict.expect(found <= 1, f"{one.door} {one.question.number}: {found} delegations")
        verdict.expect(
            found > 0 or not one.accepted, f"{one.door} {one.question.number}: accepted and not saved"
        )
    for row in delegations:
        verdict.expect(row.state == "delivered", f"{row.id} is {row.state}")
        verdict.expect(row.check_at is None, f"{row.id} is still to be looked at")
    for step in steps:
        verdict.expect(StepState(step.state).terminal, f"step {step.id} is {step.state}")
        verdict.counts["crashes of steps"] += step.crashes
    by_delegation: dict[str, list[tuple[int, str]]] = {row.id: [] for row in delegations}
    for event in events:
        by_delegation[event.delegation_id].append((event.sequence, event.kind))
    for delegation_id, told in by_delegation.items():
        verdict.expect(
            [sequence for sequence, _ in told] == list(range(1, len(told) + 1)),
            f"{delegation_id}: events with gaps",
        )
        stages = [kind for _, kind in told if kind in ORDER]
        planned = EventKind.DELEGATION_PLANNED in stages
        expected = [kind.value for kind in ORDER if planned or kind is not EventKind.DELEGATION_PLANNED]
        verdict.expect(stages == expected, f"{delegation_id}: {stages}")


async def check_redis(verdict: Verdict, client: Redis) -> None:
    """Nothing is kept for ever but what RQ keeps: no job, no execution, no limit of ours.

    A job is recorded after its answer is delivered, and what a killed worker left is swept up: both may take a while.
    """
    until = time.monotonic() + SWEPT_SECONDS
    while (leaked := _leaked(client)) and time.monotonic() < until:  # noqa: ASYNC110 - Redis tells nobody
        await asyncio.sleep(0.2)
    verdict.expect(not leaked, f"keys without an end: {leaked[:MANY]}")


async def check_connections(verdict: Verdict, valkey: Path, engine: Engine) -> None:
    """Once every process has ended nobody holds a connection, to Redis or to PostgreSQL, but whoever looks.

    What a killed process held is closed by the system; a connection that is still there belongs to a process that is.
    """
    until = time.monotonic() + CLOSED_SECONDS
    while (  # noqa: ASYNC110 - nor does a server
        held := await asyncio.to_thread(_held, valkey, engine)
    ) and time.monotonic() < until:
        await asyncio.sleep(0.2)
    verdict.expect(not held, f"connections that nobody closed: {held[:MANY]}")


def _held(valkey: Path, engine: Engine) -> list[object]:
    with Redis(unix_socket_path=str(valkey)) as client:
        mine = client.client_id()
        held: list[object] = [one for one in client.client_list() if int(one["id"]) != mine]
    if engine.dialect.name == "postgresql":
        # What this very pool keeps is no leak.
        engine.dispose()
        with engine.connect() as connection:
            held += [tuple(row) for row in connection.exec_driver_sql(OTHERS)]
    return held


def _leaked(client: Redis) -> list[tuple[bytes, object]]:
    lasting = [key for key in client.scan_iter(count=1000) if client.ttl(key) == -1]
    return [
        (key, client.hgetall(key) if key.startswith(b"rq:job:") else None)
        for key in lasting
        if key.startswith((b"rq:job:", b"rq:execution")) or not key.startswith(LASTING_KEYS)
    ]
