"""Keeping the placeholder up to date while the work goes on: an edit a second at most, none on top of the answer.

Progress gives way to answers: it waits for a moment after the placeholder, and many changes at once are not all shown.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from functools import partial

from core.edit_rate import EditRate
from core.errors import MessengerRefused, MessengerUnavailable, TransientError
from core.models import Delegation, DelegationState
from core.patience import patiently
from core.ports.clock import Clock
from core.ports.limiter import Limiter
from core.ports.messenger import Messenger
from core.ports.store import Store
from core.rendering import progress
from core.tickets import Tickets
from core.turns import MANY, Turns

logger = logging.getLogger(__name__)
POLL_SECONDS = 0.05
FIRST_SECONDS = 1.0
"""How long a placeholder stands as it was posted. Nobody reads it sooner, every edit counts against the platform's
limit, and an answer that is there meanwhile would have to wait until such an edit has landed."""
EDIT_SECONDS = 10.0
"""How long an edit that never came back is taken to be on its way: its process died, or the platform is slow."""


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
        self._rate = EditRate(clock=clock)
        self._tickets = Tickets()
        self._due_edits: dict[str, asyncio.Task[None]] = {}
        self._edits: set[asyncio.Task[None]] = set()
        self._unshown: set[str] = set()
        """What this process last tried to show, and does not know to stand in a message."""

    def touch(
        self, delegation_id: str, *, platform: str, changed: bool = True, since: datetime | None = None
    ) -> None:
        """Something visible changed: bring the placeholder up to date soon, at most once a second in all.

        Where it was posted just then, `since`, it is left alone for a moment. Where nothing `changed`, it is only
        tried again, if this process could not show the last change.
        """
        if not changed and delegation_id not in self._unshown:
            return
        if platform in self._messengers and delegation_id not in self._due_edits:
            task = asyncio.create_task(self._progress(delegation_id, platform, since))
            self._due_edits[delegation_id] = task
            self._edits.add(task)
            task.add_done_callback(self._edits.discard)

    def drop(self, delegation_id: str) -> None:
        """The answer is there, so nothing is due any more. For whoever has the delegation's turn."""
        self._unshown.discard(delegation_id)
        task = self._due_edits.pop(delegation_id, None)
        if task is not None:
            task.cancel()

    async def drain(self) -> None:
        """Wait for edits that are under way; drop those that are only due."""
        for task in self._due_edits.values():
            task.cancel()
        self._due_edits.clear()
        await asyncio.gather(*self._edits, return_exceptions=True)

    async def landed(self, delegation_id: str) -> None:
        """Wait until no process has an edit of the progress on its way, or has had one for too long.

        A process that is killed leaves its edit to the platform, and nobody to see where it lands.
        """
        while await self._limiter.under_way(_edits_of(delegation_id)):
            await self._clock.sleep(POLL_SECONDS)

    async def _progress(self, delegation_id: str, platform: str, since: datetime | None) -> None:
        messenger = self._messengers[platform]
        try:
            if since is not None:
                stands_for = (self._clock.now() - since).total_seconds()
                if 0 <= stands_for < FIRST_SECONDS:
                    await self._clock.sleep(FIRST_SECONDS - stands_for)
            while await self._rate.turn():
                wait = await self._edit_progress(messenger, delegation_id)
                if not wait:
                    return
                await self._clock.sleep(max(POLL_SECONDS, wait))
            self._unshown.add(delegation_id)
        except (TransientError, MessengerRefused) as error:
            logger.info("no progress shown for %s: %s", delegation_id, error.sentence)
        except Exception:
            logger.exception("no progress shown for %s", delegation_id)
        finally:
            # Where it failed before it could begin, the next change is to try anew.
            if self._due_edits.get(delegation_id) is asyncio.current_task():
                del self._due_edits[delegation_id]

    async def _edit_progress(self, messenger: Messenger, delegation_id: str) -> float:
        """Make the edit, unless it is too soon for one: returns the seconds until it is worth trying again."""
        ticket, edits, wait = self._tickets.next(), _edits_of(delegation_id), 0.0
        every_seconds = messenger.capabilities.seconds_between_edits
        # Nobody else edits, here or elsewhere, until this one has come back.
        async with self._turns.of(delegation_id):
            try:
                wait = await self._limiter.begin(
                    edits, ticket=ticket, every_seconds=every_seconds, within_seconds=EDIT_SECONDS
                )
                if wait:
                    return wait
                # From here on another change is a new one: it must not be swallowed by this edit.
                self._due_edits.pop(delegation_id, None)
                message_id = await self._shown(messenger, delegation_id)
            finally:
                # Whoever is cancelled while it asks may have begun.
                if not wait:
                    await self._limiter.end(edits, ticket=ticket)
            if message_id is not None:
                await self._put_right(messenger, delegation_id, message_id)
            return 0.0

    async def _put_right(self, messenger: Messenger, delegation_id: str, message_id: str) -> None:
        """Put the answer above an edit that landed on top of it.

        It may have been put there by another process, which did not wait for so slow an edit: whoever edits last must
        find no answer waiting.
        """
        if not await self._store.replied(delegation_id):
            return
        shown = None
        while (delegation := await self._store.load(delegation_id)).reply not in (None, shown):
            shown = delegation.reply
            address, part = delegation.instruction.address, messenger.split(shown)[0]
            await patiently(partial(messenger.edit, address, message_id, part), clock=self._clock)

    async def _shown(self, messenger: Messenger, delegation_id: str) -> str | None:
        """Show how far the work is; the id of the message that may have been edited."""
        if len(self._unshown) >= MANY:
            # Of those that others answered; nothing but further tries is lost with them.
            self._unshown.clear()
        self._unshown.add(delegation_id)
        # Whoever answers looks for edits under way once the answer is saved; this one was announced before it looks.
        delegation, posted = await self._store.load_shown(delegation_id)
        if delegation.state is not DelegationState.PLANNED:
            self._unshown.discard(delegation_id)
            return None
        if posted is None:
            await self._unposted(messenger, delegation)
            return None
        message_id = posted.message_id
        if message_id is None:
            return None
        try:
            await messenger.edit(delegation.instruction.address, message_id, progress.progress(delegation))
            self._unshown.discard(delegation_id)
        except MessengerUnavailable as error:
            # It may have been made all the same.
            logger.info("no progress shown for %s: %s", delegation_id, error.sentence)
        return message_id


def _edits_of(delegation_id: str) -> str:
    return f"edits:{delegation_id}"
