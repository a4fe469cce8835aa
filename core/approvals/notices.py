"""The message that asks: posted once where the instruction came from, and locked once it is decided.

Whoever asks posts it; what a crash, an outage or a press in another process leaves undone is found by its `check_at`.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import datetime, timedelta

from core.errors import MessageGone, MessengerRefused, MessengerUnavailable
from core.models import Address, Approval, ApprovalState, Delegation, Reply
from core.patience import patiently
from core.policies import FAR
from core.ports.approvals import Approvals
from core.ports.clock import Clock
from core.ports.messenger import Messenger, Tag
from core.ports.store import Store
from core.rendering import approvals as words

logger = logging.getLogger(__name__)
PARTS_BEGIN = 1000
"""Parts of answers are numbered below."""
LOOK_AGAIN = timedelta(seconds=10)


class Notices:
    """Puts requests and their outcomes into conversations."""

    def __init__(
        self,
        *,
        approvals: Approvals,
        store: Store,
        messengers: Mapping[str, Messenger],
        clock: Clock,
        default_zone: str,
    ) -> None:
        self._approvals = approvals
        self._store = store
        self._messengers = messengers
        self._clock = clock
        self._default_zone = default_zone

    async def show(self, approval: Approval, *, look: bool = True) -> None:
        """Make the conversation say what is so. Never raises for the platform's sake; safe to repeat.

        Without `look` nobody can have posted it before.
        """
        delegation = await self._store.load(approval.delegation_id)
        address = delegation.instruction.address
        messenger = self._messengers.get(address.platform)
        try:
            if messenger is not None:
                approval = await self._shown(messenger, delegation, approval, look=look)
        except MessengerUnavailable as error:
            logger.warning("%s is shown later: %s", approval.id, error.sentence)
            await self._approvals.check_later(approval, at=self._clock.now() + LOOK_AGAIN)
            return
        except MessengerRefused as refusal:
            # It can still be decided in the terminal and over HTTP.
            logger.warning("%s can't be shown: %s", approval.id, refusal.sentence)
        await self._approvals.check_later(approval, at=self._next_look(approval))

    def _next_look(self, approval: Approval) -> datetime | None:
        if approval.state is not ApprovalState.PENDING:
            return None
        # Nothing may be put off for as long as what a wrong clock wrote.
        return min(approval.expires_at, self._clock.now() + FAR / 2)

    async def _shown(
        self, messenger: Messenger, delegation: Delegation, approval: Approval, *, look: bool
    ) -> Approval:
        """The approval as it was when its message said so."""
        zone = delegation.instruction.person.zone or self._default_zone
        address = delegation.instruction.address
        if approval.state is ApprovalState.PENDING and approval.message_id is None:
            reply = words.request(approval, zone=zone)
            await self._post(messenger, delegation, (approval, reply), look=look)
            approval = await self._approvals.load(approval.id)
        if approval.state is ApprovalState.PENDING:
            return approval
        message_id = approval.message_id
        if message_id is None and messenger.capabilities.find_own:
            message_id = await messenger.find_own(address, tag=_tag(approval, delegation, part=0))
        if message_id is not None:
            last = messenger.split(words.outcome(approval, zone=zone))[-1]
            await self._lock(messenger, address, message_id, last)
        return approval

    async def _post(
        self,
        messenger: Messenger,
        delegation: Delegation,
        asked: tuple[Approval, Reply],
        *,
        look: bool,
    ) -> None:
        """Post what asks; the last part carries the buttons, and is the one that is edited."""
        approval, reply = asked
        address = delegation.instruction.address
        *before, last = messenger.split(reply)
        tag = _tag(approval, delegation, part=0)
        message_id = None
        if look and messenger.capabilities.find_own:
            message_id = await messenger.find_own(address, tag=tag)
        if message_id is None:
            for number, part in enumerate(before, start=1):
                await messenger.post(address, part, tag=_tag(approval, delegation, part=number))
            message_id = await messenger.post(address, last, tag=tag)
        won = await self._approvals.record_message(approval.id, message_id)
        if won != message_id:
            await messenger.delete(address, message_id)

    async def _lock(self, messenger: Messenger, address: Address, message_id: str, part: Reply) -> None:
        try:
            await patiently(lambda: messenger.edit(address, message_id, part), clock=self._clock)
        except MessageGone:
            logger.info("the message of a decided request is gone")


def _tag(approval: Approval, delegation: Delegation, *, part: int) -> Tag:
    number = PARTS_BEGIN + int(approval.id[:6], 16) * 100 + part
    return Tag(delegation_id=approval.delegation_id, part=number, order=delegation.received_at.timestamp())
