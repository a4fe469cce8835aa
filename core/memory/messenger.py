"""`InMemoryMessenger`: a chat platform without a network, whose failures a test chooses."""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass
from itertools import count
from typing import Any

from core.errors import MessageGone
from core.models import Address, Reply
from core.ports.messenger import Capabilities, Tag

Conversation = tuple[str, str, str, str]


@dataclass(frozen=True)
class Message:
    """A message as it stands in its conversation now."""

    id: str
    conversation: Conversation
    part: Reply
    tag: Tag
    edits: int = 0


@dataclass(frozen=True)
class Call:
    """One call of the messenger's, whether or not it went well."""

    action: str
    conversation: Conversation
    message_id: str | None
    text: str | None


@dataclass(frozen=True)
class _Fault:
    action: str
    error: Exception
    applied: bool


class InMemoryMessenger:
    """The Messenger port of the platform `memory`; `splits_at` is how many characters one message takes."""

    def __init__(
        self,
        *,
        platform: str = "memory",
        capabilities: Capabilities | None = None,
        splits_at: int = 4000,
    ) -> None:
        self._platform = platform
        self.capabilities = capabilities or Capabilities()
        self.splits_at = splits_at
        self.shared: set[str] = set()
        """Places where others read along."""
        self.messages: dict[str, Message] = {}
        """What stands now, by message id, in the order of posting."""
        self.calls: list[Call] = []
        """Everything that was asked, in order."""
        self._faults: deque[_Fault] = deque()
        self._ids = count(1)
        self._open = asyncio.Event()
        self._open.set()

    @property
    def platform(self) -> str:
        return self._platform

    def fail(self, action: str, error: Exception, *, applied: bool = False, times: int = 1) -> None:
        """Let the next `times` calls of `action` (post, edit, delete, find_own) raise.

        With `applied` the call is done all the same: its answer was lost.
        """
        self._faults.extend([_Fault(action=action, error=error, applied=applied)] * times)

    def hold(self) -> None:
        """Let every call wait until `release`."""
        self._open.clear()

    def release(self) -> None:
        self._open.set()

    def remove(self, message_id: str) -> None:
        """Somebody else deletes the message."""
        del self.messages[message_id]

    def standing(self, address: Address | None = None) -> list[Message]:
        """The messages that stand now (of this conversation, if given), oldest first."""
        wanted = None if address is None else address.conversation
        return [m for m in self.messages.values() if wanted in (None, m.conversation)]

    def texts(self, address: Address | None = None) -> list[str]:
        return [message.part.text for message in self.standing(address)]

    def is_private(self, address: Address) -> bool:
        return address.place not in self.shared

    def split(self, reply: Reply) -> tuple[Reply, ...]:
        text = reply.text
        cuts = [text[at : at + self.splits_at] for at in range(0, len(text), self.splits_at)] or [""]
        *before, last = cuts
        return (*(Reply(text=cut) for cut in before), reply.model_copy(update={"text": last}))

    async def post(self, address: Address, part: Reply, *, tag: Tag) -> str:
        fault = await self._arrive(Call("post", address.conversation, None, part.text))
        message_id = f"m{next(self._ids)}"
        self.messages[message_id] = Message(message_id, address.conversation, part, tag)
        _report(fault)
        return message_id

    async def edit(self, address: Address, message_id: str, part: Reply) -> None:
        fault = await self._arrive(Call("edit", address.conversation, message_id, part.text))
        message = self.messages.get(message_id)
        if message is None or message.conversation != address.conversation:
            raise MessageGone
        changed = Message(message_id, message.conversation, part, message.tag, edits=message.edits + 1)
        self.messages[message_id] = changed
        _report(fault)

    async def delete(self, address: Address, message_id: str) -> None:
        fault = await self._arrive(Call("delete", address.conversation, message_id, None))
        message = self.messages.get(message_id)
        if message is not None and message.conversation == address.conversation:
            del self.messages[message_id]
        _report(fault)

    async def find_own(self, address: Address, *, tag: Tag) -> str | None:
        fault = await self._arrive(Call("find_own", address.conversation, None, None))
        _report(fault)
        if not self.capabilities.find_own:
            return None
        wanted = (tag.delegation_id, tag.part)
        found = (m.id for m in self.standing(address) if (m.tag.delegation_id, m.tag.part) == wanted)
        return next(found, None)

    async def _arrive(self, call: Call) -> _Fault | None:
        """Record the call; raise the error that was ordered for it, or return it where it is to be raised later."""
        self.calls.append(call)
        await asyncio.sleep(0)
        await self._open.wait()
        fault = next((fault for fault in self._faults if fault.action == call.action), None)
        if fault is not None:
            self._faults.remove(fault)
            if not fault.applied:
                raise fault.error
        return fault


class TypingMessenger(InMemoryMessenger):
    """The same where words can be shown that are no message yet."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.typed: list[str] = []

    def drafts(self, address: Address) -> bool:
        return True

    async def draft(self, address: Address, part: Reply, *, tag: Tag) -> None:
        _report(await self._arrive(Call("draft", address.conversation, None, part.text)))
        self.typed.append(part.text)


def _report(fault: _Fault | None) -> None:
    if fault is not None:
        raise fault.error
