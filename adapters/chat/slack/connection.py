"""Slack, configured."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from starlette.routing import BaseRoute

from adapters.chat.pace import Pace
from adapters.chat.platform import Reception, Shared
from adapters.chat.slack.background import Background
from adapters.chat.slack.client import SlackClient
from adapters.chat.slack.identity import OwnIdentity
from adapters.chat.slack.manifest import EVENTS_PATH, SCOPES
from adapters.chat.slack.outbound import SlackMessenger
from adapters.chat.slack.people import People
from adapters.chat.slack.settings import Credentials
from adapters.chat.slack.whispers import Whispers
from core.errors import FlowMateError
from core.models import Finding
from core.ports.clock import Clock
from core.ports.messenger import Messenger

if TYPE_CHECKING:
    from adapters.chat.slack.receiver import Receiver

DRAIN_SECONDS = 3.0


class SlackConnection:
    """One workspace's app: the messenger for workers, and what receives for the web process."""

    def __init__(self, credentials: Credentials, *, clock: Clock, shared: Shared) -> None:
        self._credentials = credentials
        self._clock = clock
        self._client = SlackClient(credentials.bot_token, base_url=credentials.api_url)
        self._identity = OwnIdentity(self._client, clock=clock)
        self._background = Background()
        self._pace = Pace(limiter=shared.limiter, clock=clock)
        self._messenger = SlackMessenger(self._client, identity=self._identity, clock=clock, pace=self._pace)

    @property
    def messenger(self) -> Messenger:
        return self._messenger

    @property
    def summary(self) -> str:
        return "Slack (Socket Mode)" if self._credentials.socket_mode else f"Slack (HTTP at {EVENTS_PATH})"

    def routes(self, reception: Reception) -> Sequence[BaseRoute]:
        if self._credentials.socket_mode:
            return ()
        # slack_bolt is for the process that receives; workers never load it.
        from adapters.chat.slack.endpoint import Endpoint

        endpoint = Endpoint(
            self._receiver(reception),
            signing_secret=self._credentials.signing_secret,
            clock=self._clock,
            background=self._background,
        )
        return (endpoint.route(),)

    async def listen(self, reception: Reception) -> None:
        if not self._credentials.socket_mode:
            return
        # As in routes().
        from adapters.chat.slack.socket_mode import SocketModeListener

        listener = SocketModeListener(
            self._receiver(reception),
            app_token=self._credentials.app_token,
            client=self._client,
            clock=self._clock,
            background=self._background,
        )
        await listener.run()

    async def check(self) -> Sequence[Finding]:
        findings = [await self._check_bot()]
        if self._credentials.socket_mode:
            findings.append(await self._check_socket())
        return findings

    async def aclose(self) -> None:
        await self._background.drain(seconds=DRAIN_SECONDS)
        await self._client.aclose()

    def _receiver(self, reception: Reception) -> Receiver:
        # As in routes().
        from adapters.chat.slack.receiver import Receiver

        return Receiver(
            reception,
            client=self._client,
            token=self._credentials.bot_token,
            identity=self._identity,
            people=People(self._client, clock=self._clock, background=self._background),
            whispers=Whispers(self._client, pace=self._pace, background=self._background),
        )

    async def _check_bot(self) -> Finding:
        subject = "Slack bot token"
        try:
            answer = await self._client.call(lambda web: web.auth_test())
        except FlowMateError as error:
            mend = 'Set SLACK_BOT_TOKEN to the token under "OAuth & Permissions" of the Slack app.'
            return Finding(subject=subject, ok=False, detail=error.sentence, mend=mend)
        granted = {scope.strip() for scope in answer.headers.get("x-oauth-scopes", "").split(",")} - {""}
        missing = sorted(SCOPES.keys() - granted) if granted else []
        if missing:
            return Finding(
                subject=subject,
                ok=False,
                detail=f"It lacks {', '.join(missing)}.",
                mend="Put the output of `flowmate slack manifest` into the app's manifest and install it again.",
            )
        return Finding(subject=subject, ok=True, detail=f"{answer.get('user')} in {answer.get('team')}")

    async def _check_socket(self) -> Finding:
        subject = "Slack app token"
        token = self._credentials.app_token
        try:
            await self._client.call(lambda web: web.apps_connections_open(app_token=token))
        except FlowMateError as error:
            mend = 'Set SLACK_APP_TOKEN to an app-level token with connections:write ("Basic Information").'
            return Finding(subject=subject, ok=False, detail=error.sentence, mend=mend)
        return Finding(subject=subject, ok=True, detail="Socket Mode opens.")
