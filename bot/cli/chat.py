"""`flowmate chat`: a conversation, in which later messages know the earlier ones."""

from __future__ import annotations

import asyncio
import contextlib
import os
import readline
import sys
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

from rich.text import Text

from adapters.settings import Settings
from bot.cli.arrivals import Watch
from bot.cli.ask import answer_to, show, show_text
from bot.cli.client import Api, CallFailed, Unreachable, to_question
from bot.cli.terminal import stderr, stdout
from bot.readout import printable
from core.errors import FlowMateError
from core.rendering import terminal as words
from core.rendering.help import help_text

PROMPT = "you> "
HISTORY_LINES = 1000


def chat(settings: Settings) -> int:
    """Converse until the end of the input; returns the exit code."""
    conversation = str(uuid.uuid4())
    typed = sys.stdin.isatty()
    aside = stderr()
    if typed:
        aside.print(Text(words.CHAT_BEGINS, style="dim"))
    watch = Watch(settings, conversation, prompt=PROMPT)
    with contextlib.ExitStack() as stack:
        if typed:
            stack.enter_context(_history(settings.data_dir / "chat_history"))
            stack.enter_context(watch.watching())
        for line in _lines(watch.read if typed else sys.stdin.readline, typed=typed):
            if line.lower().removeprefix("/") in ("quit", "exit"):
                break
            try:
                _respond(settings, line, conversation)
            except Unreachable:
                raise
            except FlowMateError as error:
                aside.print(Text(printable(error.sentence), style="yellow"))
    return 0


def _respond(settings: Settings, line: str, conversation: str) -> None:
    if line == "/help":
        asyncio.run(_show_help(settings))
    elif line == "/agents":
        asyncio.run(_show_agents(settings))
    elif line.startswith("/"):
        raise CallFailed(words.no_such_command(line.split()[0]))
    else:
        asyncio.run(_ask(settings, line, conversation))


async def _ask(settings: Settings, text: str, conversation: str) -> None:
    async with Api(settings) as api:
        question = to_question(text, conversation=conversation)
        answer = await answer_to(api, question, console=stderr(), zone=settings.flowmate_zone)
    show(answer, out=stdout(), aside=stderr())


async def _show_help(settings: Settings) -> None:
    async with Api(settings) as api:
        show_text(help_text(await api.agents()), out=stdout())
    stdout().print(words.CHAT_COMMANDS, markup=False)


async def _show_agents(settings: Settings) -> None:
    async with Api(settings) as api:
        for agent in await api.agents():
            line = Text(printable(agent.name), style="bold")
            stdout().print(line.append(f"  {printable(agent.description)}", style="not bold"))


def _lines(read: Callable[[], str], *, typed: bool) -> Iterator[str]:
    """What is written, without empty lines, until the end of the input."""
    while True:
        try:
            line = read()
        except KeyboardInterrupt:
            sys.stdout.write("\n")
            if not readline.get_line_buffer():
                stderr().print(Text(words.CHAT_LEAVING, style="dim"))
            continue
        except EOFError:
            sys.stdout.write("\n")
            return
        if not typed and not line:
            return
        if line.strip():
            yield line.strip()


@contextlib.contextmanager
def _history(path: Path) -> Iterator[None]:
    """What was typed in earlier chats, with the arrow keys; kept for this user alone."""
    readline.set_history_length(HISTORY_LINES)
    with contextlib.suppress(OSError):
        readline.read_history_file(path)
    try:
        yield
    finally:
        with contextlib.suppress(OSError):
            os.close(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600))
            readline.write_history_file(path)
