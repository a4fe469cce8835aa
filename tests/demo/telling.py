"""The terminal: one line on what happens, the command that a person would type, and what FlowMate prints."""

from __future__ import annotations

import asyncio
import shlex
import sys
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from subprocess import CalledProcessError

from rich.console import Console
from rich.padding import Padding
from rich.text import Text

COLUMNS = 100
"""Where it isn't told to a terminal."""
LEFT = 2
END_SECONDS = 10.0
OnLine = Callable[[str], Awaitable[None]]


class Teller:
    """Tells the story to whoever looks; `asks`: they press Enter between its parts and answer for themselves."""

    def __init__(self, console: Console, *, asks: bool) -> None:
        self._console = console
        self._part = 0
        self.asks = asks

    async def part(self, title: str) -> None:
        """Begin a part of the story, once whoever looks wants to see it."""
        if self._part:
            await self._pause()
        self._part += 1
        self._console.print()
        self._console.print(Text(f"{self._part}. {title}", style="bold green"))

    def say(self, text: str, *, style: str = "") -> None:
        self._console.print(Text(text, style=style))

    def show(self, text: str, *, style: str = "cyan") -> None:
        """What somebody else wrote or got, as it is."""
        for line in text.splitlines():
            if self._console.is_terminal:
                self._console.print(Padding(Text(line, style=style), (0, 0, 0, LEFT)))
            else:
                self._console.print(Text((" " * LEFT + line).rstrip(), style=style), soft_wrap=True)

    def typed(self, command: str) -> None:
        """The command that a person would type."""
        self._console.print(Text(f"$ {command}", style="bold"), soft_wrap=not self._console.is_terminal)

    async def run(
        self, *arguments: str, environment: Mapping[str, str], folder: Path, on_line: OnLine | None = None
    ) -> int:
        """Run `flowmate …` in the folder, as typed; its exit code.

        Where somebody looks and answers it has the terminal to itself; else `on_line` hears each of its lines.
        """
        self.typed(" ".join(_quoted(argument) for argument in ("flowmate", *arguments)))
        columns = self._console.width - (0 if self.asks else LEFT)
        process = await _started(
            *arguments,
            environment={**environment, "COLUMNS": str(columns)},
            folder=folder,
            out=None if self.asks else asyncio.subprocess.PIPE,
            alone=not self.asks,
        )
        try:
            while process.stdout is not None and (raw := await process.stdout.readline()):
                line = raw.decode(errors="replace").rstrip()
                self.show(line or " ", style="")
                if on_line is not None:
                    await on_line(line)
            return await process.wait()
        finally:
            await _ended(process)

    async def write(self, *arguments: str, file: Path, environment: Mapping[str, str], folder: Path) -> None:
        """Run `flowmate … > file`, as typed. Raises CalledProcessError."""
        line = ["flowmate", *arguments]
        self.typed(f"{' '.join(map(_quoted, line))} > {file.relative_to(folder)}")
        with file.open("wb") as out:
            process = await _started(
                *arguments, environment=environment, folder=folder, out=out.fileno(), alone=True
            )
            try:
                code = await process.wait()
            finally:
                await _ended(process)
        if code:
            raise CalledProcessError(code, line)

    async def _pause(self) -> None:
        if not self.asks:
            return
        self._console.print(Text("Press Enter to go on", style="dim"), end="")
        loop = asyncio.get_running_loop()
        pressed = asyncio.Event()
        loop.add_reader(sys.stdin.fileno(), pressed.set)
        try:
            await pressed.wait()
        finally:
            loop.remove_reader(sys.stdin.fileno())
        sys.stdin.readline()


async def _started(
    *arguments: str, environment: Mapping[str, str], folder: Path, out: int | None, alone: bool
) -> asyncio.subprocess.Process:
    """`alone`: nobody types into it, and what it says goes one way."""
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "bot.cli",
        *arguments,
        cwd=folder,
        env=dict(environment),
        stdin=asyncio.subprocess.DEVNULL if alone else None,
        stdout=out,
        stderr=asyncio.subprocess.STDOUT if alone else None,
    )


async def _ended(process: asyncio.subprocess.Process) -> None:
    """Ctrl-C reaches the command, too, which ends by itself; what doesn't is ended."""
    if process.returncode is not None:
        return
    try:
        async with asyncio.timeout(END_SECONDS):
            await process.wait()
    except TimeoutError:
        process.kill()
        await process.wait()


def _quoted(argument: str) -> str:
    """As a person would quote it."""
    plain = shlex.quote(argument)
    return f'"{argument}"' if plain != argument and not set('"$`\\!') & set(argument) else plain
