"""Fetching that can't be turned against the network it runs in, and that always ends.

Every hop of every request is judged: its scheme, its port, and all the addresses of its host. The connection goes to
the very addresses that were judged, so that a name which changes its mind in between gains nothing.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
import ssl
import zlib
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

from adapters.web import Fetched
from adapters.web.addresses import REFUSED_PORTS, Allowed, IPAddress, is_public, literal, to_allowed
from core.errors import ToolFailed, TransientError

USER_AGENT = "FlowMate/0.1 (self-hosted bot; fetches pages that a person asked for)"
ACCEPT = (
    "text/html,application/xhtml+xml,application/rss+xml,application/atom+xml,application/fe"
    "ed+json,text/*;q=0.9,*/*;q=0.5"
)
_MAX_URL = 2048
_MAX_RETRY_AFTER = 300.0

Resolve = Callable[[str, int], Awaitable[list[str]]]


@dataclass(frozen=True)
class FetchLimits:
    """What one fetch may take, redirects included."""

    seconds: float = 10.0
    bytes: int = 2_000_000
    redirects: int = 5


async def resolve_by_system(host: str, port: int) -> list[str]:
    """All addresses of a host, as the operating system knows them. Raises OSError."""
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


class _Pinned(AbstractResolver):
    """Answers with the judged addresses of one host, and knows no other."""

    def __init__(self, host: str, addresses: list[IPAddress]) -> None:
        self._host = host
        self._addresses = addresses

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        if host.rstrip(".") != self._host.rstrip("."):
            raise OSError(f"{host} was not judged")
        return [
            ResolveResult(
                hostname=host, host=str(address), port=port, proto=0, flags=socket.AI_NUMERICHOST,
                family=socket.AF_INET if address.version == 4 else socket.AF_INET6,
            )
            for address in self._addresses
        ]  # fmt: skip

    async def close(self) -> None:
        return None


class GuardedFetcher:
    """Fetches public documents, and private ones that the operator opened by `allow`."""

    def __init__(
        self,
        *,
        allow: tuple[str, ...] = (),
        resolve: Resolve = resolve_by_system,
        limits: FetchLimits | None = None,
    ) -> None:
        self._allowed: Allowed = to_allowed(allow)
        self._resolve = resolve
        self._limits = limits or FetchLimits()

    async def fetch(self, url: str, *, headers: Mapping[str, str] | None = None) -> Fetched:
        target = _address(url)
        progress = _Progress(headers or {}, target.origin())
        try:
            async with asyncio.timeout(self._limits.seconds):
                return await self._follow(target, progress)
        except TimeoutError as error:
            host = target.host or "The server"
            if progress.began:
                raise ToolFailed(
                    f"{host} sends its page too slowly; I stopped after {self._limits.seconds:g} seconds."
                ) from error
            raise TransientError(f"{host} did not answer within {self._limits.seconds:g} seconds.") from error

    async def addresses(self, url: str) -> list[str]:
        """See SignedFetcher.addresses."""
        return [str(address) for address in await self._judge(_address(url))]

    async def _follow(self, target: URL, progress: _Progress) -> Fetched:
        for _ in range(self._limits.redirects + 1):
            addresses = await self._judge(target)
            found = await self._get(target, addresses, progress)
            if isinstance(found, Fetched):
                return found
            target = found
        raise ToolFailed(f"{target.host} redirects more than {self._limits.redirects} times.")

    async def _judge(self, target: URL) -> list[IPAddress]:
        """The addresses that may be connected to. Raises ToolFailed where one of them may not."""
        host, port = target.raw_host or "", target.port or 0
        if port in REFUSED_PORTS and not self._allowed.port(host, port):
            raise ToolFailed(f"I don't fetch from port {port}; web pages are not served there.")
        spelled = literal(host)
        addresses = [spelled] if spelled is not None else await self._look_up(host, port)
        if not self._allowed.host(host, port) and not all(
            is_public(a) or self._allowed.address(a) for a in addresses
        ):
            raise ToolFailed(
                f"{target.host} is not on the public internet, so I don't fetch it. "
                "Only the operator can allow private hosts (FLOWMATE_FETCH_ALLOW)."
            )
        return addresses

    async def _look_up(self, host: str, port: int) -> list[IPAddress]:
        try:
            found = await self._resolve(host, port)
            addresses = [ipaddress.ip_address(address.split("%", 1)[0]) for address in found]
        except socket.gaierror as error:
            if error.errno == socket.EAI_AGAIN:
                raise TransientError(f"The name {host} can't be looked up just now.") from error
            raise ToolFailed(f"There is no host named {host}.") from error
        except (OSError, UnicodeError, ValueError) as error:
            raise ToolFailed(f"There is no host named {host}.") from error
        if not addresses:
            raise ToolFailed(f"There is no host named {host}.")
        return addresses

    async def _get(self, target: URL, addresses: list[IPAddress], progress: _Progress) -> Fetched | URL:
        connector = aiohttp.TCPConnector(
            resolver=_Pinned(target.raw_host or "", addresses), use_dns_cache=False, force_close=True, limit=1
        )
        headers = {"User-Agent": USER_AGENT, "Accept": ACCEPT, "Accept-Encoding": "gzip, deflate"}
        # What somebody signs in with is for one origin, wherever that redirects to.
        headers |= progress.headers if target.origin() == progress.origin else {}
        try:
            async with (
                aiohttp.ClientSession(
                    connector=connector, cookie_jar=aiohttp.DummyCookieJar(), trust_env=False, auto_decompress=False,
                    timeout=aiohttp.ClientTimeout(total=None, sock_connect=self._limits.seconds), max_line_size=16_000,
                ) as session,
                session.get(target, headers=headers, allow_redirects=False) as response,
            ):  # fmt: skip
                onward = _redirect(response, target)
                if onward is not None:
                    return onward
                _check_status(response, target)
                progress.began = True
                return await self._document(response, target)
        except (aiohttp.ClientConnectorCertificateError, aiohttp.ClientSSLError, ssl.SSLError) as error:
            raise ToolFailed(
                f"{target.host} has no valid certificate, so I don't trust what it sends."
            ) from error
        except (aiohttp.ClientConnectionError, aiohttp.ClientPayloadError, ConnectionError) as error:
            raise TransientError(f"The connection to {target.host} failed.") from error
        except (aiohttp.ClientError, ValueError) as error:
            raise ToolFailed(f"{target.host} sends something that is no proper web answer.") from error

    async def _document(self, response: aiohttp.ClientResponse, target: URL) -> Fetched:
        body = await _unpacked(response, target, limit=self._limits.bytes)
        return Fetched(
            url=str(target), media_type=response.content_type.lower(), charset=response.charset, body=body
        )


@dataclass
class _Progress:
    """What a fetch sends where, and how far it came, for the sentence where it ran out of time."""

    headers: Mapping[str, str]
    origin: URL
    began: bool = False


def _address(url: str) -> URL:
    """The address as the HTTP client reads it: one parser for the judgement and for the connection."""
    if len(url) > _MAX_URL:
        raise ToolFailed("That web address is too long.")
    if any(ord(character) <= 32 or character in "\\\x7f" for character in url):
        raise ToolFailed("That is no proper web address.")
    try:
        target = URL(url)
        host, port = target.raw_host, target.port
    except (ValueError, UnicodeError) as error:
        raise ToolFailed("That is no proper web address.") from error
    if target.scheme not in ("http", "https"):
        raise ToolFailed("I only fetch addresses that begin with http:// or https://.")
    if target.user is not None or target.password is not None:
        raise ToolFailed("I don't fetch addresses with a user name or a password in them.")
    if not host or port is None:
        raise ToolFailed("That is no proper web address.")
    return target.with_fragment(None)


def _redirect(response: aiohttp.ClientResponse, target: URL) -> URL | None:
    if response.status not in (301, 302, 303, 307, 308):
        return None
    location = response.headers.get("Location", "")
    if not location:
        raise ToolFailed(f"{target.host} redirects to nowhere.")
    try:
        onward = target.join(URL(location))
    except ValueError as error:
        raise ToolFailed(f"{target.host} redirects to no proper address.") from error
    return _address(str(onward))


def _check_status(response: aiohttp.ClientResponse, target: URL) -> None:
    status = response.status
    if status == 200:
        return
    if status == 429 or status >= 500:
        raise TransientError(
            f"{target.host} can't answer just now ({status}).", retry_after_seconds=_retry_after(response)
        )
    reasons = {
        401: "wants a login", 402: "wants a payment", 403: "doesn't let me in", 404: "has no such page", 
        410: "has removed that page", 451: "may not show that page",
    }  # fmt: skip
    raise ToolFailed(f"{target.host} {reasons.get(status, 'gives no page')} ({status}).")


def _retry_after(response: aiohttp.ClientResponse) -> float | None:
    """Seconds of `Retry-After`; a date is counted from the answer's own `Date`."""
    text = response.headers.get("Retry-After", "").strip()
    if text.isascii() and text.isdigit() and len(text) < 10:
        return min(float(text), _MAX_RETRY_AFTER)
    try:
        delay = parsedate_to_datetime(text) - parsedate_to_datetime(response.headers.get("Date", ""))
    except (TypeError, ValueError):
        return None
    return min(max(delay.total_seconds(), 0.0), _MAX_RETRY_AFTER)


