"""What is said about archives and where they lie."""

from __future__ import annotations

from collections.abc import Mapping

from core.rendering.grammar import counted, listed

ROWS = {
    "notes": ("{count} note", "{count} notes"),
    "delegations": ("{count} instruction", "{count} instructions"),
    "steps": ("{count} step", "{count} steps"),
    "messages": ("{count} message", "{count} messages"),
    "events": ("{count} event", "{count} events"),
    "turns": ("{count} turn of unfinished work", "{count} turns of unfinished work"),
    "calls": ("{count} tool call of unfinished work", "{count} tool calls of unfinished work"),
    "approvals": ("{count} request for a yes", "{count} requests for a yes"),
    "schedules": ("{count} schedule", "{count} schedules"),
    "slots": ("{count} run of a schedule", "{count} runs of schedules"),
    "admissions": ("{count} admission", "{count} admissions"),
    "made_agents": ("{count} agent that people made", "{count} agents that people made"),
    "agent_versions": ("{count} version of such an agent", "{count} versions of such agents"),
    "budgets": ("{count} budget", "{count} budgets"),
    "model_calls": ("{count} model call", "{count} model calls"),
    "agents": ("{count} agent file", "{count} agent files"),
}
"""What an archive holds, in words."""
NOTHING_MISSING = "Nothing was missing."
NO_SERVICES = "Connected services are not in it: connect them again after a restore."
SERVICES_AGAIN = (
    "Connected services are not in backups: connect them again (`flowmate integrations connect KIND`)."
)
SCHEDULES_GO_ON = (
    "Schedules that were active run from here on; "
    "if the old FlowMate still runs, pause them in one of the two."
)
"""Said where schedules came back: those that were ended or deleted are kept with what they did, and run nowhere."""
NONE_YET = "There are no backups yet; `flowmate backup` makes one."


def held(rows: Mapping[str, int]) -> str:
    """ "12 notes and 1 schedule"; empty where there is nothing. `rows`: how many of each table."""
    return listed(_named(name, count) for name, count in rows.items() if count)


def restored(rows: Mapping[str, int]) -> str:
    """What was put back."""
    return f"Restored: {held(rows)}." if any(rows.values()) else NOTHING_MISSING


def _named(table: str, count: int) -> str:
    one, many = ROWS[table]
    return counted(count, one, many.replace("{count}", f"{count:,}"))


def no_such_bucket(name: str) -> str:
    return (
        f"No bucket named {name} is connected in the terminal's workspace: connect it with "
        "`flowmate integrations connect s3`, or download the archive and name the file."
    )


def no_workspace(name: str) -> str:
    return f"{name} is no workspace. One is written as platform:name, the local one as local:local."


def no_name(source: str) -> str:
    return f"There is no file named in {source}. `flowmate backups` shows what can be restored."


def no_such_file(name: str) -> str:
    return f"There is no file {name}. `flowmate backups` shows what can be restored."


def not_listed(reason: str) -> str:
    """That the bucket's part of a list is missing, and why."""
    return f"What is in the bucket can't be shown: {reason}"
