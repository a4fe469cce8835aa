"""Stage 5, deliver: a placeholder first, edited while the work goes on, and at last the answer, once.

The platforms promise nothing about how often a post happens when its answer is lost, so: an attempt is recorded
before the post, the message's id is compare-and-set after it, a loser deletes its own message, and before posting
again an own message is looked for where the platform can. From then on there are only edits, which may be repeated.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import partial

from core.errors import (
    MessageGone,
    MessengerBusy,
    MessengerRefused,
    MessengerUnavailable,
    RecipientGone,
    TransientError,
)
from core.live_typing import LiveTyping, typed_at
from core.models import Address, Delegation, DelegationState, Reply
from core.patience import Gone, nobody_minds, patiently
from core.policies import LONGEST_WAIT, redelivery_delay
from core.ports.clock import Clock
from core.ports.event_log import EventLog
from core.ports.limiter import Limiter
from core.ports.messenger import Discreet, Messenger, Tag
from core.ports.store import Store
from core.progress_edits import POLL_SECONDS, ProgressEdits
from core.rendering import answers, progress
from core.turns import Turns

logger = logging.getLogger(__name__)
PLACEHOLDER_GRACE = timedelta(seconds=5)
"""How long a placeholder that another process is posting is waited for."""


class Delivery:
    """Puts placeholders, progress and answers into conversations."""

    def __init__(
        self,
        *,
        store: Store,
        messengers: Mapping[str, Messenger],
        limiter: Limiter,
        events: EventLog,
        clock: Clock,
        gone: Gone = nobody_minds,
    ) -> None:
        self._store = store
        self._messengers = messengers
        self._events = events
        self._clock = clock
        self._gone = gone
        self._turns = Turns()
        self._typing = LiveTyping(clock=clock)
        self._edits = ProgressEdits(
            store=store,
            messengers=messengers,
            limiter=limiter,
            clock=clock,
            turns=self._turns,
            unposted=self._show_typing,
        )

    def posts(self, platform: str) -> bool:
        """Whether answers are put anywhere for this platform; where they are not, the row is the answer."""
        return platform in self._messengers

    async def placeholder(self, delegation: Delegation, *, typed: bool = True) -> None:
        """Post "on it" into the conversation, unless something is there. Never raises: the answer matters more.

        With `typed` live typing is enough, where the platform has it.
        """
        messenger = self._messengers.get(delegation.instruction.address.platform)
        if messenger is None:
            return
        async with self._turns.of(delegation.id):
            try:
                if not (typed and await self._typed(messenger, delegation)):
                    await self._place(messenger, delegation, (0, progress.progress(delegation)))
            except (TransientError, MessengerRefused) as error:
                level = logging.INFO if isinstance(error, MessengerBusy) else logging.WARNING
                logger.log(level, "no placeholder for %s: %s", delegation.id, error.sentence)
            except Exception:
                logger.exception("no placeholder for %s", delegation.id)

    async def _typed(self, messenger: Messenger, delegation: Delegation) -> bool:
        if not typed_at(messenger, delegation.instruction.address):
            return False
        stands = any(posted.part == 0 for posted in await self._store.posted(delegation.id))
        return stands or await self._show_typing(messenger, delegation)

    async def _show_typing(self, messenger: Messenger, delegation: Delegation) -> bool:
        later = partial(self._instead_of_typing, delegation.id)
        return await self._typing.show(messenger, delegation, then=later)

    async def _instead_of_typing(self, delegation_id: str) -> None:
        delegation = await self._store.load(delegation_id)
        if delegation.state is DelegationState.PLANNED:
            await self.placeholder(delegation, typed=False)

    def touch(
        self, delegation_id: str, *, platform: str, changed: bool = True, since: datetime | None = None
    ) -> None:
        """Bring the placeholder up to date soon, as `ProgressEdits.touch` says."""
        self._edits.touch(delegation_id, platform=platform, changed=changed, since=since)

    def standing(self, address: Address) -> Address:
        """Where what comes again is posted: the place itself, not the thread in which it was talked about."""
        messenger = self._messengers.get(address.platform)
        lasting = messenger is None or messenger.capabilities.lasting_threads
        return address.model_copy(update={"via": "", "thread": address.thread if lasting else ""})

    def shared(self, address: Address) -> bool:
        """Whether others than the person who asks read what is said there."""
        messenger = self._messengers.get(address.platform)
        return messenger is not None and not (
            isinstance(messenger, Discreet) and messenger.is_private(address)
        )

    async def drain(self) -> None:
        """Wait for edits that are under way; drop those that are only due."""
        self._typing.forget()
        await self._edits.drain()

    async def deliver(self, delegation_id: str, *, answered: Delegation | None = None) -> None:
        """Make the conversation show the answer, then mark it delivered; `answered`: as it was saved just now.

        Where the platform is out it is tried a few times, and then left for reconcile to try later. An answer that
        the platform refuses is replaced by one sentence that says so.
        """
        turn = self._turns.of(delegation_id)
        # Whoever has to wait for its turn finds another state than the one it knew.
        known = None if turn.locked() else answered
        async with turn:
            delegation = known or await self._store.load(delegation_id)
            if delegation.state is not DelegationState.ANSWERED or delegation.reply is None:
                return
            self._edits.drop(delegation_id)
            messenger = self._messengers.get(delegation.instruction.address.platform)
            try:
                failure = (
                    None if messenger is None else await self._put(messenger, delegation, delegation.reply)
                )
            except MessengerUnavailable as error:
                await self._leave_for_later(delegation, error)
                return
            marked = await self._store.mark_delivered(
                delegation_id, round=delegation.round, now=self._clock.now(), failure=failure
            )
            if not marked and messenger is not None:
                await self._give_way(messenger, delegation)
        self._events.ring(delegation_id)
        self._turns.over(delegation_id)
        self._typing.forget(delegation_id)

    async def _put(self, messenger: Messenger, delegation: Delegation, reply: Reply) -> str | None:
        """Show the reply, or a sentence in its place; returns why the platform will never take the reply.

        Raises MessengerUnavailable where it can't be shown now.
        """
        try:
            await self._show(messenger, delegation, reply)
            return None
        except RecipientGone as gone:
            await self._gone(delegation.instruction.address, gone.sentence)
            return gone.sentence
        except MessengerRefused as refusal:
            failure = refusal.sentence
            logger.warning("%s can't be delivered: %s", delegation.id, failure)
        except TransientError:
            raise
        except Exception:
            failure = answers.NOT_SHOWN
            logger.exception("%s can't be delivered", delegation.id)
        try:
            await self._show(messenger, delegation, answers.undeliverable(delegation.id))
        except MessengerRefused as refusal:
            logger.warning("nor can a sentence for %s: %s", delegation.id, refusal.sentence)
        except TransientError:
            raise
        except Exception as error:
            # Not this answer's fault: it is kept for a time when the platform's side works again.
            logger.exception("nor can a sentence for %s", delegation.id)
            raise MessengerUnavailable from error
        return failure

    async def _leave_for_later(self, delegation: Delegation, error: MessengerUnavailable) -> None:
        now = self._clock.now()
        asked = timedelta(seconds=error.retry_after_seconds or 0.0)
        delay = min(max(asked, redelivery_delay(now - (delegation.answered_at or now))), LONGEST_WAIT)
        logger.warning("%s is delivered later: %s", delegation.id, error.sentence)
        await self._store.check_later(delegation.id, at=now + delay)

    async def _give_way(self, messenger: Messenger, shown: Delegation) -> None:
        """Somebody else delivered it, or it was started again: a later round's answer must stand, not this one's."""
        delegation = await self._store.load(shown.id)
        while delegation.reply is not None and delegation.round != shown.round:
            await self._put(messenger, delegation, delegation.reply)
            shown, delegation = delegation, await self._store.load(shown.id)

    async def _show(self, messenger: Messenger, delegation: Delegation, reply: Reply) -> None:
        await patiently(lambda: self._show_once(messenger, delegation, reply), clock=self._clock)

    async def _show_once(self, messenger: Messenger, delegation: Delegation, reply: Reply) -> None:
        parts = messenger.split(reply)
        known = await self._settled(delegation)
        if known.get(0) is not None:
            await self._edits.landed(delegation.id)
        for number, part in enumerate(parts):
            message_id = known.get(number)
            stands = message_id is not None
            if message_id is not None and await self._edit(messenger, delegation, (number, message_id), part):
                continue
            # A message that can't be edited any more must not be found again: a new one takes its place.
            other = await self._place(messenger, delegation, (number, part), look=not stands)
            if other is None or await self._edit(messenger, delegation, (number, other), part):
                continue
            if await self._place(messenger, delegation, (number, part), look=False) is not None:
                raise MessengerUnavailable
        for number, message_id in known.items():
            if number >= len(parts) and message_id is not None:
                await self._remove(messenger, delegation, message_id)
                await self._store.forget_post(delegation.id, part=number, message_id=message_id)

    async def _settled(self, delegation: Delegation) -> dict[int, str | None]:
        """What was posted, once a placeholder that is just being posted elsewhere has its id."""
        until = delegation.received_at + PLACEHOLDER_GRACE
        while True:
            known = {posted.part: posted.message_id for posted in await self._store.posted(delegation.id)}
            if known.get(0, "") is not None or self._clock.now() >= until:
                return known
            await self._clock.sleep(POLL_SECONDS)

    async def _edit(
        self, messenger: Messenger, delegation: Delegation, message: tuple[int, str], part: Reply
    ) -> bool:
        number, message_id = message
        try:
            await messenger.edit(delegation.instruction.address, message_id, part)
        except MessageGone:
            await self._store.forget_post(delegation.id, part=number, message_id=message_id)
            # It may still be there, only closed for edits.
            await self._remove(messenger, delegation, message_id)
            return False
        return True

    async def _place(
        self, messenger: Messenger, delegation: Delegation, wanted: tuple[int, Reply], *, look: bool = True
    ) -> str | None:
        """Post this part unless it was posted (or, while the work goes on, tried): the id of what is yet to edit."""
        number, part = wanted
        address = delegation.instruction.address
        tag = Tag(delegation_id=delegation.id, part=number, order=delegation.received_at.timestamp())
        earlier = await self._store.attempt_post(delegation.id, part=number)
        tried = earlier.part == number
        if tried and part.is_progress:
            return None
        found = earlier.message_id
        if tried and found is None and look and messenger.capabilities.find_own:
            found = await messenger.find_own(address, tag=tag)
        if found is not None:
            return await self._store.record_post(delegation.id, part=number, message_id=found)
        # Where nobody can look whether an earlier post landed after all, only a working line may be posted twice: it is
        # edited into the answer once its id is known.
        # Nor where live typing stood in the placeholder's place: there is no message yet that the answer could become.
        cannot_tell = not messenger.capabilities.find_own and messenger.capabilities.edit
        blind = cannot_tell and (tried or number > 0 or typed_at(messenger, address))
        stand_in = blind and not part.is_progress
        try:
            message_id = await messenger.post(address, progress.stand_in() if stand_in else part, tag=tag)
        except (MessengerRefused, MessengerBusy):
            if not tried:
                await self._store.abandon_post(delegation.id, part=number)
            raise
        winner = await self._store.record_post(delegation.id, part=number, message_id=message_id)
        if winner == message_id:
            # Whoever called edits what only stands in.
            return message_id if stand_in else None
        await self._remove(messenger, delegation, message_id)
        return winner

    async def _remove(self, messenger: Messenger, delegation: Delegation, message_id: str) -> None:
        """Delete an own message; one that the platform keeps stays: that must not cost the answer."""
        try:
            address = delegation.instruction.address
            await patiently(lambda: messenger.delete(address, message_id), clock=self._clock)
        except MessengerRefused as refusal:
            logger.warning("a message of %s stays behind: %s", delegation.id, refusal.sentence)
