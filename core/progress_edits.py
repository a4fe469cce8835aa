"""Keeping the placeholder up to date while the work goes on: an edit a second at most, none on top of the answer."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping

from core.errors import MessengerRefused, MessengerUnavailable, TransientError
from core.models import Delegation, DelegationState
from core.patience import attempts
from core.ports.clock import Clock
from core.ports.limiter import Limit, Limiter
from core.ports.messenger import Messenger
from core.ports.store import Store
from core.rendering import progress
from core.turns import Turns

logger = logging.getLogger(__name__)
POLL_SECONDS = 0.05


class ProgressEdits:
    """The edits of this process; `unposted` shows progress where there is no message to edit."""

    def __init__(
        self,
        *,
        store: Store,
        messengers: Mapping[str, Messenger],
        limiter: Limiter,
        clock: Clock,
        turns: Turns,
        unposted: Callable[[Messenger, Delegation], Awaitable[bool]],
    ) -> None:
        self._store = store
        self._messengers = messengers
        self._limiter = limiter
        self._clock = clock
        self._turns = turns
        self._unposted = unposted
        self._due_edits: dict[str, asyncio.Task[None]] = {}
        self._edits: set[asyncio.Task[None]] = set()

    def touch(self, delegation_id: str, *, platform: str) -> None:
        """Something visible changed: bring the placeholder up to date soon, at most once a second in all."""
        if platform in self._messengers and delegation_id not in self._due_edits:
            task = asyncio.create_task(self._progress(delegation_id, platform))
            self._due_edits[delegation_id] = task
            self._edits.add(task)
            task.add_done_callback(self._edits.discard)

    async def drain(self) -> None:
        """Wait for edits that are under way; drop those that are only due."""
        for task in self._due_edits.values():
            task.cancel()
        self._due_edits.clear()
        await asyncio.gather(*self._edits, return_exceptions=True)

    async def _progress(self, delegation_id: str, platform: str) -> None:
        messenger = self._messengers[platform]
        pace = Limit(requests=1, window_seconds=messenger.capabilities.seconds_between_edits)
        while not (verdict := await self._limiter.admit(f"edit:{delegation_id}", pace)).allowed:
            await self._clock.sleep(max(POLL_SECONDS, verdict.retry_after_seconds))
        # From here on another change is a new one: it must not be swallowed by this edit.
        self._due_edits.pop(delegation_id, None)
        try:
            await self._edit_progress(messenger, delegation_id)
        except (TransientError, MessengerRefused) as error:
            logger.info("no progress shown for %s: %s", delegation_id, error.sentence)
        except Exception:
            logger.exception("no progress shown for %s", delegation_id)

    async def _edit_progress(self, messenger: Messenger, delegation_id: str) -> None:
        async with self._turns.of(delegation_id):
            delegation = await self._store.load(delegation_id)
            if delegation.state is not DelegationState.PLANNED:
                return
            known = {posted.part: posted.message_id for posted in await self._store.posted(delegation_id)}
            message_id = known.get(0)
            address = delegation.instruction.address
            if message_id is None:
                if 0 not in known:
                    await self._unposted(messenger, delegation)
                return
            try:
                await messenger.edit(address, message_id, progress.progress(delegation))
            except MessengerUnavailable as error:
                # It may have been made all the same.
                logger.info("no progress shown for %s: %s", delegation_id, error.sentence)
            # The answer may have been put there by another process while this edit was on its way, and the edit
            # may have landed on top of it: whoever edits last must find no answer waiting.
            shown = None
            while (answer := (await self._store.load(delegation_id)).reply) not in (None, shown):
                async for attempt in attempts(self._clock):
                    with attempt:
                        await messenger.edit(address, message_id, messenger.split(answer)[0])
                shown = answer
