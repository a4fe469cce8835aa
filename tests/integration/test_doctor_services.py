"""What `flowmate doctor` says of connected services, from what their last test said."""

from __future__ import annotations

from io import StringIO
from pathlib import Path

from rich.console import Console

from adapters.clock import SystemClock
from adapters.connecting import build_integration_desk
from adapters.examination import examine
from adapters.operator import PLATFORM, WORKSPACE
from adapters.settings import Settings
from adapters.sql.database import Database
from adapters.sql.migrations import migrate
from bot.cli.doctor import show
from core.integrations.desk import Wanted
from core.models import Finding
from tests.counterparts.smtp import mail_server

LOCAL = f"{PLATFORM}:{WORKSPACE}"


def settings_of(folder: Path) -> Settings:
    return Settings(flowmate_data_dir=folder, flowmate_fetch_allow="127.0.0.1")


async def found(settings: Settings) -> dict[str, Finding]:
    return {finding.subject: finding for finding in await examine(settings)}


async def test_connected_services_are_told_with_what_their_last_test_said(tmp_path: Path) -> None:
    settings = settings_of(tmp_path)
    migrate(settings)
    database = Database(settings.database)
    desk = build_integration_desk(settings, database, SystemClock())
    async with mail_server() as mail:
        values = {"host": "127.0.0.1", "port": str(mail.port), "sender": "flowmate@example.org"}
        await desk.connect(LOCAL, Wanted(kind="smtp", values=values), by="operator")
        await desk.connect("slack:T1", Wanted(kind="smtp", name="post", values=values), by="ada")
    well = await found(settings)
    assert (well["smtp"].ok, well["post of slack:T1"].ok) == (True, True)
    assert well["smtp"].detail.startswith("works: ")
    assert well["e-mail"].detail == "not configured for all; workspaces have connected their own"
    [post] = await desk.listed("slack:T1")
    # The server has gone: doctor knows it from the next test, and asks nobody itself.
    assert (await found(settings))["post of slack:T1"].ok
    await desk.test("slack:T1", post.id)
    database.close()
    broken = await found(settings)
    assert not broken["post of slack:T1"].ok
    assert "`flowmate integrations test post --workspace slack:T1`" in broken["post of slack:T1"].mend
    console = Console(record=True, width=200, file=StringIO())
    show([broken["smtp"], broken["post of slack:T1"]], console)
    assert "1 thing is broken." in console.export_text()


async def test_without_a_database_nothing_is_said_of_services(tmp_path: Path) -> None:
    said = await found(settings_of(tmp_path))
    assert said["e-mail"].detail == "not configured"
    assert "services" not in said
    assert not said["database"].ok
