"""Who is measured, and what each keeps if it is killed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Peer:
    """One way to do it."""

    title: str
    name: str
    folder: str
    kind: Literal["flowmate", "python", "node"]
    kept: str
    """What survives a `kill -9` of everything but the databases, from its own documentation."""
    database: Literal["", "sqlite", "postgresql"] = ""
    redis: bool = False
    share: float = 1.0
    """Of the delegations; the seconds are then extrapolated, and that is said."""


FLOWMATE = "everything that was received: it goes on by itself with the steps that have no result yet"
CELERY = (
    "unacknowledged tasks, handed out again after the visibility timeout (an hour unless set); what Redis had not yet "
    "synced is lost, and with a header's result the chord's body"
)
BULLMQ = (
    "jobs in Redis: those that stalled are run again within about 30 s, once by default; what Redis had not yet "
    "synced is lost"
)
DBOS = "every workflow and finished step: a restarted process recovers those of its executor id"
LANGGRAPH = (
    "the checkpoints of what had begun; somebody has to find those threads and invoke them again. What was still "
    "waiting in the process is lost"
)
RQ = (
    "waiting jobs; one that was running is retried or failed once its heartbeat is overdue, and where it failed for "
    "good its dependents never run. What Redis had not yet synced is lost"
)

FLOWMATE_SQLITE, STOCK_RQ = "flowmate-sqlite", "rq"
PEERS = (
    Peer(
        "FlowMate, SQLite", FLOWMATE_SQLITE, "flowmate", "flowmate", FLOWMATE, database="sqlite", redis=True
    ),
    Peer(
        "FlowMate, PostgreSQL",
        "flowmate-postgresql",
        "flowmate",
        "flowmate",
        FLOWMATE,
        database="postgresql",
        redis=True,
    ),
    Peer("BullMQ flow", "bullmq", "bullmq", "node", BULLMQ, redis=True),
    Peer("LangGraph, SQLite", "langgraph-sqlite", "langgraph", "python", LANGGRAPH, database="sqlite"),
    Peer(
        "LangGraph, PostgreSQL",
        "langgraph-postgresql",
        "langgraph",
        "python",
        LANGGRAPH,
        database="postgresql",
    ),
    Peer("Celery chord, gevent", "celery", "celery", "python", CELERY, redis=True),
    Peer("DBOS, PostgreSQL", "dbos", "dbos", "python", DBOS, database="postgresql"),
    Peer("RQ, depends_on", STOCK_RQ, "rq", "python", RQ, redis=True, share=0.05),
)
