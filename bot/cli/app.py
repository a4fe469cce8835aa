"""The commands and their options.

What a command needs is imported in its body: `flowmate --help` has to answer at once, and `up` has to stay small.
"""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated, Literal

import typer

from bot.cli.agent_commands import agents_app
from bot.cli.backup_commands import backup, backups, restore
from bot.cli.budget_commands import budget_app, usage
from bot.cli.integration_commands import integrations_app, keys_app
from bot.cli.schedule_commands import schedules_app

app = typer.Typer(
    help="One instruction, several micro agents, one answer.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _say_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        typer.echo(f"flowmate {version('flowmate')}")
        raise typer.Exit


@app.callback()
def flowmate(
    version: Annotated[
        bool, typer.Option("--version", callback=_say_version, is_eager=True, help="Say which version it is.")
    ] = False,
) -> None:
    """One instruction, several micro agents, one answer."""


slack_app = typer.Typer(help="Setting up the Slack app.", no_args_is_help=True)
app.add_typer(schedules_app, name="schedules", rich_help_panel="Talk to it")
app.add_typer(budget_app, name="budget", rich_help_panel="Set up")
app.command(rich_help_panel="Talk to it")(usage)
app.add_typer(agents_app, name="agents", rich_help_panel="Set up")
app.add_typer(integrations_app, name="integrations", rich_help_panel="Set up")
app.add_typer(keys_app, name="keys", rich_help_panel="Set up")
app.add_typer(slack_app, name="slack", rich_help_panel="Set up")

TALK, RUN, CARE = "Talk to it", "Run it", "Set up"
Text = Annotated[
    str, typer.Argument(metavar="TEXT", help="What you want done, in plain words.", show_default=False)
]
Preferred = Annotated[
    list[str] | None, typer.Option("--agent", metavar="A", help="Ask this agent; may be given several times.")
]
ApprovalId = Annotated[
    str, typer.Argument(metavar="ID", help="Its id, or how it begins.", show_default=False)
]
Json = Annotated[bool, typer.Option("--json", help="Print the API's answer, and nothing else.")]


@app.command(rich_help_panel=RUN)
def up(
    verbose: Annotated[
        bool, typer.Option("--verbose", "-v", help="Show all that the processes log.")
    ] = False,
    procfile: Annotated[
        Path | None,
        typer.Option(help="Which processes to run; default: FlowMate's own.", exists=True, dir_okay=False),
    ] = None,
    crash_limit: Annotated[
        int, typer.Option(min=1, help="Give up after so many deaths in a row just after the start.")
    ] = 5,
) -> None:
    """Run everything on this machine: queue, database, web, workers and scheduler."""
    from bot.cli.configuration import load_settings
    from bot.cli.up import Options, up

    raise typer.Exit(
        up(load_settings(), Options(verbose=verbose, procfile=procfile, crash_limit=crash_limit))
    )


@app.command(rich_help_panel=RUN)
def web() -> None:
    """Run one web process: the HTTP API and the chat platforms."""
    from bot.processes import run

    raise typer.Exit(run("web"))


@app.command(rich_help_panel=RUN)
def worker() -> None:
    """Run one worker process."""
    from bot.processes import run

    raise typer.Exit(run("worker"))


@app.command(rich_help_panel=RUN)
def scheduler() -> None:
    """Run the scheduler, which also sets going again what got stuck."""
    from bot.processes import run

    raise typer.Exit(run("scheduler"))


@app.command(rich_help_panel=TALK)
def ask(
    text: Text,
    agent: Preferred = None,
    timeout_ms: Annotated[
        int | None,
        typer.Option(
            "--timeout-ms", metavar="N", min=1, max=600_000, help="Wait no longer than this for the answer."
        ),
    ] = None,
    as_json: Json = False,
) -> None:
    """Ask the running service, and watch the agents work.

    Exit code: 0 success, 1 partial, failed or refused, 2 usage, 3 service unreachable, 130 cancelled.
    """
    from bot.cli.ask import ask
    from bot.cli.client import to_question
    from bot.cli.configuration import load_settings

    question = to_question(text, agents=agent or (), timeout_ms=timeout_ms)
    raise typer.Exit(asyncio.run(ask(load_settings(), question, as_json=as_json)))


@app.command(rich_help_panel=TALK)
def plan(text: Text, agent: Preferred = None, as_json: Json = False) -> None:
    """Show what would run, without running it."""
    from bot.cli.client import to_question
    from bot.cli.configuration import load_settings
    from bot.cli.plan import plan

    question = to_question(text, agents=agent or ())
    raise typer.Exit(asyncio.run(plan(load_settings(), question, as_json=as_json)))


@app.command(rich_help_panel=TALK)
def chat() -> None:
    """Converse; later messages know the earlier ones."""
    from bot.cli.chat import chat
    from bot.cli.configuration import load_settings

    raise typer.Exit(chat(load_settings()))


@app.command(rich_help_panel=TALK)
def mcp() -> None:
    """Let an MCP client on this machine use the running service, over standard input and output."""
    from bot.cli.configuration import load_settings
    from bot.cli.mcp import serve

    raise typer.Exit(asyncio.run(serve(load_settings())))


@app.command(rich_help_panel=TALK)
def link() -> None:
    """Print a link that opens the chat page in a browser."""
    from bot.cli.configuration import load_settings
    from bot.cli.link import link

    raise typer.Exit(asyncio.run(link(load_settings())))


@app.command(rich_help_panel=TALK)
def approvals(as_json: Json = False) -> None:
    """Show what waits for a yes."""
    from bot.cli.approvals import list_approvals
    from bot.cli.configuration import load_settings

    raise typer.Exit(asyncio.run(list_approvals(load_settings(), as_json=as_json)))


@app.command(rich_help_panel=TALK)
def approve(
    approval_id: ApprovalId,
    always: Annotated[
        bool, typer.Option("--always", help="And every later call of the same tool in the same run.")
    ] = False,
) -> None:
    """Say yes to a call that waits for it."""
    _decide(approval_id, "always" if always else "approve")


@app.command(rich_help_panel=TALK)
def deny(approval_id: ApprovalId) -> None:
    """Say no to a call that waits for a yes."""
    _decide(approval_id, "deny")


def _decide(approval_id: str, decision: Literal["approve", "always", "deny"]) -> None:
    from bot.cli.approvals import decide
    from bot.cli.configuration import load_settings

    raise typer.Exit(asyncio.run(decide(load_settings(), approval_id, decision)))


@app.command(rich_help_panel=CARE)
def doctor(
    as_json: Annotated[bool, typer.Option("--json", help="Print the findings as JSON.")] = False,
) -> None:
    """Look at every part, and say how to mend what is broken (exit code 1)."""
    from bot.cli.doctor import doctor

    raise typer.Exit(asyncio.run(doctor(as_json=as_json)))


@app.command(rich_help_panel=CARE)
def migrate() -> None:
    """Bring the database to this version's schema; `up` does so by itself."""
    from adapters.sql.migrations import migrate
    from bot.cli.configuration import load_connected_settings

    migrate(load_connected_settings())


for command in (backup, backups, restore):
    app.command(rich_help_panel=CARE)(command)


@app.command(rich_help_panel=CARE)
def pair() -> None:
    """Print a code that lets one person talk to a bot that anyone can find."""
    from bot.cli.configuration import load_settings
    from bot.cli.pair import pair

    raise typer.Exit(asyncio.run(pair(load_settings())))


@slack_app.command("manifest")
def slack_manifest(
    base_url: Annotated[
        str | None,
        typer.Option(metavar="URL", help="Where Slack reaches FlowMate; default: FLOWMATE_BASE_URL."),
    ] = None,
    socket_mode: Annotated[
        bool | None, typer.Option("--socket-mode/--http", help="How events arrive; default: by the address.")
    ] = None,
) -> None:
    """Print the manifest from which to create the Slack app."""
    from bot.cli.configuration import load_settings
    from bot.cli.slack import print_manifest

    raise typer.Exit(print_manifest(load_settings(), base_url=base_url, socket_mode=socket_mode))
