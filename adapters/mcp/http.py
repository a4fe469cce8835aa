"""Talking with a server at an address: each connection goes to an address that was judged, and hears only so much."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import httpx2
from mcp.client.streamable_http import streamable_http_client

from adapters.mcp.ending import Ending, Reason
from core.errors import ToolFailed, TransientError
from core.rendering import mcp as words

Judge = Callable[[str], Awaitable[list[str]]]
"""Which addresses a URL may be reached at; raises ToolFailed or TransientError with a sentence."""
CONNECT_SECONDS = 10.0
SILENT_SECONDS = 300.0
"""How long the stream of a server's own messages may be silent."""
MOST_BYTES = 4_000_000
"""Of one answer."""
LARGEST_EVENT_BYTES = 1_000_000


@asynccontextmanager
async def reached(url: str, *, token: str, judge: Judge, ending: Ending) -> AsyncIterator[Any]:
    """The server's streams. What goes wrong below is told by `ending`."""
    headers = {"Accept-Encoding": "identity"} | ({"Authorization": f"Bearer {token}"} if token else {})
    timeout = httpx2.Timeout(CONNECT_SECONDS, read=SILENT_SECONDS)
    async with (
        httpx2.AsyncClient(
            headers=headers, timeout=timeout, transport=_Judged(judge, ending), trust_env=False
        ) as client,
        streamable_http_client(url, http_client=client, max_sse_event_size=LARGEST_EVENT_BYTES) as streams,
    ):
        yield streams


class _Judged(httpx2.AsyncBaseTransport):
    def __init__(self, judge: Judge, ending: Ending) -> None:
        self._judge = judge
        self._ending = ending
        self._inner = httpx2.AsyncHTTPTransport()

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        try:
            addresses = await self._judge(str(request.url))
        except (ToolFailed, TransientError) as error:
            self._ending.say(Reason.REFUSED, error.sentence)
            raise httpx2.ConnectError(error.sentence, request=request) from error
        response = await self._connected(request, addresses)
        if response.status_code in (401, 403):
            self._ending.say(Reason.REFUSED, words.TOKEN_REFUSED)
        if response.headers.get("content-encoding", "identity") != "identity":
            # Nothing was asked for that would have to be unpacked, to who knows what size.
            self._ending.say(Reason.GARBAGE)
            raise httpx2.ReadError("packed", request=request)
        stream = response.stream
        assert isinstance(stream, httpx2.AsyncByteStream)
        return httpx2.Response(
            response.status_code,
            headers=response.headers,
            stream=_Limited(stream, self._ending),
            extensions=response.extensions,
        )

    async def aclose(self) -> None:
        await self._inner.aclose()

    async def _connected(self, request: httpx2.Request, addresses: list[str]) -> httpx2.Response:
        extensions = {**request.extensions, "sni_hostname": request.url.raw_host.decode("ascii")}
        for number, address in enumerate(addresses, start=1):
            judged = httpx2.Request(
                request.method,
                request.url.copy_with(host=address),
                headers=request.headers,
                stream=request.stream,
                extensions=extensions,
            )
            try:
                return await self._inner.handle_async_request(judged)
            except (httpx2.ConnectError, httpx2.ConnectTimeout):
                if number == len(addresses):
                    self._ending.say(Reason.DIED)
                    raise
        raise httpx2.ConnectError("no address", request=request)


class _Limited(httpx2.AsyncByteStream):
    def __init__(self, stream: httpx2.AsyncByteStream, ending: Ending) -> None:
        self._stream = stream
        self._ending = ending

    async def __aiter__(self) -> AsyncIterator[bytes]:
        heard = 0
        with contextlib.suppress(GeneratorExit):
            async for piece in self._stream:
                heard += len(piece)
                if heard > MOST_BYTES:
                    self._ending.say(Reason.FLOOD)
                    raise httpx2.ReadError("too much")
                yield piece

    async def aclose(self) -> None:
        await self._stream.aclose()
