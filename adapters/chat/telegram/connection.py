"""Telegram, configured."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from starlette.routing import BaseRoute
from telegram import BotCommand

from adapters.chat.pace import Pace
from adapters.chat.platform import Reception, Shared
from adapters.chat.telegram.client import TelegramClient
from adapters.chat.telegram.inbound import PLATFORM, Me
from adapters.chat.telegram.outbound import TelegramMessenger
from adapters.chat.telegram.polling import WANTED, Polling
from adapters.chat.telegram.receiver import Doors, Receiver
from adapters.chat.telegram.settings import Credentials
from adapters.chat.telegram.webhook import PATH, Webhook
from core.errors import FlowMateError
from core.models import Finding
from core.ports.clock import Clock
from core.ports.messenger import Messenger
from core.rendering.help import COMMANDS as DOES

logger = logging.getLogger(__name__)
DRAIN_SECONDS = 3.0
COMMANDS = tuple(BotCommand(name, does) for name, does in DOES.items())


class TelegramConnection:
    """One bot: the messenger for workers, and what receives for the web process."""

    def __init__(self, credentials: Credentials, *, clock: Clock, shared: Shared) -> None:
        self._credentials = credentials
        self._clock = clock
        self._base_url = shared.base_url
        self._client = TelegramClient(credentials)
        self._pace = Pace(limiter=shared.limiter, clock=clock)
        self._messenger = TelegramMessenger(
            self._client, pace=self._pace, live_typing=credentials.live_typing
        )
        self._doors = Doors(credentials.allowed, admissions=shared.admissions, platform=PLATFORM)
        self._me: Me | None = None
        self._receivers: list[Receiver] = []

    @property
    def messenger(self) -> Messenger:
        return self._messenger

    @property
    def summary(self) -> str:
        return f"Telegram (webhook at {PATH})" if self._credentials.webhook else "Telegram (long polling)"

    def routes(self, reception: Reception) -> Sequence[BaseRoute]:
        if not self._credentials.webhook:
            return ()
        webhook = Webhook(self._receiver(reception), secret=self._credentials.webhook_secret, me=self._who)
        return (webhook.route(),)

    async def listen(self, reception: Reception) -> None:
        me = await self._who()
        await self._introduce()
        if self._credentials.webhook:
            await self._client.call(
                lambda bot: bot.set_webhook(
                    f"{self._base_url}{PATH}",
                    secret_token=self._credentials.webhook_secret,
                    allowed_updates=WANTED,
                )
            )
            return
        await self._client.call(lambda bot: bot.delete_webhook())
        await Polling(self._receiver(reception), client=self._client, clock=self._clock).run(me)

    async def check(self) -> Sequence[Finding]:
        subject = "Telegram bot token"
        try:
            me = await self._who()
        except FlowMateError as error:
            mend = "Set TELEGRAM_BOT_TOKEN to the token that @BotFather gave."
            return [Finding(subject=subject, ok=False, detail=error.sentence, mend=mend)]
        return [Finding(subject=subject, ok=True, detail=f"@{me.username}")]

    async def aclose(self) -> None:
        for receiver in self._receivers:
            await receiver.drain(seconds=DRAIN_SECONDS)
        await self._client.aclose()

    def _receiver(self, reception: Reception) -> Receiver:
        receiver = Receiver(
            reception,
            client=self._client,
            messenger=self._messenger,
            pace=self._pace,
            doors=self._doors,
            clock=self._clock,
        )
        self._receivers.append(receiver)
        return receiver

    async def _who(self) -> Me:
        if self._me is None:
            user = await self._client.call(lambda bot: bot.get_me())
            self._me = Me(id=user.id, username=user.username or "")
        return self._me

    async def _introduce(self) -> None:
        """Name the commands, but only where they changed: Telegram locks out who names them too often."""
        try:
            known = await self._client.call(lambda bot: bot.get_my_commands())
            if tuple(known) != COMMANDS:
                await self._client.call(lambda bot: bot.set_my_commands(COMMANDS))
        except FlowMateError as error:
            logger.warning("telegram: the commands were not named: %s", error.sentence)
