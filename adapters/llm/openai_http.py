"""The HTTP client under the openai package: straight to aiohttp.

The package's own way there goes through a second HTTP client, whose part of a call takes as much processor time as
aiohttp's, and more memory for each call that waits (measured). This one is given to it as any `http_client` is.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

from aiohttp import ClientResponse, ClientSession, ClientTimeout, TCPConnector
from httpx2 import (
    URL,
    AsyncBaseTransport,
    AsyncByteStream,
    AsyncClient,
    ByteStream,
    Request,
    Response,
    create_ssl_context,
)

CONNECT_SECONDS = 5.0
MAX_CONNECTIONS = 6000
"""More than FLOWMATE_WORKER_CONCURRENCY may be: a call that waits for a connection waits for somebody else's model."""
KEPT_SECONDS = 5.0
"""How long a connection that nobody uses is kept: less than servers keep it, so that none is used that just ended."""
INCOMING = "flowmate.incoming"
"""Under which extension of a response aiohttp's own is."""
DONE_WITH = frozenset({"content-encoding", "content-length", "transfer-encoding"})
"""What aiohttp has taken care of when it gives a body."""

_parsed = lru_cache(maxsize=8)(URL)
_UNREAD = AsyncByteStream()


class StraightClient(AsyncClient):
    """Sends what the package has put together as it is. Anything but an error is left unread, as an `INCOMING`."""

    def __init__(self, base_url: str) -> None:
        """Nothing is connected yet; certificates are read, which takes a while."""
        super().__init__(transport=AsyncBaseTransport())
        self._certificates = create_ssl_context()
        self._proxy = _proxy(base_url)
        self._session: ClientSession | None = None

    def build_request(self, method: str, url: URL | str, **given: Any) -> Request:
        """The package's parts together, and nothing of this client's: it has no headers or parameters of its own."""
        stream = ByteStream(given["content"])
        return Request(method, _parsed(url), headers=given["headers"], stream=stream)

    async def send(self, request: Request, **_: Any) -> Response:
        """Send it and follow redirects. Raises aiohttp's errors: ClientError, and TimeoutError while it connects."""
        if self._session is None:
            self._session = self._opened()
        incoming = await self._session.request(
            request.method, str(request.url), headers=request.headers.multi_items(), data=request.read()
        )
        if incoming.status < 300:
            return Response(incoming.status, stream=_UNREAD, request=request, extensions={INCOMING: incoming})
        return await _whole(incoming, request)

    async def aclose(self) -> None:
        """Close all connections. Safe to repeat."""
        if self._session is not None:
            await self._session.close()
        await super().aclose()

    def _opened(self) -> ClientSession:
        connector = TCPConnector(
            limit=MAX_CONNECTIONS, keepalive_timeout=KEPT_SECONDS, ssl=self._certificates
        )
        timeout = ClientTimeout(total=None, sock_connect=CONNECT_SECONDS)
        return ClientSession(connector=connector, timeout=timeout, proxy=self._proxy)


async def _whole(incoming: ClientResponse, request: Request) -> Response:
    """An error with its body: the package reads what is wrong out of it."""
    async with incoming:
        content = await incoming.read()
    headers = [(name, value) for name, value in incoming.headers.items() if name.lower() not in DONE_WITH]
    return Response(incoming.status, headers=headers, content=content, request=request)


def _proxy(base_url: str) -> str | None:
    """The proxy that the environment names for this address, as other programs understand it."""
    address = urlsplit(base_url)
    if proxy_bypass(address.hostname or "") or proxy_bypass(address.netloc):
        return None
    proxies = getproxies()
    found = proxies.get(address.scheme) or proxies.get("all")
    return found if not found or "://" in found else f"http://{found}"
