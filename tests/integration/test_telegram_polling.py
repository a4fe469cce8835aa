"""Updates that can't be taken at once: they come again, and those before them don't."""

from __future__ import annotations

import asyncio
import contextlib

from core.errors import StoreUnavailable
from core.memory.clock import ManualClock
from core.models import Instruction, Receipt
from tests.counterparts.telegram import telegram_server
from tests.integration.slack_harness import MemoryReception
from tests.integration.test_telegram import connect

MANY = 12


class Forgetful(MemoryReception):
    """Takes every instruction, and loses the answer of each commit once."""

    def __init__(self) -> None:
        super().__init__()
        self.calls: list[str] = []

    async def receive(self, instruction: Instruction) -> Receipt:
        self.calls.append(instruction.text)
        receipt = await super().receive(instruction)
        if self.calls.count(instruction.text) == 1:
            raise StoreUnavailable
        return receipt


async def test_what_was_taken_before_one_that_fails_is_confirmed_and_patience_starts_anew() -> None:
    clock, reception = ManualClock(auto_advance=True), Forgetful()
    async with telegram_server() as telegram:
        ada = telegram.person("ada")
        for number in range(MANY):
            await telegram.say(ada, telegram.private(ada), f"what is {number}+1")
        connection = connect(telegram, clock=clock)
        listen = asyncio.create_task(connection.listen(reception))
        try:
            await telegram.until(lambda: telegram.waiting == 0)
        finally:
            listen.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await listen
            await connection.aclose()
    assert reception.calls == [f"what is {n}+1" for n in range(MANY) for _ in range(2)]
    assert max(clock.slept) <= 1.0