async def _unpacked(response: aiohttp.ClientResponse, target: URL, *, limit: int) -> bytes:
    """The body, unpacked piece by piece: a small bomb never becomes a large document in memory."""
    encoding = response.headers.get("Content-Encoding", "identity").strip().lower()
    if encoding not in ("", "identity", "gzip", "x-gzip", "deflate"):
        raise ToolFailed(f"{target.host} sends its page in a packing that I don't know.")
    unpack = _unpacking(encoding)
    parts: list[bytes] = []
    size = received = 0
    too_much = ToolFailed(
        f"That page of {target.host} is larger than {limit / 1_000_000:g} MB, so I stopped."
    )
    try:
        async for piece in response.content.iter_chunked(16_384):
            received += len(piece)
            plain = unpack(piece, limit - size + 1)
            size += len(plain)
            if size > limit or received > limit:
                raise too_much
            parts.append(plain)
    except zlib.error as error:
        raise ToolFailed(f"{target.host} sends a damaged page.") from error
    return b"".join(parts)


def _unpacking(encoding: str) -> Callable[[bytes, int], bytes]:
    if encoding in ("", "identity"):
        return lambda piece, limit: piece
    zipped = zlib.decompressobj(zlib.MAX_WBITS | 32) if "gzip" in encoding else _Deflate()
    return lambda piece, limit: zipped.decompress(piece, limit)


class _Deflate:
    """`deflate` with its zlib header, or without, as some servers send it."""

    def __init__(self) -> None:
        self._zipped: zlib._Decompress | None = None

    def decompress(self, piece: bytes, limit: int) -> bytes:
        if self._zipped is None:
            headed = piece[:1] and piece[0] & 0x0F == 8
            self._zipped = zlib.decompressobj(zlib.MAX_WBITS if headed else -zlib.MAX_WBITS)
        return self._zipped.decompress(piece, limit)
