"""Parlour's REST API, with every failure as one of ours. Nothing is repeated in here."""

from __future__ import annotations

from typing import Any

import aiohttp

from core.errors import MessageGone, MessengerRefused, MessengerUnavailable, RecipientGone
from tests.platforms.parlour.settings import Credentials

ANSWER_SECONDS = 10.0


class ParlourClient:
    """One HTTP session, opened at the first call, in the loop that calls."""

    def __init__(self, credentials: Credentials) -> None:
        self._credentials = credentials
        self._session: aiohttp.ClientSession | None = None

    @property
    def token(self) -> str:
        return self._credentials.token

    async def call(self, method: str, path: str, body: dict[str, Any] | None = None, **query: str) -> Any:
        """What Parlour answered. Raises MessengerUnavailable, MessengerRefused, MessageGone, RecipientGone."""
        url = f"{self._credentials.url}{path}"
        try:
            async with self.session.request(method, url, json=body, params=query) as answer:
                said = await answer.json()
                if answer.status < 300:
                    return said
                raise to_failure(answer.status, retry_after=said.get("retry_after"))
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
            raise MessengerUnavailable("Parlour did not answer.") from error

    def gateway(self) -> Any:
        """The socket, to be entered."""
        return self.session.ws_connect(f"{self._credentials.url}/gateway")

    @property
    def session(self) -> aiohttp.ClientSession:
        if self._session is None:
            headers = {"Authorization": f"Bot {self.token}"}
            timeout = aiohttp.ClientTimeout(total=ANSWER_SECONDS)
            self._session = aiohttp.ClientSession(headers=headers, timeout=timeout)
        return self._session

    async def aclose(self) -> None:
        if self._session is not None:
            await self._session.close()
        self._session = None


def to_failure(status: int, *, retry_after: float | None) -> MessengerUnavailable | MessengerRefused:
    match status:
        case 429:
            return MessengerUnavailable("Parlour asks to slow down.", retry_after_seconds=retry_after)
        case 401:
            return MessengerRefused("Parlour does not accept FlowMate's token; set PARLOUR_TOKEN anew.")
        case 403:
            return RecipientGone("FlowMate may not write into that Parlour channel.")
        case 404:
            return MessageGone("That is no longer there in Parlour.")
        case _ if status >= 500:
            return MessengerUnavailable("Parlour did not answer as it should.")
        case _:
            return MessengerRefused("Parlour does not take this message.")
