"""`flowmate agents`: the micro agents that there are, and making more of them over the running service."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic.alias_generators import to_camel
from rich.table import Table
from rich.text import Text

from adapters.settings import Settings
from bot.cli.agent_api import AgentApi
from bot.cli.bodies import AgentCard, AgentWhole
from bot.cli.client import CallFailed, Unreachable
from bot.cli.terminal import stderr, stdout
from bot.readout import printable
from core.catalog import BUILT_IN, built_in, load_agents, near, read_fields, replaced, to_file
from core.errors import InvalidAgent
from core.making.templates import templates
from core.models import Agent

ONLY_FILES = "FlowMate isn't running; these are the agents of files only."


async def list_agents(settings: Settings, *, as_json: bool) -> int:
    """Show every agent, the built-in ones, the team's own and those that were made; returns the exit code."""
    own = load_agents([settings.agents_dir])
    files = {**built_in(), **own}
    instead = replaced(files)
    made: tuple[AgentCard, ...] = ()
    try:
        async with AgentApi(settings) as api:
            made = tuple(card for card in await api.agents() if card.source == "made")
    except Unreachable:
        if stderr().is_terminal:
            stderr().print(Text(ONLY_FILES, style="dim"), soft_wrap=True)
    except CallFailed as failure:
        stderr().print(Text(printable(failure.sentence), style="yellow"), soft_wrap=True)
    if as_json:
        listed = [agent.model_dump(mode="json", exclude={"system_prompt"}) for agent in files.values()]
        listed += [card.model_dump(mode="json") for card in made]
        sys.stdout.write(json.dumps(listed, ensure_ascii=False, indent=2) + "\n")
        return 0
    console = stdout()
    if not console.is_terminal:
        everyone: list[Agent | AgentCard] = [*files.values(), *made]
        for one in everyone:
            sys.stdout.write(f"{one.name}\t{' '.join(one.description.split())}\n")
        return 0
    table = Table.grid(padding=(0, 2))
    table.add_column(style="bold", no_wrap=True)
    table.add_column()
    for name, agent in sorted(files.items()):
        whose = "your own file" if name in own else ""
        if name in instead:
            whose += " instead of the built-in"
        table.add_row(name, _line(agent, whose))
    for card in made:
        table.add_row(printable(card.name), _line(card, f"made here, version {card.version}, {_who(card)}"))
    console.print(table)
    where = f"\nYour own files go into {settings.agents_dir}; `flowmate agents new` makes one without a file."
    console.print(Text(where, style="dim"), soft_wrap=True)
    return 0


async def show_agent(settings: Settings, name: str, *, as_json: bool) -> int:
    """Print one agent's file; returns the exit code."""
    file = load_agents([BUILT_IN, settings.agents_dir]).get(name)
    if file is not None:
        _print(file, as_json=as_json, about=f"{name} comes from a file.")
        return 0
    async with AgentApi(settings) as api:
        found = await api.agent(name)
    about = " ".join([f"{found.name}, version {found.version}, {_who(found)}.", *found.notes])
    _print(found.agent, as_json=as_json, about=printable(about))
    return 0


async def make_agent(
    settings: Settings, file: Path | None, *, template: str | None, name: str | None, shared: bool
) -> int:
    """Make one; returns the exit code."""
    fields = _template(template) if template is not None else _fields(_text(file))
    if name is not None:
        fields["name"] = name
    async with AgentApi(settings) as api:
        made = await api.make_agent({**fields, "visibility": "workspace" if shared else "me"})
    console = stdout()
    console.print(Text(f"Made the agent {printable(made.name)}; {_who(made)}.", style="bold"), soft_wrap=True)
    _show_notes(made)
    console.print(Text(f'Try it: flowmate ask "@{printable(made.name)} …"', style="dim"), soft_wrap=True)
    return 0


async def edit_agent(settings: Settings, name: str, file: Path | None, *, shared: bool | None) -> int:
    """A new version, unless nothing changed; returns the exit code."""
    visibility = {} if shared is None else {"visibility": "workspace" if shared else "me"}
    async with AgentApi(settings) as api:
        found = await api.agent(name)
        if found.source != "made":
            raise CallFailed(f"The agent {name} comes from a file; change it there.")
        before = to_file(found.agent)
        text = before if file is None and visibility else _text(file) if file is not None else _edited(before)
        if text == before and not visibility:
            stdout().print(Text("Nothing was changed."))
            return 0
        kept = {"visibility": found.visibility, **visibility}
        try:
            changed = await api.change_agent(
                name, {**_fields(text), **kept}, version=found.version, whole=True
            )
        except CallFailed as failure:
            if file is None and text != before:
                raise CallFailed(
                    f"{failure.sentence} What you wrote is in {_saved(name, text)}."
                ) from failure
            raise
    said = f"Changed the agent {printable(name)}; this is version {changed.version}, {_who(changed)}."
    stdout().print(Text(said, style="bold"), soft_wrap=True)
    _show_notes(changed)
    return 0


