"""`flowmate integrations`: connected services, over the running one. Secrets are asked for, or come on stdin."""

from __future__ import annotations

import getpass
import json
import sys
from dataclasses import dataclass

from rich.console import Console
from rich.text import Text

from adapters.settings import Settings
from bot.cli.bodies import IntegrationCard, KindCard, KindField
from bot.cli.client import Api, CallFailed
from bot.cli.terminal import stderr, stdout
from bot.readout import printable
from core.rendering.integrations import NONE_YET, no_such_kind, no_such_name


class WrongUse(CallFailed):
    """That can't be said this way."""

    exit_code = 2


@dataclass(frozen=True)
class Connecting:
    """What was said on the command line."""

    kind: str
    given: tuple[str, ...] = ()
    name: str = ""
    workspace: str = ""


async def list_kinds(settings: Settings) -> int:
    """Show the kinds and their fields; returns the exit code."""
    async with Api(settings) as api:
        kinds = await api.kinds()
    console = stdout()
    for kind in kinds:
        console.print(Text(kind.name, style="bold").append(f"  {printable(kind.title)}", style="not bold"))
        for field in kind.fields:
            marks = [mark for mark, on in (("secret", field.secret), ("optional", not field.required)) if on]
            told = f"   {field.name}: {printable(field.title)}" + (f" ({', '.join(marks)})" if marks else "")
            console.print(Text(told, style="dim"), soft_wrap=True)
    return 0


async def list_integrations(settings: Settings, workspace: str, *, as_json: bool) -> int:
    """Show what the workspace has connected; returns the exit code."""
    async with Api(settings) as api:
        cards = await api.integrations(workspace)
    if as_json:
        sys.stdout.write(json.dumps([card.model_dump(by_alias=True, mode="json") for card in cards]) + "\n")
        return 0
    console = stdout()
    if not cards:
        console.print(Text(NONE_YET), soft_wrap=True)
    for card in cards:
        _show(console, card)
    return 0


async def connect(settings: Settings, wanted: Connecting) -> int:
    """Ask for what is missing, connect, and say what the test found; returns the exit code."""
    async with Api(settings) as api:
        kinds = {kind.name: kind for kind in await api.kinds()}
        if wanted.kind not in kinds:
            raise WrongUse(no_such_kind(wanted.kind, kinds=sorted(kinds)))
        fields = _said(kinds[wanted.kind], wanted.given)
        fields |= _asked(kinds[wanted.kind], fields) if sys.stdin.isatty() else _read(kinds[wanted.kind])
        card = await api.connect(wanted.kind, fields, name=wanted.name, workspace=wanted.workspace)
    _show(stdout(), card)
    return _code(card)


async def test(settings: Settings, name: str, workspace: str) -> int:
    """Test it and say what was found; returns the exit code."""
    async with Api(settings) as api:
        card = await api.test_integration(await _named(api, name, workspace))
    _show(stdout(), card)
    return _code(card)


async def revoke(settings: Settings, name: str, workspace: str) -> int:
    """Delete it; returns the exit code."""
    async with Api(settings) as api:
        card = await _named(api, name, workspace)
        await api.revoke_integration(card)
    stdout().print(Text(f"Revoked: {card.name} of {printable(card.workspace)}."), soft_wrap=True)
    return 0


async def _named(api: Api, name: str, workspace: str) -> IntegrationCard:
    found = next((card for card in await api.integrations(workspace) if card.name == name), None)
    if found is None:
        raise CallFailed(no_such_name(name))
    return found


def _said(kind: KindCard, given: tuple[str, ...]) -> dict[str, str]:
    """The values of `--set`. Raises WrongUse for a secret: others see the arguments of a process."""
    values = {}
    for one in given:
        name, sign, value = one.partition("=")
        field = next((field for field in kind.fields if field.name == name), None)
        if field is None or not sign:
            names = ", ".join(field.name for field in kind.fields if not field.secret)
            raise WrongUse(f"--set takes FIELD=VALUE; the fields are {names or 'none'}.")
        if field.secret:
            raise WrongUse(f"The {field.title} is a secret: leave it out, and it is asked for.")
        values[name] = value
    return values


def _asked(kind: KindCard, known: dict[str, str]) -> dict[str, str]:
    aside = stderr()
    answers = {}
    for field in kind.fields:
        if field.name in known:
            continue
        prompt = f"{field.title[:1].upper()}{field.title[1:]}{'' if field.required else ' (may be empty)'}: "
        if field.secret:
            answer = getpass.getpass(printable(prompt))
        else:
            aside.print(Text(printable(prompt)), end="")
            answer = sys.stdin.readline()
        if answer.strip():
            answers[field.name] = answer.strip()
    return answers


def _read(kind: KindCard) -> dict[str, str]:
    """What standard input says, one FIELD=VALUE a line. Raises WrongUse, and repeats nothing of it."""
    fields: dict[str, KindField] = {field.name: field for field in kind.fields}
    values = {}
    for line in sys.stdin:
        name, sign, value = line.strip().partition("=")
        if not line.strip():
            continue
        if not sign or name.strip() not in fields:
            raise WrongUse(
                f"Standard input takes FIELD=VALUE, one a line; the fields are {', '.join(fields)}."
            )
        values[name.strip()] = value.strip()
    return values


def _show(console: Console, card: IntegrationCard) -> None:
    line = Text(card.name, style="bold")
    line.append(f"  {card.kind}" if card.kind != card.name else "", style="not bold")
    shown = ", ".join(f"{name} {printable(value)}" for name, value in card.fields.items())
    line.append(f"  {shown}" if shown else "", style="not bold dim")
    console.print(line, soft_wrap=True)
    if card.test is not None:
        mark, style = ("works", "green") if card.test.passed else ("does not work", "red")
        console.print(Text(f"   {mark}: {printable(card.test.note)}", style=style), soft_wrap=True)


def _code(card: IntegrationCard) -> int:
    return 0 if card.test is None or card.test.passed else 1
