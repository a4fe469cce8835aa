"""Delivery to the app's request URL by signed POSTs."""

import asyncio
import json
from collections.abc import Callable, Mapping
from typing import Any

import aiohttp

from tests.counterparts.slack.record import Answer, Attempt, Json
from tests.counterparts.slack.signing import signed_headers

MAX_REDIRECTS = 2


class HttpRoute:
    """Posts to one URL; every failure is an ``Answer`` and nothing is raised."""

    def __init__(self, *, url: str, secret: str, wall: Callable[[], float], ack_seconds: float) -> None:
        self.url = url
        self._secret = secret
        self._wall = wall
        self._ack_seconds = ack_seconds
        self._session = aiohttp.ClientSession(auto_decompress=True, cookie_jar=aiohttp.DummyCookieJar())

    async def close(self) -> None:
        """Drop the connections."""
        await self._session.close()

    async def send(
        self, body: bytes, *, content_type: str, number: int = 0, reason: str | None = None
    ) -> Attempt:
        """One signed attempt; ``number`` counts the resends."""
        headers = signed_headers(
            self._secret, body, timestamp=str(int(self._wall())), content_type=content_type
        )
        if number:
            headers |= {"X-Slack-Retry-Num": str(number), "X-Slack-Retry-Reason": reason or "unknown_error"}
        return await self.send_exactly(body, headers, number=number)

    async def send_exactly(self, body: bytes, headers: Mapping[str, str], *, number: int = 0) -> Attempt:
        """One attempt with these very bytes and headers."""
        answer = await self._post(body, headers)
        return Attempt(number=number, route="http", answer=answer, body=body, headers=dict(headers))

    async def _post(self, body: bytes, headers: Mapping[str, str]) -> Answer:
        try:
            async with asyncio.timeout(self._ack_seconds):
                async with self._session.post(
                    self.url, data=body, headers=headers, max_redirects=MAX_REDIRECTS
                ) as response:
                    text = await response.text(errors="replace")
                    return Answer(
                        status=response.status,
                        body=text,
                        headers=dict(response.headers),
                        payload=to_payload(text),
                        error=None if response.ok else "http_error",
                    )
        except TimeoutError:
            return Answer(status=None, error="http_timeout")
        except aiohttp.TooManyRedirects:
            return Answer(status=None, error="too_many_redirects")
        except (aiohttp.ClientError, OSError):
            return Answer(status=None, error="connection_failed")


def to_payload(text: str) -> Json | None:
    """The JSON object of an answer, if it is one."""
    try:
        value: Any = json.loads(text)
    except ValueError:
        return None
    return value if isinstance(value, dict) else None


def forbids_retry(answer: Answer) -> bool:
    """Whether the app said ``x-slack-no-retry: 1``."""
    return any(
        name.lower() == "x-slack-no-retry" and value.strip() == "1" for name, value in answer.headers.items()
    )
