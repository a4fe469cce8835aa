"""A platform that this process has no credentials for: what belongs there waits until somebody has them."""

from __future__ import annotations

from core.errors import MessengerUnavailable
from core.models import Address, Reply
from core.ports.messenger import Capabilities, Tag
from core.rendering.failures import not_connected


class UnconnectedMessenger:
    """The Messenger port of a platform that isn't configured here: nothing gets through, and nothing is lost."""

    def __init__(self, platform: str, *, setup: str) -> None:
        self.platform = platform
        self.capabilities = Capabilities(edit=False)
        self._sentence = not_connected(platform, setup=setup)

    def split(self, reply: Reply) -> tuple[Reply, ...]:
        return (reply,)

    async def post(self, address: Address, part: Reply, *, tag: Tag) -> str:
        raise MessengerUnavailable(self._sentence)

    async def edit(self, address: Address, message_id: str, part: Reply) -> None:
        raise MessengerUnavailable(self._sentence)

    async def delete(self, address: Address, message_id: str) -> None:
        raise MessengerUnavailable(self._sentence)

    async def find_own(self, address: Address, *, tag: Tag) -> str | None:
        raise MessengerUnavailable(self._sentence)
