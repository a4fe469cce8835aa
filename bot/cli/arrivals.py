"""Answers that come into a chat by themselves, from its schedules, shown while a person is at the prompt."""

from __future__ import annotations

import asyncio
import contextlib
import readline
import signal
import sys
import threading
from collections.abc import Iterator
from types import FrameType
from urllib.parse import urlencode

from adapters.settings import Settings
from bot.cli.ask import show_text
from bot.cli.bodies import Arrival, Arrivals
from bot.cli.client import Api, CallFailed
from bot.cli.terminal import stdout
from core.rendering import terminal as words

LOOK_SECONDS = 3.0
LOOKED_AT = 20
"""The newest ones of the conversation."""
CLEAR_LINE = "\r\x1b[K"


class ArrivalApi(Api):
    """The API, and what was answered in one conversation."""

    async def arrivals(self, conversation: str) -> tuple[Arrival, ...]:
        """The answers of its schedules, oldest first. Raises CallFailed."""
        query = urlencode({"conversation": conversation, "limit": LOOKED_AT})
        found = self._read(Arrivals, await self._call("GET", f"/api/v1/delegations?{query}")).delegations
        return tuple(one for one in reversed(found) if one.origin == "schedule" and one.answer is not None)


class Watch:
    """Looks for new answers from a thread of its own; they are shown by the main thread, which waits at the prompt.

    A signal is what gets a word in there. Its handler writes the line anew, as the person had left it.
    """

    def __init__(self, settings: Settings, conversation: str, *, prompt: str) -> None:
        self._settings = settings
        self._conversation = conversation
        self._prompt = prompt
        self._seen: set[str] = set()
        self._new: list[Arrival] = []
        self._at_prompt = False
        self._over = threading.Event()

    @contextlib.contextmanager
    def watching(self) -> Iterator[None]:
        before = signal.signal(signal.SIGUSR1, self._interrupt)
        thread = threading.Thread(target=self._look, daemon=True)
        thread.start()
        try:
            yield
        finally:
            self._over.set()
            # Not waited for: it may be in the middle of a request. The signal stays harmless until the process ends.
            signal.signal(signal.SIGUSR1, signal.SIG_IGN if thread.is_alive() else before)

    def read(self) -> str:
        """A line of the person's. Raises EOFError and KeyboardInterrupt, as `input` does."""
        self._show()
        self._at_prompt = True
        try:
            return input(self._prompt)
        finally:
            self._at_prompt = False

    def _look(self) -> None:
        main = threading.main_thread().ident
        while not self._over.wait(LOOK_SECONDS):
            with contextlib.suppress(CallFailed):
                self._new += asyncio.run(self._found())
            if self._new and self._at_prompt and main is not None and not self._over.is_set():
                signal.pthread_kill(main, signal.SIGUSR1)

    async def _found(self) -> list[Arrival]:
        async with ArrivalApi(self._settings) as api:
            arrived = await api.arrivals(self._conversation)
        new = [one for one in arrived if one.delegation_id not in self._seen]
        self._seen |= {one.delegation_id for one in new}
        return new

    def _interrupt(self, number: int, frame: FrameType | None) -> None:
        if self._at_prompt and self._new:
            sys.stdout.write(CLEAR_LINE)
            self._show()
            sys.stdout.write(self._prompt + readline.get_line_buffer())
            sys.stdout.flush()

    def _show(self) -> None:
        while self._new:
            arrived = self._new.pop(0)
            show_text(words.arrived(arrived.instruction, arrived.answer or ""), out=stdout())
