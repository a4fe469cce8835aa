"""What the gateway brings, on its way to the reception."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from typing import Any

from adapters.chat.platform import Reception
from core.errors import FlowMateError, Refused, TransientError
from core.models import Instruction
from core.rendering import refusals
from tests.platforms.parlour.client import ParlourClient
from tests.platforms.parlour.inbound import is_for_somebody, mentions, to_instruction, to_press
from tests.platforms.parlour.outbound import ParlourMessenger

logger = logging.getLogger(__name__)
PRESS_SECONDS = 2.0
"""Parlour gives three."""


class Receiver:
    """Takes one event; returns once it is committed. Raises StoreUnavailable: then it must come again."""

    def __init__(self, reception: Reception, *, client: ParlourClient, messenger: ParlourMessenger) -> None:
        self._reception = reception
        self._client = client
        self._messenger = messenger
        self._telling: set[asyncio.Task[None]] = set()

    async def take(self, kind: str, data: Mapping[str, Any], *, me: str) -> None:
        if kind == "press":
            await self._press(data)
        elif kind == "message" and is_for_somebody(data):
            instruction = to_instruction(data, me=me)
            known = bool(data["thread"]) and await self._reception.knows(instruction.address)
            if mentions(data, me=me) or known:
                await self._receive(instruction)

    async def _receive(self, instruction: Instruction) -> None:
        try:
            receipt = await self._reception.receive(instruction)
        except Refused as refusal:
            self._tell(instruction, refusal.sentence)
            return
        if receipt.created and receipt.notice:
            self._tell(instruction, receipt.notice)

    async def _press(self, data: Mapping[str, Any]) -> None:
        try:
            async with asyncio.timeout(PRESS_SECONDS):
                sentence = await self._reception.press(to_press(data))
        except TimeoutError:
            sentence = refusals.TAKES_LONGER
        except TransientError:
            raise
        except FlowMateError as error:
            sentence = error.sentence
        answer = {"kind": "whisper", "text": sentence} if sentence else {"kind": "quiet"}
        try:
            await self._client.call("POST", f"/interactions/{data['interaction']}", answer)
        except FlowMateError as error:
            logger.info("parlour: a press was not answered: %s", error.sentence)

    def _tell(self, instruction: Instruction, sentence: str) -> None:
        """Whisper behind the acknowledgement: what comes next must not wait for a turn to write."""

        async def whisper() -> None:
            try:
                await self._messenger.whisper(
                    instruction.address, instruction.person, sentence, key=instruction.key
                )
            except FlowMateError as error:
                logger.warning("parlour: nobody was told: %s", error.sentence)

        task = asyncio.create_task(whisper())
        self._telling.add(task)
        task.add_done_callback(self._telling.discard)
