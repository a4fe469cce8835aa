"""Parlour, configured."""

from __future__ import annotations

from collections.abc import Sequence

from starlette.routing import BaseRoute

from adapters.chat.pace import Pace
from adapters.chat.platform import Reception, Shared
from core.errors import FlowMateError
from core.models import Finding
from core.ports.clock import Clock
from core.ports.messenger import Messenger
from tests.platforms.parlour.client import ParlourClient
from tests.platforms.parlour.gateway import GatewayListener
from tests.platforms.parlour.outbound import ParlourMessenger
from tests.platforms.parlour.receiver import Receiver
from tests.platforms.parlour.settings import Credentials


class ParlourConnection:
    """One bot: the messenger for workers, and what listens for the web process."""

    def __init__(self, credentials: Credentials, *, clock: Clock, shared: Shared) -> None:
        self._clock = clock
        self._client = ParlourClient(credentials)
        self._messenger = ParlourMessenger(self._client, pace=Pace(limiter=shared.limiter, clock=clock))

    @property
    def messenger(self) -> Messenger:
        return self._messenger

    @property
    def summary(self) -> str:
        return "Parlour (gateway)"

    def routes(self, reception: Reception) -> Sequence[BaseRoute]:
        return ()

    async def listen(self, reception: Reception) -> None:
        receiver = Receiver(reception, client=self._client, messenger=self._messenger)
        await GatewayListener(receiver, client=self._client, clock=self._clock).run()

    async def check(self) -> Sequence[Finding]:
        subject = "Parlour bot token"
        try:
            me = await self._client.call("GET", "/me")
        except FlowMateError as error:
            mend = "Set PARLOUR_TOKEN to the token of the bot."
            return [Finding(subject=subject, ok=False, detail=error.sentence, mend=mend)]
        return [Finding(subject=subject, ok=True, detail=str(me["name"]))]

    async def aclose(self) -> None:
        await self._client.aclose()
