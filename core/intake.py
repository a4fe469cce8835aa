"""Stage 1, receive: refuse, dedupe, limit, save; then the door may say "got it"."""

from __future__ import annotations

import asyncio
import logging
import secrets

from core.coordinator import Coordinator
from core.errors import InvalidInstruction, QueueUnavailable, RateLimited, Refused, StoreUnavailable
from core.line import Line
from core.models import (
    MAX_INSTRUCTION_CHARACTERS,
    Delegation,
    Event,
    EventKind,
    Instruction,
    Receipt,
    Verdict,
)
from core.ports.clock import Clock
from core.ports.limiter import Limit, Limiter
from core.ports.store import Store
from core.rendering import refusals

logger = logging.getLogger(__name__)
DISPATCH_SECONDS = 1.0
_INVISIBLE = dict.fromkeys([0x200B, 0x200C, 0x200D, 0x2060, 0xFEFF, 0x00AD, 0x180E, 0x2800, 0x3164])


class Intake:
    """Takes instructions from every door, each exactly once."""

    def __init__(
        self,
        *,
        store: Store,
        limiter: Limiter,
        coordinator: Coordinator,
        clock: Clock,
        limit: Limit,
        line: Line,
    ) -> None:
        self._store = store
        self._limiter = limiter
        self._coordinator = coordinator
        self._clock = clock
        self._limit = limit
        self._line = line

    async def receive(self, instruction: Instruction) -> Receipt:
        """Save the instruction; returns only after the commit, and never waits for a model or a platform.

        Raises Refused with a sentence for the person, Conflict for a key that was used for another request, and
        StoreUnavailable where nothing was saved and the platform must send it again.
        """
        try:
            check_instruction(instruction)
            admitted = await self._admitted(instruction)
        except Refused as refusal:
            await self._record(instruction, refusal)
            raise
        created = False
        try:
            delegation, created = await self._store.accept(
                instruction, delegation_id=secrets.token_hex(16), now=self._clock.now()
            )
        finally:
            if admitted.allowed and not created:
                # What came again, or could not be saved, is no request of this person's.
                await self._limiter.take_back(_counted(instruction), self._limit)
        asked = admitted.limit - admitted.remaining
        notice = await self._dispatch(delegation, asked=asked) if created else None
        return Receipt(delegation_id=delegation.id, created=created, notice=notice)

    async def _admitted(self, instruction: Instruction) -> Verdict:
        """How it was counted. What came again is let through over the limit, uncounted: it begins nothing.

        Counted first and looked up only where there is no room: hardly anything comes twice.
        """
        verdict = await self._limiter.admit(_counted(instruction), self._limit)
        if not verdict.allowed and await self._store.known(instruction.key) is None:
            raise RateLimited(refusals.rate_limited(verdict, now=self._clock.now()), verdict=verdict)
        return verdict

    async def _dispatch(self, delegation: Delegation, *, asked: int) -> str | None:
        try:
            # The door has to answer its platform within seconds, whatever state the queue is in.
            async with asyncio.timeout(DISPATCH_SECONDS):
                await self._coordinator.dispatch(delegation)
                return await self._line.notice(delegation.instruction.person.id, asked=asked)
        except (QueueUnavailable, TimeoutError):
            logger.warning("queue out: %s waits for reconcile", delegation.id)
            return refusals.STARTS_LATE

    async def _record(self, instruction: Instruction, refusal: Refused) -> None:
        reason = "invalid" if isinstance(refusal, InvalidInstruction) else "limit"
        data = {"reason": reason, "person": instruction.person.id, "key": instruction.key}
        event = Event(delegation_id=None, kind=EventKind.INSTRUCTION_REFUSED, at=self._clock.now(), data=data)
        try:
            await self._store.append(event)
        except StoreUnavailable:
            logger.warning("refused %s (%s); the database is out", instruction.key, reason)


def _counted(instruction: Instruction) -> str:
    return f"person:{instruction.person.id}"


def check_instruction(instruction: Instruction) -> None:
    """Raise InvalidInstruction where there is nothing to do, or too much to read."""
    if not instruction.text.translate(_INVISIBLE).strip():
        raise InvalidInstruction
    if len(instruction.text) > MAX_INSTRUCTION_CHARACTERS:
        raise InvalidInstruction(
            refusals.too_long(characters=len(instruction.text), limit=MAX_INSTRUCTION_CHARACTERS)
        )
