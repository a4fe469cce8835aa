"""What `flowmate doctor` says of connected services: what their last test said, without asking them."""

from __future__ import annotations

import asyncio
import shlex
from collections.abc import Sequence

from sqlalchemy.exc import SQLAlchemyError

from adapters.operator import PLATFORM, WORKSPACE
from adapters.settings import Settings
from adapters.sql.database import Database
from adapters.sql.integrations import SqlIntegrations
from adapters.sql.migrations import missing_revisions
from core.errors import StoreUnavailable
from core.models import Finding
from core.models.integration import Integration
from core.rendering.times import run_line

LOCAL = f"{PLATFORM}:{WORKSPACE}"
SMTP = "smtp"


async def connected(settings: Settings) -> tuple[Integration, ...]:
    """The services of all workspaces; none where there is no database, of which another finding tells."""
    database = Database(settings.database)
    try:
        if await asyncio.to_thread(missing_revisions, database.engine):
            return ()
        return await SqlIntegrations(database).everywhere()
    except (StoreUnavailable, SQLAlchemyError, OSError):
        return ()
    finally:
        database.close()


async def services(settings: Settings) -> Sequence[Finding]:
    """One finding for each; broken is what failed its last test."""
    return [_finding(service, zone=settings.flowmate_zone) for service in await connected(settings)]


def _finding(service: Integration, *, zone: str) -> Finding:
    ours = service.workspace == LOCAL
    subject = service.name if ours else f"{service.name} of {service.workspace}"
    test = service.test
    if test is None:
        return Finding(subject=subject, ok=True, detail="connected, not tested yet")
    said = "works" if test.passed else "does not work"
    detail = f"{said}: {test.note} (tested {run_line(test.at, zone)})"
    whose = "" if ours else f" --workspace {shlex.quote(service.workspace)}"
    mend = f"Try it again with `flowmate integrations test {service.name}{whose}`, or connect it anew."
    return Finding(subject=subject, ok=test.passed, detail=detail, mend="" if test.passed else mend)
