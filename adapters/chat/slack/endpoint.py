"""`POST /slack/events`: everything that Slack sends over HTTP."""

from __future__ import annotations

import asyncio
import logging

from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from adapters.chat.slack import guard
from adapters.chat.slack.background import Background
from adapters.chat.slack.manifest import EVENTS_PATH
from adapters.chat.slack.receiver import Receiver
from core.ports.clock import Clock

log = logging.getLogger(__name__)

READ_SECONDS = 5.0
# Slack hangs up after three seconds and sends again; better it hears why.
ANSWER_SECONDS = 2.5


class Endpoint:
    """Guards, parses and answers one request at a time."""

    def __init__(
        self, receiver: Receiver, *, signing_secret: str, clock: Clock, background: Background
    ) -> None:
        self._receiver = receiver
        self._signing_secret = signing_secret
        self._clock = clock
        self._background = background

    def route(self) -> Route:
        return Route(EVENTS_PATH, self.handle, methods=["POST"], name="slack-events")

    async def handle(self, request: Request) -> Response:
        """Bolt's answer, or an HTTPException for what the guard rejects."""
        headers = request.headers
        try:
            body = await self._read(request)
            guard.verify(
                body,
                secret=self._signing_secret,
                timestamp=headers.get("x-slack-request-timestamp"),
                signature=headers.get("x-slack-signature"),
                now=self._clock.now().timestamp(),
            )
            payload = guard.parse(body, content_type=headers.get("content-type", ""))
        except guard.Rejected as rejection:
            log.warning("slack: rejected with %d: %s", rejection.status, rejection.reason)
            raise HTTPException(rejection.status, rejection.reason) from rejection
        retries = {name: value for name, value in headers.items() if name.startswith("x-slack-retry-")}
        work = asyncio.create_task(self._receiver.dispatch(payload, headers=retries), name="slack dispatch")
        # Not cancelled when it is late: what is being committed stays committed, and the resent one finds it.
        self._background.hold(work)
        await asyncio.wait({work}, timeout=ANSWER_SECONDS)
        if not work.done():
            log.warning("slack: not saved within %.1f s, Slack will send it again", ANSWER_SECONDS)
            return Response(status_code=503)
        answer = work.result()
        return Response(answer.body, status_code=answer.status, headers=answer.first_headers())

    async def _read(self, request: Request) -> bytes:
        declared = request.headers.get("content-length", "")
        if declared.isdigit() and int(declared) > guard.MAX_BODY_BYTES:
            raise guard.Rejected(413, "The body is over 1 MB.")
        body = bytearray()
        try:
            async with asyncio.timeout(READ_SECONDS):
                async for chunk in request.stream():
                    body += chunk
                    if len(body) > guard.MAX_BODY_BYTES:
                        raise guard.Rejected(413, "The body is over 1 MB.")
        except TimeoutError as error:
            raise guard.Rejected(408, "The body did not arrive in time.") from error
        except ClientDisconnect as error:
            raise guard.Rejected(400, "The body is not whole.") from error
        return bytes(body)
