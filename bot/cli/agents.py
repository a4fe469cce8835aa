"""`flowmate agents`: the micro agents that this deployment has."""

from __future__ import annotations

import json
import sys

from rich.table import Table
from rich.text import Text

from adapters.settings import Settings
from bot.cli.terminal import stdout
from bot.readout import printable
from core.catalog import BUILT_IN, load_agents


def list_agents(settings: Settings, *, as_json: bool) -> int:
    """Show every agent, the built-in ones and the team's own; returns the exit code."""
    own = load_agents([settings.agents_dir])
    agents = load_agents([BUILT_IN, settings.agents_dir])
    if as_json:
        listed = [agent.model_dump(mode="json", exclude={"system_prompt"}) for agent in agents.values()]
        sys.stdout.write(json.dumps(listed, ensure_ascii=False, indent=2) + "\n")
        return 0
    console = stdout()
    if not console.is_terminal:
        for agent in agents.values():
            sys.stdout.write(f"{agent.name}\t{' '.join(agent.description.split())}\n")
        return 0
    table = Table.grid(padding=(0, 2))
    table.add_column(style="bold", no_wrap=True)
    table.add_column()
    for name, agent in sorted(agents.items()):
        line = Text(printable(agent.description))
        if name in own:
            line.append("  (your own)", style="green")
        if agent.tools:
            line.append(f"\n{', '.join(agent.tools)}", style="dim")
        table.add_row(name, line)
    console.print(table)
    console.print(
        Text(f"\nYour own go into {settings.agents_dir}, one Markdown file each.", style="dim"),
        soft_wrap=True,
    )
    return 0