async def delete_agent(settings: Settings, name: str) -> int:
    """Returns the exit code."""
    async with AgentApi(settings) as api:
        await api.delete_agent(name)
    stdout().print(Text(f"Deleted the agent {printable(name)}.", style="bold"), soft_wrap=True)
    return 0


async def list_versions(settings: Settings, name: str, *, as_json: bool) -> int:
    """Returns the exit code."""
    async with AgentApi(settings) as api:
        found = await api.agent_versions(name)
    if as_json:
        listed = [one.model_dump(by_alias=True, mode="json") for one in found]
        sys.stdout.write(json.dumps(listed, ensure_ascii=False, indent=2) + "\n")
        return 0
    for one in found:
        at = f"{one.changed_at:%d %b %Y, %H:%M UTC}" if one.changed_at is not None else ""
        line = Text(f"{one.version}  ", style="bold").append(f"{at}  ", style="dim")
        line.append(printable(one.description)).append(f"  {', '.join(one.tools)}", style="dim")
        stdout().print(line, soft_wrap=True)
    return 0


def show_templates(name: str | None) -> int:
    """All of them, or one as a file; returns the exit code."""
    if name is not None:
        sys.stdout.write(to_file(_found(name)))
        return 0
    for template in templates().values():
        line = Text(template.name, style="bold").append(f"  {template.description}", style="not bold")
        stdout().print(line, soft_wrap=True)
    stdout().print(
        Text("\nflowmate agents new --template NAME makes one of them yours.", style="dim"), soft_wrap=True
    )
    return 0


def _found(name: str) -> Agent:
    if name not in templates():
        meant = near(name, templates())
        hint = f" Do you mean {' or '.join(meant)}?" if meant else ""
        raise CallFailed(f"There is no template called {name}.{hint}")
    return templates()[name]


def _template(name: str) -> dict[str, Any]:
    return _fields(to_file(_found(name)))


def _fields(text: str) -> dict[str, Any]:
    """A file's fields as the API takes them; what is wrong with them is for the service to say."""
    try:
        fields = read_fields(text)
    except InvalidAgent as wrong:
        raise CallFailed(wrong.sentence) from wrong
    return {to_camel(str(field)): _camel(value) for field, value in fields.items()}


def _camel(value: Any) -> Any:
    return {to_camel(str(k)): v for k, v in value.items()} if isinstance(value, Mapping) else value


def _text(file: Path | None) -> str:
    if file is None or str(file) == "-":
        return sys.stdin.read()
    try:
        return file.read_text(encoding="utf-8")
    except OSError as error:
        raise CallFailed(f"{file} can't be read ({error.strerror}).") from error
    except UnicodeDecodeError as error:
        raise CallFailed(f"{file} is no UTF-8 text.") from error


def _edited(text: str) -> str:
    """The text as the person leaves it in their editor."""
    path = _saved("agent", text)
    editor = os.environ.get("VISUAL") or os.environ.get("EDITOR") or "vi"
    try:
        ran = subprocess.run([*shlex.split(editor), str(path)], check=False)
        if ran.returncode != 0:
            raise CallFailed(f"The editor ended with {ran.returncode}; nothing was changed.")
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise CallFailed(f"{editor} can't be run; set EDITOR, or name a file.") from error
    finally:
        path.unlink(missing_ok=True)


def _saved(name: str, text: str) -> Path:
    with tempfile.NamedTemporaryFile("w", prefix=f"{name}-", suffix=".md", delete=False) as file:
        file.write(text)
    return Path(file.name)


def _print(agent: Agent, *, as_json: bool, about: str) -> None:
    if as_json:
        sys.stdout.write(json.dumps(agent.model_dump(mode="json"), ensure_ascii=False, indent=2) + "\n")
        return
    if stderr().is_terminal:
        stderr().print(Text(about, style="dim"), soft_wrap=True)
    sys.stdout.write(to_file(agent))


def _show_notes(agent: AgentWhole) -> None:
    """What its tools need and don't have."""
    for note in agent.notes:
        stdout().print(Text(printable(note), style="yellow"), soft_wrap=True)


def _line(agent: Agent | AgentCard, about: str) -> Text:
    line = Text(printable(agent.description))
    if about:
        line.append(f"  ({printable(about)})", style="green")
    if agent.tools:
        line.append(f"\n{', '.join(map(printable, agent.tools))}", style="dim")
    return line


def _who(card: AgentCard | AgentWhole) -> str:
    return "everyone here can use it" if card.visibility == "workspace" else "only you can use it"
