"""Receiving over Socket Mode: no public URL, one WebSocket that FlowMate opens."""

from __future__ import annotations

import asyncio
import json
import logging

from slack_sdk.socket_mode.aiohttp import SocketModeClient
from slack_sdk.socket_mode.async_client import AsyncBaseSocketModeClient
from slack_sdk.socket_mode.request import SocketModeRequest
from slack_sdk.socket_mode.response import SocketModeResponse

from adapters.chat.slack import guard
from adapters.chat.slack.background import Background
from adapters.chat.slack.client import SlackClient, sdk_logger
from adapters.chat.slack.receiver import Receiver
from core.errors import FlowMateError, MessengerUnavailable
from core.ports.clock import Clock

log = logging.getLogger(__name__)

# Also how soon a connection that broke without a word is missed.
PING_SECONDS = 5.0
CONNECT_SECONDS = 30.0
LONGEST_PAUSE_SECONDS = 30.0
DRAIN_SECONDS = 3.0


class _Socket(SocketModeClient):
    """slack_sdk's client with a way in that backs off and never holds on to a ticket that no longer works."""

    def __init__(self, app_token: str, *, client: SlackClient, clock: Clock) -> None:
        super().__init__(app_token=app_token, logger=sdk_logger(), ping_interval=PING_SECONDS)
        self._client = client
        self._clock = clock

    async def issue_new_wss_url(self) -> str:
        """A URL that opens one connection; asks until Slack gives one."""
        pause = 1.0
        while True:
            try:
                answer = await self._client.call(
                    lambda web: web.apps_connections_open(app_token=self.app_token)
                )
                return str(answer["url"])
            except FlowMateError as error:
                asked = error.retry_after_seconds if isinstance(error, MessengerUnavailable) else None
                wait = asked or pause
                log.warning("slack: no Socket Mode connection, next try in %.0f s: %s", wait, error.sentence)
                await self._clock.sleep(wait)
                pause = min(pause * 2, LONGEST_PAUSE_SECONDS)

    async def connect(self) -> None:
        # The library retries one URL for ever, but a URL's ticket lives shortly and works once.
        while not self.closed:
            if self.wss_uri is None:
                self.wss_uri = await self.issue_new_wss_url()
            try:
                async with asyncio.timeout(CONNECT_SECONDS):
                    await super().connect()  # type: ignore[no-untyped-call]
                return
            except TimeoutError:
                log.warning("slack: the Socket Mode connection did not open, asking for another one")
                self.wss_uri = None


class SocketModeListener:
    """Hands envelopes to the receiver and acknowledges those that were taken; Slack sends the others again."""

    def __init__(
        self, receiver: Receiver, *, app_token: str, client: SlackClient, clock: Clock, background: Background
    ) -> None:
        self._receiver = receiver
        self._app_token = app_token
        self._client = client
        self._clock = clock
        self._background = background

    async def run(self) -> None:
        """Listen until cancelled, then let what has begun come to its end and close."""
        socket = _Socket(self._app_token, client=self._client, clock=self._clock)
        socket.socket_mode_request_listeners.append(self._take)
        try:
            await socket.connect()
            log.info("slack: connected over Socket Mode")
            await asyncio.Event().wait()
        finally:
            await self._close(socket)

    async def _take(self, socket: AsyncBaseSocketModeClient, envelope: SocketModeRequest) -> None:
        task = asyncio.current_task()
        if task is not None:
            self._background.hold(task)
        try:
            guard.check_shape(envelope.payload)
        except guard.Rejected as rejection:
            log.warning("slack: dropped an envelope: %s", rejection.reason)
            await socket.send_socket_mode_response(SocketModeResponse(envelope_id=envelope.envelope_id))
            return
        answer = await self._receiver.dispatch(envelope.payload, headers=_retries(envelope))
        if answer.status == 200:
            payload = json.loads(answer.body) if answer.body.startswith("{") else None
            await socket.send_socket_mode_response(
                SocketModeResponse(envelope_id=envelope.envelope_id, payload=payload)
            )

    async def _close(self, socket: _Socket) -> None:
        await self._background.drain(seconds=DRAIN_SECONDS)
        await socket.close()  # type: ignore[no-untyped-call]
        # The library cancels its tasks without waiting for their end.
        tasks = (socket.message_processor, socket.current_session_monitor, socket.message_receiver)
        await asyncio.gather(*(task for task in tasks if task is not None), return_exceptions=True)


def _retries(envelope: SocketModeRequest) -> dict[str, str]:
    if envelope.retry_attempt is None:
        return {}
    return {
        "x-slack-retry-num": str(envelope.retry_attempt),
        "x-slack-retry-reason": envelope.retry_reason or "",
    }
