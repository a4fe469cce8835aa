"""Fills a fresh SQLite database with what years of use leave behind, by statements that make their own rows."""

from __future__ import annotations

import sqlite3

EVENTS_A_DELEGATION = 10
PEOPLE_SHARE = 10
"""Delegations for each person, and for each schedule."""
BUSY_SHARE = 10
"""Every tenth delegation stands in one and the same conversation."""
BUSY = "busy"

NUMBERS = "WITH RECURSIVE n(i) AS (SELECT {first} UNION ALL SELECT i + 1 FROM n WHERE i < {last}) "
# A minute apart, the last of them an hour ago; in the form in which SQLAlchemy writes instants.
AT = "strftime('%Y-%m-%d %H:%M:%S', 'now', '-' || (({last} - i) + 60) || ' minutes') || '.000000'"
REPLY = '{"text": "The result is **42**.", "buttons": [], "files": []}'
STATEMENTS = (
    """INSERT INTO delegations (id, key, text, person_id, platform, workspace, place, thread, origin,
         preferred_agents, state, round, generation, events, planner, status, reply,
         received_at, planned_at, answered_at, delivered_at, check_at)
       {numbers} SELECT printf('%032x', i), 'fill-' || i, 'what is 6*7?', 'local:local:p' || (i / {share}),
         'local', 'local', CASE WHEN i % {busy_share} = 0 THEN '{busy}' ELSE 'place-' || (i / {share}) END, '',
         'api', '[]', 'delivered', 0, 0, {events}, 'rules', 'success', '{reply}', {at}, {at}, {at}, {at}, NULL
       FROM n""",
    """INSERT INTO steps (id, delegation_id, "index", agent, task, "after", state, attempts, crashes, generation,
         token, started_at, ended_at, result)
       {numbers} SELECT printf('%032x', i) || '-0', printf('%032x', i), 0, 'calculator', '6*7', '[]', 'succeeded',
         1, 0, 0, 1, {at}, {at}, '{{"state": "succeeded", "output": "42"}}' FROM n""",
    """INSERT INTO messages (delegation_id, part, message_id, platform, workspace, place)
       {numbers} SELECT printf('%032x', i), 0, 'm' || i, 'local', 'local', 'place-' || (i / {share}) FROM n""",
    """INSERT INTO events (delegation_id, sequence, kind, at, data)
       {numbers}, k(j) AS (SELECT 1 UNION ALL SELECT j + 1 FROM k WHERE j < {events})
       SELECT printf('%032x', i), j, 'step.started', {at}, '{{"step": 0, "agent": "calculator"}}' FROM n, k""",
    """INSERT INTO turns (run_id, "index", turn)
       {numbers} SELECT printf('%032x', i) || '-0-0', 0, '{{"text": "42"}}' FROM n""",
    """INSERT INTO calls (run_id, call_key, effect, outcome)
       {numbers} SELECT printf('%032x', i) || '-0-0', '0.0', 'read', '{{"kind": "done", "text": "42"}}' FROM n""",
    """INSERT INTO schedules (id, number, text, person_id, platform, workspace, place, thread, timing, zone, missed,
         missed_within_seconds, state, created_at, next_slot)
       {numbers} SELECT printf('%032x', i), i, 'what is 6*7?', 'local:local:p' || i, 'local', 'local', 'place-' || i,
         '', '{{"kind": "cron", "expression": "0 9 * * *"}}', 'UTC', 'run_once', 3600, 'active', {at},
         strftime('%Y-%m-%d %H:%M:%S', 'now', '+' || (1 + i % 7) || ' days') || '.000000' FROM n
         WHERE i % {share} = 0""",
    """INSERT INTO slots (schedule_id, slot, outcome, delegation_id, at)
       {numbers} SELECT printf('%032x', i - i % {share}), {at}, 'run', printf('%032x', i), {at} FROM n
         WHERE i >= {first} + {share}""",
    """INSERT INTO admissions (platform, person_id, at)
       {numbers} SELECT 'telegram', 'telegram:1:' || i, {at} FROM n WHERE i % {share} = 0""",
)


def fill(path: str, *, first: int, last: int) -> None:
    """Add the delegations numbered `first` to `last`, with all that belongs to them."""
    words = {
        "numbers": NUMBERS.format(first=first, last=last),
        "at": AT.format(last=last),
        "share": PEOPLE_SHARE,
        "busy_share": BUSY_SHARE,
        "busy": BUSY,
        "events": EVENTS_A_DELEGATION,
        "reply": REPLY,
        "first": first,
    }
    connection = sqlite3.connect(path, isolation_level=None, timeout=60)
    try:
        connection.execute("PRAGMA synchronous = OFF")
        connection.execute("BEGIN IMMEDIATE")
        for statement in STATEMENTS:
            connection.execute(statement.format(**words))
        connection.execute("COMMIT")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    finally:
        connection.close()


def sizes(path: str) -> dict[str, int]:
    """How many rows each table has."""
    connection = sqlite3.connect(path)
    try:
        names = [row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        return {name: connection.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0] for name in names}
    finally:
        connection.close()
