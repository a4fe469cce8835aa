"""`POST /telegram/webhook`: what Telegram sends where it was told to."""

from __future__ import annotations

import asyncio
import hmac
import json
import logging
from collections.abc import Awaitable, Callable
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from adapters.chat.telegram.inbound import Me
from adapters.chat.telegram.receiver import Receiver
from core.errors import FlowMateError

logger = logging.getLogger(__name__)
PATH = "/telegram/webhook"
SECRET_HEADER = "x-telegram-bot-api-secret-token"
MAX_BODY_BYTES = 1_000_000
READ_SECONDS = 5.0


class Webhook:
    """Answers 200 only once the update is committed; Telegram resends whatever gets anything else."""

    def __init__(self, receiver: Receiver, *, secret: str, me: Callable[[], Awaitable[Me]]) -> None:
        self._receiver = receiver
        self._secret = secret.encode()
        self._me = me

    def route(self) -> Route:
        return Route(PATH, self.handle, methods=["POST"], name="telegram-webhook")

    async def handle(self, request: Request) -> Response:
        given = request.headers.get(SECRET_HEADER, "").encode("utf-8", "replace")
        # python-telegram-bot compares with `!=`, which takes longer the more of it is right.
        if not hmac.compare_digest(given, self._secret):
            raise HTTPException(403, "This is not Telegram's secret token.")
        update = _parse(await _read(request))
        try:
            await self._receiver.take(update, me=await self._me())
        except FlowMateError as error:
            logger.warning("telegram: not taken, Telegram will send it again: %s", error.sentence)
            return Response(status_code=503)
        return Response(status_code=200)


async def _read(request: Request) -> bytes:
    body = bytearray()
    try:
        async with asyncio.timeout(READ_SECONDS):
            async for chunk in request.stream():
                body += chunk
                if len(body) > MAX_BODY_BYTES:
                    raise HTTPException(413, "The body is over 1 MB.")
    except TimeoutError as error:
        raise HTTPException(408, "The body did not arrive in time.") from error
    except ClientDisconnect as error:
        raise HTTPException(400, "The body is not whole.") from error
    return bytes(body)


def _parse(body: bytes) -> dict[str, Any]:
    try:
        update = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise HTTPException(400, "The body is no JSON.") from error
    if not isinstance(update, dict) or not isinstance(update.get("update_id"), int):
        raise HTTPException(400, "The body is no update.")
    return update
