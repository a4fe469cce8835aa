"""`flowmate doctor`: what is well, what isn't, and how to mend it."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from adapters.env_file import idle_lines
from adapters.examination import examine
from adapters.settings import Settings, check_production, prepare_data_dir
from bot.cli.configuration import load_connected_settings
from bot.cli.local_http import get
from bot.cli.terminal import speaks_unicode, stdout
from bot.readout import printable
from core.errors import ConfigurationError, FlowMateError
from core.models import Finding

ELSEWHERE = "Start it here with `flowmate up`, go to where it runs, or name its folder in FLOWMATE_DATA_DIR."
UNREAD = "Correct that line, or take it out."
LEAST_FREE_BYTES = 500 * 1024 * 1024


async def doctor(*, as_json: bool) -> int:
    """Examine everything and show the findings; the exit code is 1 where something is broken."""
    findings = await look()
    if as_json:
        listed = [finding.model_dump() for finding in findings]
        sys.stdout.write(json.dumps(listed, ensure_ascii=False, indent=2) + "\n")
    else:
        show(findings, stdout())
    return 0 if all(finding.ok for finding in findings) else 1


async def look() -> list[Finding]:
    """Every finding there is. Broken settings are the only one: with them nothing else can be looked at."""
    try:
        settings = load_connected_settings()
        check_production(settings)
    except ConfigurationError as error:
        return [
            Finding(
                subject="settings", ok=False, detail=error.sentence, mend="Correct the environment or .env."
            )
        ]
    return [
        Finding(subject="settings", ok=True, detail=settings.flowmate_env),
        *(Finding(subject="settings", ok=False, detail=line, mend=UNREAD) for line in idle_lines()),
        _data_folder(settings),
        _disk(settings),
        *await _web(settings),
        *await _parts(settings),
    ]


def show(findings: Sequence[Finding], console: Console) -> None:
    """The findings as a table, what to do below each one that is broken."""
    well, broken = ("✓", "✗") if speaks_unicode(console) else ("ok", "!!")
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(no_wrap=True)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for finding in findings:
        mark = Text(well, style="green") if finding.ok else Text(broken, style="bold red")
        detail = Text(printable(finding.detail), style="" if finding.ok else "red")
        if finding.mend and not finding.ok:
            detail.append(f"\n{printable(finding.mend)}", style="yellow")
        table.add_row(mark, Text(printable(finding.subject), style="bold"), detail)
    console.print(table)
    count = sum(not finding.ok for finding in findings)
    console.print()
    if count == 0:
        console.print(Text("Everything is well.", style="green"))
    else:
        console.print(
            Text("1 thing is broken." if count == 1 else f"{count} things are broken.", style="bold red")
        )


def _data_folder(settings: Settings) -> Finding:
    if not settings.data_dir.exists():
        # Looking must not make one where nobody runs.
        detail = f"{settings.data_dir} isn't there: FlowMate never ran from here"
        return Finding(subject="data folder", ok=False, detail=detail, mend=ELSEWHERE)
    try:
        return Finding(subject="data folder", ok=True, detail=str(prepare_data_dir(settings)))
    except ConfigurationError as error:
        mend = "Give the folder to this user, or set FLOWMATE_DATA_DIR."
        return Finding(subject="data folder", ok=False, detail=error.sentence, mend=mend)


def _disk(settings: Settings) -> Finding:
    folder = settings.data_dir
    while not folder.exists():
        folder = folder.parent
    free = shutil.disk_usage(folder).free
    return Finding(
        subject="disk space",
        ok=free >= LEAST_FREE_BYTES,
        detail=f"{free / 1024**3:.1f} GiB free",
        mend="Make room, or move FLOWMATE_DATA_DIR to a larger disk.",
    )


async def _web(settings: Settings) -> list[Finding]:
    live = await get(settings, "/health/live")
    if live is None or live.status != 200:
        where = f"{settings.flowmate_host}:{settings.flowmate_port}"
        detail = (
            f"nothing answers at {where}" if live is None else f"{where} answers with status {live.status}"
        )
        return [Finding(subject="web", ok=False, detail=detail, mend="Start it with `flowmate up`.")]
    ready = await get(settings, "/health/ready")
    if ready is not None and ready.status == 200:
        return [Finding(subject="web", ok=True, detail=f"ready at {settings.base_url}")]
    failing = _failing(ready.body) if ready is not None else "no answer"
    return [
        Finding(
            subject="web", ok=False, detail=f"not ready: {failing}", mend="Mend what is named here first."
        )
    ]


def _failing(body: str) -> str:
    """The parts that a 503 of `/health/ready` names."""
    try:
        return ", ".join(str(part) for part in json.loads(body)["failing"]) or "it doesn't say why"
    except (ValueError, KeyError, TypeError):
        return "it doesn't say why"


async def _parts(settings: Settings) -> Sequence[Finding]:
    try:
        return await examine(settings)
    except FlowMateError as error:
        return [
            Finding(subject="parts", ok=False, detail=error.sentence, mend="Correct the environment or .env.")
        ]
