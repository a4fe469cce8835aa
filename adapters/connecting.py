"""Integrations, built from settings."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from adapters.integrations import KindParts
from adapters.integrations.registry import OnDemandKinds
from adapters.invitations import SignedInvitations
from adapters.mcp.source import McpTools
from adapters.operator import OPERATOR, TERMINAL
from adapters.settings import Settings, operator_token
from adapters.sql.database import Database
from adapters.sql.integrations import SqlIntegrations
from adapters.sql.vault_keys import SqlVaultKeys
from adapters.vault.masters import master_keys
from adapters.vault.vault import AesVault
from adapters.web.on_demand import OnDemandFetcher
from core.integrations.commands import ServiceCommands
from core.integrations.desk import IntegrationDesk
from core.integrations.rotation import Rotation, rotate
from core.ports.admissions import Admissions
from core.ports.clock import Clock
from core.ports.invitations import Invitations


def build_vault(settings: Settings, database: Database) -> AesVault:
    """The vault; its master key is read, or made, when something is first sealed or opened."""
    return AesVault(SqlVaultKeys(database), masters=partial(master_keys, settings))


def build_integration_desk(settings: Settings, database: Database, clock: Clock) -> IntegrationDesk:
    """The desk over this database. Raises ConfigurationError where FLOWMATE_FETCH_ALLOW is wrong."""
    parts = KindParts(
        fetch=OnDemandFetcher(allow=settings.fetch_allow),
        data_dir=settings.data_dir,
        programs=programs_file(settings),
    )
    return IntegrationDesk(
        integrations=SqlIntegrations(database),
        vault=build_vault(settings, database),
        kinds=OnDemandKinds(parts),
        clock=clock,
        provided=frozenset({"smtp"} if settings.smtp_url is not None else ()),
    )


def build_mcp_tools(settings: Settings, desk: IntegrationDesk) -> McpTools:
    """The tools of the workspaces' MCP servers."""
    return McpTools(desk, fetch=OnDemandFetcher(allow=settings.fetch_allow), programs=programs_file(settings))


def build_invitations(settings: Settings, admissions: Admissions) -> SignedInvitations:
    """Links to the form of the page, signed with what only this deployment knows."""
    return SignedInvitations(
        base_url=settings.base_url, secret=partial(operator_token, settings), admissions=admissions
    )


def build_service_commands(
    settings: Settings, desk: IntegrationDesk, invitations: Invitations, clock: Clock
) -> ServiceCommands:
    """What may be said about services in chats, and by whom."""
    admins = settings.admins | {OPERATOR.id}
    return ServiceCommands(
        desk=desk, invitations=invitations, clock=clock, admins=admins, by_command=frozenset({TERMINAL})
    )


async def rotate_keys(settings: Settings) -> Rotation:
    """A new key for all integrations of this database. Raises StoreUnavailable and ConfigurationError."""
    database = Database(settings.database)
    try:
        return await rotate(build_vault(settings, database), SqlIntegrations(database))
    finally:
        database.close()


def programs_file(settings: Settings) -> Path:
    """Where it stands which MCP servers may be started here."""
    return (settings.flowmate_mcp_file or settings.data_dir / "mcp.json").expanduser().resolve()
