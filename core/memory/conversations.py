"""What stands in conversations, in memory."""

from __future__ import annotations

from datetime import datetime

from core.memory.rows import Rows
from core.models import Address, ConversationOutline, Delegation, Exchange
from core.ports.store import Posted


class Conversations(Rows):
    """The part of the Store port that deals with posted messages and with what was said before."""

    async def posted(self, delegation_id: str) -> tuple[Posted, ...]:
        await self._arrive()
        parts = sorted(part for owner, part in self._posts if owner == delegation_id)
        return tuple(Posted(part=part, message_id=self._posts[delegation_id, part]) for part in parts)

    async def load_shown(self, delegation_id: str) -> tuple[Delegation, Posted | None]:
        await self._arrive()
        delegation, first = self._get(delegation_id), (delegation_id, 0)
        return delegation, Posted(part=0, message_id=self._posts[first]) if first in self._posts else None

    async def replied(self, delegation_id: str) -> bool:
        await self._arrive()
        delegation = self._delegations.get(delegation_id)
        return delegation is not None and delegation.reply is not None

    async def attempt_post(self, delegation_id: str, *, part: int) -> Posted:
        await self._arrive()
        return self._attempt(delegation_id, part)

    async def abandon_post(self, delegation_id: str, *, part: int) -> None:
        await self._arrive()
        if self._posts.get((delegation_id, part), "") is None:
            del self._posts[delegation_id, part]

    async def record_post(self, delegation_id: str, *, part: int, message_id: str) -> str:
        await self._arrive()
        self._attempt(delegation_id, part)
        won = self._posts[delegation_id, part] or message_id
        self._posts[delegation_id, part] = won
        return won

    async def forget_post(self, delegation_id: str, *, part: int, message_id: str) -> None:
        await self._arrive()
        if self._posts.get((delegation_id, part)) == message_id:
            self._posts[delegation_id, part] = None

    async def conversation(self, address: Address, *, before: datetime, limit: int) -> tuple[Exchange, ...]:
        await self._arrive()
        return self._exchanges(address, before, limit)

    def _exchanges(self, address: Address, before: datetime, limit: int) -> tuple[Exchange, ...]:
        found = [
            delegation
            for delegation in self._delegations.values()
            if delegation.reply is not None
            and delegation.received_at < before
            and self._belongs(delegation, address)
        ]
        found.sort(key=lambda delegation: (delegation.received_at, delegation.id))
        return tuple(
            Exchange(
                instruction=delegation.instruction.text,
                answer=delegation.reply.text if delegation.reply else "",
                at=delegation.received_at,
                tainted=_tainted(delegation),
                person_id=delegation.instruction.person.id,
                addresses=delegation.reply.addresses if delegation.reply else (),
            )
            for delegation in found[max(0, len(found) - limit) :]
        )

    async def in_conversation(
        self, address: Address, *, before: datetime | None = None, limit: int
    ) -> tuple[Delegation, ...]:
        await self._arrive()
        found = [
            delegation
            for delegation in self._delegations.values()
            if self._belongs(delegation, address) and (before is None or delegation.received_at < before)
        ]
        found.sort(key=lambda delegation: (delegation.received_at, delegation.id))
        return tuple(found[max(0, len(found) - limit) :])

    async def conversations(
        self, *, platform: str, workspace: str, before: datetime | None = None, limit: int
    ) -> tuple[ConversationOutline, ...]:
        await self._arrive()
        own = [
            delegation
            for delegation in self._delegations.values()
            if delegation.instruction.address.conversation[:2] == (platform, workspace)
        ]
        own.sort(key=lambda delegation: (delegation.received_at, delegation.id))
        outlines: dict[tuple[str, ...], ConversationOutline] = {}
        for delegation in own:
            address = delegation.instruction.address.model_copy(update={"via": ""})
            earlier = outlines.get(address.conversation)
            title = earlier.title if earlier else delegation.instruction.text
            outlines[address.conversation] = ConversationOutline(
                address=address, title=title, latest_at=delegation.received_at
            )
        found = [one for one in outlines.values() if before is None or one.latest_at < before]
        found.sort(key=lambda one: (one.latest_at, one.address.place), reverse=True)
        return tuple(found[:limit])

    async def knows(self, address: Address) -> bool:
        await self._arrive()
        return any(self._belongs(delegation, address) for delegation in self._delegations.values())

    def _attempt(self, delegation_id: str, part: int) -> Posted:
        self._get(delegation_id)
        if (delegation_id, part) in self._posts:
            return Posted(part=part, message_id=self._posts[delegation_id, part])
        self._posts[delegation_id, part] = None
        return Posted(part=-1, message_id=None)

    def _belongs(self, delegation: Delegation, address: Address) -> bool:
        own = delegation.instruction.address
        if own.conversation == address.conversation:
            return True
        same_place = own.conversation[:3] == address.conversation[:3]
        # A thread may also hang below an answer that was posted outside any thread.
        return same_place and bool(address.thread) and self._has_posted(delegation, address.thread)

    def _has_posted(self, delegation: Delegation, message_id: str) -> bool:
        return any(own == message_id for (owner, _), own in self._posts.items() if owner == delegation.id)


def _tainted(delegation: Delegation) -> bool:
    said = delegation.reply is not None and delegation.reply.tainted
    return said or any(step.result.tainted for step in delegation.steps if step.result is not None)
