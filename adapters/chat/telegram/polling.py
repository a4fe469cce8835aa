"""Long polling: the offset moves on only when the update before it is committed."""

from __future__ import annotations

import logging

from adapters.chat.telegram.client import TelegramClient
from adapters.chat.telegram.inbound import Me
from adapters.chat.telegram.receiver import Receiver
from core.errors import FlowMateError, MessengerUnavailable, TransientError
from core.ports.clock import Clock

logger = logging.getLogger(__name__)
WANTED = ["message", "callback_query"]
LONGEST_PAUSE_SECONDS = 30.0


class Polling:
    """Asks for updates until cancelled.

    python-telegram-bot's own loop confirms updates when it has put them into a queue in memory; here the next question,
    which confirms, is asked only after `take` returned.
    """

    def __init__(self, receiver: Receiver, *, client: TelegramClient, clock: Clock) -> None:
        self._receiver = receiver
        self._client = client
        self._clock = clock
        self._offset: int | None = None

    async def run(self, me: Me) -> None:
        """Receive until cancelled."""
        pause = 1.0
        while True:
            before = self._offset
            try:
                await self._once(me)
                pause = 1.0
            except FlowMateError as error:
                if self._offset != before:
                    # Some were taken: whatever is out, it is not out for good.
                    pause = 1.0
                asked = error.retry_after_seconds if isinstance(error, TransientError) else None
                wait = max(asked or 0.0, pause)
                level = logging.WARNING if isinstance(error, MessengerUnavailable) else logging.ERROR
                logger.log(level, "telegram: no updates, next try in %.0f s: %s", wait, error.sentence)
                await self._clock.sleep(wait)
                pause = min(pause * 2, LONGEST_PAUSE_SECONDS)

    async def _once(self, me: Me) -> None:
        for update in await self._client.updates(self._offset, wanted=WANTED):
            try:
                await self._receiver.take(update, me=me)
            except FlowMateError:
                raise
            except Exception:
                # One that can't be taken must not stand in front of all the others for ever.
                logger.exception("telegram: update %d failed", update["update_id"])
            # At once: those that were taken before one that fails don't come again with it.
            self._offset = int(update["update_id"]) + 1
