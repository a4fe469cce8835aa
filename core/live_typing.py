"""Progress as live typing, on platforms that have it: words that are no message and leave nothing behind."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import TypeGuard

from core.errors import MessengerRefused, TransientError
from core.models import Address, Delegation
from core.ports.clock import Clock
from core.ports.messenger import Drafting, Messenger, Tag
from core.rendering import progress

logger = logging.getLogger(__name__)
_DRAFTING: dict[type[Messenger], bool] = {}
ENOUGH_SECONDS = 20.0
"""How long it is enough: it is gone after some thirty seconds, and has no button that cancels."""


class LiveTyping:
    """What is shown so by this process, and what becomes of it where the work takes longer."""

    def __init__(self, *, clock: Clock) -> None:
        self._clock = clock
        self._shown: dict[str, asyncio.Task[None]] = {}

    async def show(
        self, messenger: Messenger, delegation: Delegation, *, then: Callable[[], Awaitable[None]]
    ) -> bool:
        """Show how far it is; False where that can't be done there. `then` runs once that is no longer enough."""
        address = delegation.instruction.address
        if not _can_draft(messenger) or not messenger.drafts(address):
            return False
        tag = Tag(delegation_id=delegation.id, part=0)
        try:
            await messenger.draft(address, progress.typed(delegation), tag=tag)
        except (TransientError, MessengerRefused) as error:
            logger.info("no live typing for %s: %s", delegation.id, error.sentence)
            return False
        if delegation.id not in self._shown:
            task = asyncio.create_task(self._later(then))
            self._shown[delegation.id] = task
            task.add_done_callback(lambda _: self._shown.pop(delegation.id, None))
        return True

    def forget(self, delegation_id: str | None = None) -> None:
        """It is answered (or, without an id, this process stops): nothing has to take its place any more."""
        for known in [delegation_id] if delegation_id is not None else list(self._shown):
            if known in self._shown:
                self._shown[known].cancel()

    async def _later(self, then: Callable[[], Awaitable[None]]) -> None:
        await self._clock.sleep(ENOUGH_SECONDS)
        await then()


def typed_at(messenger: Messenger, address: Address) -> bool:
    """Whether progress is shown there without a message that the answer could become."""
    return _can_draft(messenger) and messenger.drafts(address)


def _can_draft(messenger: Messenger) -> TypeGuard[Drafting]:
    # Python 3.11 takes as long for this as for building a whole value, and each answer asks for it.
    kind = type(messenger)
    if kind not in _DRAFTING:
        _DRAFTING[kind] = isinstance(messenger, Drafting)
    return _DRAFTING[kind]
