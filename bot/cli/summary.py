"""What `flowmate up` says once everything runs."""

from __future__ import annotations

from urllib.parse import urlsplit

from pydantic import ValidationError
from rich.console import Console
from rich.table import Table
from rich.text import Text

from adapters.settings import Settings, operator_token
from bot.cli.bodies import PageLink, PlatformStatus, ServiceStatus
from bot.cli.local_http import get, post
from core.rendering.grammar import counted, listed

NO_MODEL = "none: rules plan, tools answer; set OPENAI_API_KEY or OPENAI_BASE_URL"
NOT_CONNECTED = "not connected"
SHOWN_AGENTS = 8


async def read_status(settings: Settings) -> ServiceStatus | None:
    """What the running service says about itself; None where it doesn't say."""
    got = await get(settings, "/api/v1/status", token=operator_token(settings))
    if got is None or got.status != 200:
        return None
    try:
        return ServiceStatus.model_validate_json(got.body)
    except ValidationError:
        return None


async def make_link(settings: Settings) -> str | None:
    """A link that opens the chat page once; None where the service gives none."""
    got = await post(settings, "/api/v1/links", token=operator_token(settings))
    try:
        return PageLink.model_validate_json(got.body).url if got is not None and got.status == 201 else None
    except ValidationError:
        return None


def show_summary(
    settings: Settings, status: ServiceStatus | None, *, link: str | None, console: Console, logs: str
) -> None:
    """Where to talk to it, and what is connected."""
    console.print()
    console.print(Text.assemble(("FlowMate is up", "bold green"), "  ", (settings.base_url, "bold")))
    console.print()
    table = Table.grid(padding=(0, 2))
    table.add_column(style="dim", no_wrap=True)
    table.add_column(overflow="fold")
    if link is not None:
        opens = Text.assemble((link, "bold"), ("  opens once; `flowmate link` prints another", "dim"))
        table.add_row("  Page", opens)
    for name, text in _rows(settings, status):
        table.add_row(f"  {name}", text)
    table.add_row(
        "  Data", Text.assemble(str(settings.data_dir), (f"  {_services(settings)}; logs in {logs}", "dim"))
    )
    console.print(table)
    console.print()
    console.print(Text("Ctrl-C stops everything.", style="dim"))


def _rows(settings: Settings, status: ServiceStatus | None) -> list[tuple[str, Text]]:
    ask = 'flowmate ask "what time is it in Tokyo"'
    rows = [
        ("Ask", Text.assemble((ask, "cyan"), ("  or  ", "dim"), ("flowmate chat", "cyan"))),
        ("API", Text(f"{settings.base_url}/docs")),
    ]
    if status is None:
        return rows
    rows += [(platform.title, _platform(platform)) for platform in status.platforms]
    rows.append(
        ("Model", Text(_model(settings, status.model)) if status.model else Text(NO_MODEL, style="yellow"))
    )
    rows.append(("Agents", Text(_agents(status))))
    return rows


def _agents(status: ServiceStatus) -> str:
    names = ", ".join(status.agents[:SHOWN_AGENTS])
    more = len(status.agents) - SHOWN_AGENTS
    files = f"{names} and {more} more" if more > 0 else names
    said = [files]
    if status.replaced_agents:
        said.append(f"your own {listed(status.replaced_agents)} instead of the built-in")
    if status.made_agents:
        said.append(f"people made {counted(status.made_agents, 'one more', '{count} more')}")
    return "; ".join(said)


def _platform(platform: PlatformStatus) -> Text:
    if platform.connected:
        how = platform.summary.removeprefix(platform.title).strip()
        return Text(f"connected {how}".rstrip(), style="green")
    if platform.summary in ("", NOT_CONNECTED):
        return Text(f"{NOT_CONNECTED}: its settings begin with {platform.name.upper()}_", style="yellow")
    return Text(platform.summary, style="yellow")


def _model(settings: Settings, model: str) -> str:
    server = urlsplit(settings.openai_base_url).hostname if settings.openai_base_url else None
    return f"{model} at {server}" if server else model


def _services(settings: Settings) -> str:
    database = (
        "SQLite"
        if settings.database_url is None
        else urlsplit(settings.database_url).scheme.partition("+")[0]
    )
    queue = "embedded Valkey" if settings.redis_url is None else "your own Redis"
    return f"{database}, {queue}"
