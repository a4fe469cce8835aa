"""What `flowmate ask` and `chat` do where a step waits for a yes: show it, and read y, n or a from the terminal."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Self, TextIO

from rich.console import Console

from bot.cli.approvals import show_request
from bot.cli.bodies import ApprovalCard, Happening
from bot.cli.client import Api, CallFailed
from core.models import ApprovalState, Decision, EventKind
from core.rendering import approvals as words

ANSWERS: dict[str, Decision] = {"y": "approve", "yes": "approve", "n": "deny", "no": "deny", "a": "always"}


class Prompt:
    """Asks on a terminal, one question after the other; where there is none it says how to answer from elsewhere."""

    def __init__(
        self,
        api: Api,
        *,
        console: Console,
        paused: Callable[[], AbstractContextManager[None]] = nullcontext,
        keys: TextIO | None = None,
        zone: str,
    ) -> None:
        self._api = api
        self._console = console
        self._paused = paused
        self._keys = sys.stdin if keys is None else keys
        self._zone = zone
        self._turn = asyncio.Lock()
        self._deciding: set[str] = set()
        self._asking: dict[str, asyncio.Task[None]] = {}

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        for task in self._asking.values():
            task.cancel()
        await asyncio.gather(*self._asking.values(), return_exceptions=True)

    def hear(self, event: Happening, delegation_id: str) -> None:
        """Begin to ask where something waits; stop where somebody else has decided."""
        approval_id = str(event.data.get("approval", ""))
        if event.kind == EventKind.APPROVAL_REQUESTED and approval_id not in self._asking:
            self._asking[approval_id] = asyncio.create_task(self._answer(approval_id, delegation_id))
        elif approval_id in self._deciding:
            return
        elif event.kind == EventKind.APPROVAL_DECIDED and approval_id in self._asking:
            self._asking[approval_id].cancel()

    async def _answer(self, approval_id: str, delegation_id: str) -> None:
        async with self._turn:
            with self._paused():
                try:
                    cards = await self._api.approvals(delegation=delegation_id)
                    for card in cards:
                        if card.id == approval_id and card.state == ApprovalState.PENDING:
                            await self._ask(card)
                except CallFailed as refusal:
                    self._console.print(refusal.sentence, markup=False, highlight=False)

    async def _ask(self, card: ApprovalCard) -> None:
        show_request(card, console=self._console, zone=self._zone)
        if not (self._keys.isatty() and self._console.is_terminal):
            how = words.HOW_ELSE.format(id=card.id[:8])
            self._console.print(how, markup=False, highlight=False, soft_wrap=True)
            return
        decision = None
        while decision is None:
            self._console.print(words.PROMPT, end="", markup=False, highlight=False)
            line = await _line(self._keys)
            if line == "":
                return
            decision = ANSWERS.get(line.strip().lower())
        self._deciding.add(card.id)
        after = await self._api.decide(card.id, decision)
        verdict = words.verdict(after.to_approval(), zone=self._zone)
        self._console.print(verdict, markup=False, highlight=False)


async def _line(keys: TextIO) -> str:
    """The next line of the terminal, empty at its end; waiting for it keeps nobody from Ctrl-C."""
    loop = asyncio.get_running_loop()
    ready: asyncio.Future[None] = loop.create_future()

    def come() -> None:
        if not ready.done():
            ready.set_result(None)

    loop.add_reader(keys.fileno(), come)
    try:
        await ready
    finally:
        loop.remove_reader(keys.fileno())
    return keys.readline()
