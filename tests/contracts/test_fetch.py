"""The guarded fetcher against servers that attack, stall and flood."""

from __future__ import annotations

import asyncio
import gzip
import socket
import zlib
from collections.abc import AsyncIterator

import pytest

from adapters.web.fetch import FetchLimits, GuardedFetcher
from core.errors import ToolFailed, TransientError
from tests.counterparts.web import WebServer, web_server

SHORT = FetchLimits(seconds=0.5)


@pytest.fixture
async def server() -> AsyncIterator[WebServer]:
    async with web_server() as served:
        yield served


@pytest.fixture
def fetcher() -> GuardedFetcher:
    return GuardedFetcher(allow=("127.0.0.1",))


async def test_redirects_are_followed_to_the_document(server: WebServer, fetcher: GuardedFetcher) -> None:
    server.redirect("/a", "/b", status=301)
    server.redirect("/b", server.address("/c"), status=308)
    server.serve("/c", "arrived")
    found = await fetcher.fetch(server.address("/a#part"))
    assert (found.body, found.url) == (b"arrived", server.address("/c"))


# INPUTS 42
async def test_twenty_redirects_are_stopped_at_five(server: WebServer, fetcher: GuardedFetcher) -> None:
    for number in range(20):
        server.redirect(f"/{number}", f"/{number + 1}")
    with pytest.raises(ToolFailed, match="redirects more than 5 times"):
        await fetcher.fetch(server.address("/0"))
    assert len(server.requests) == 6


# INPUTS 42
@pytest.mark.parametrize("kind", ["three megabytes", "endless", "gzip bomb", "deflate bomb"])
async def test_too_much_is_stopped_at_the_limit(
    kind: str, server: WebServer, fetcher: GuardedFetcher
) -> None:
    address = {
        "three megabytes": lambda: server.serve("/", bytes(3_000_000)),
        "endless": lambda: server.endless("/"),
        "gzip bomb": lambda: server.bomb("/"),
        "deflate bomb": lambda: server.bomb("/", packing="deflate"),
    }[kind]()
    with pytest.raises(ToolFailed, match="larger than 2 MB"):
        await fetcher.fetch(address)


# INPUTS 42
async def test_one_byte_at_a_time_is_stopped_at_the_limit(server: WebServer) -> None:
    fetcher = GuardedFetcher(allow=("127.0.0.1",), limits=SHORT)
    with pytest.raises(ToolFailed, match="too slowly"):
        await fetcher.fetch(server.dripping("/"))


async def test_silence_is_worth_another_try(server: WebServer) -> None:
    fetcher = GuardedFetcher(allow=("127.0.0.1",), limits=SHORT)
    with pytest.raises(TransientError, match="did not answer"):
        await fetcher.fetch(server.silent("/"))


async def test_a_body_cut_in_the_middle_is_worth_another_try(
    server: WebServer, fetcher: GuardedFetcher
) -> None:
    with pytest.raises(TransientError, match="connection"):
        await fetcher.fetch(server.cut_off("/"))


async def test_a_closed_port_is_worth_another_try(fetcher: GuardedFetcher) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with pytest.raises(TransientError, match="connection"):
        await fetcher.fetch(f"http://127.0.0.1:{port}/")


@pytest.mark.parametrize("packing", ["gzip", "deflate", "raw deflate"])
async def test_packed_documents_are_unpacked(
    packing: str, server: WebServer, fetcher: GuardedFetcher
) -> None:
    text = b"a page " * 1000
    raw = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    packed = {
        "gzip": gzip.compress(text),
        "deflate": zlib.compress(text),
        "raw deflate": raw.compress(text) + raw.flush(),
    }
    address = server.serve("/", packed[packing], headers={"Content-Encoding": packing.split()[-1]})
    assert (await fetcher.fetch(address)).body == text


@pytest.mark.parametrize("packing", ["br", "zstd", "gzip, gzip"])
async def test_unknown_packings_are_refused(packing: str, server: WebServer, fetcher: GuardedFetcher) -> None:
    with pytest.raises(ToolFailed, match="packing"):
        await fetcher.fetch(server.serve("/", b"xxxx", headers={"Content-Encoding": packing}))


async def test_damaged_packing_fails_plainly(server: WebServer, fetcher: GuardedFetcher) -> None:
    with pytest.raises(ToolFailed, match="damaged"):
        await fetcher.fetch(server.serve("/", b"not packed at all", headers={"Content-Encoding": "gzip"}))


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (401, ToolFailed),
        (403, ToolFailed),
        (404, ToolFailed),
        (410, ToolFailed),
        (204, ToolFailed),
        (206, ToolFailed),
        (429, TransientError),
        (500, TransientError),
        (503, TransientError),
    ],
)
async def test_answers_without_a_page_fail_plainly(
    status: int, error: type[Exception], server: WebServer, fetcher: GuardedFetcher
) -> None:
    with pytest.raises(error, match=f"127.0.0.1 .*{status}"):
        await fetcher.fetch(server.serve("/", b"", status=status))


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("7", 7.0),
        ("86400", 300.0),
        ("soon", None),
        ("-3", None),
        ("٣", None),
        ("Sun, 22 Nov 2026 12:00:30 GMT", 30.0),
    ],
)
async def test_retry_after_is_told(
    header: str, seconds: float | None, server: WebServer, fetcher: GuardedFetcher
) -> None:
    headers = {"Retry-After": header, "Date": "Sun, 22 Nov 2026 12:00:00 GMT"}
    with pytest.raises(TransientError) as caught:
        await fetcher.fetch(server.serve("/", b"", status=503, headers=headers))
    assert caught.value.retry_after_seconds == seconds


async def test_cookies_and_proxies_are_not_used(
    server: WebServer, fetcher: GuardedFetcher, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    server.serve("/b", "x")
    server.serve("/a", b"", headers={"Set-Cookie": "secret=1", "Location": "/b"}, status=302)
    await fetcher.fetch(server.address("/a"))
    assert [request.headers.get("Cookie") for request in server.requests] == [None, None]
    assert all(request.headers["User-Agent"].startswith("FlowMate/") for request in server.requests)


async def test_a_name_that_does_not_exist_fails_and_a_tired_resolver_is_asked_again() -> None:
    async def missing(host: str, port: int) -> list[str]:
        raise socket.gaierror(socket.EAI_NONAME, "no")

    async def tired(host: str, port: int) -> list[str]:
        raise socket.gaierror(socket.EAI_AGAIN, "later")

    with pytest.raises(ToolFailed, match="no host named"):
        await GuardedFetcher(resolve=missing).fetch("http://nowhere.example/")
    with pytest.raises(TransientError, match="looked up"):
        await GuardedFetcher(resolve=tired).fetch("http://somewhere.example/")


async def test_no_proper_http_fails_plainly(fetcher: GuardedFetcher) -> None:
    async def babble(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"SSH-2.0-OpenSSH_9.9\r\n")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(babble, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        with pytest.raises((ToolFailed, TransientError)) as caught:
            await fetcher.fetch(f"http://127.0.0.1:{port}/")
    assert "SSH" not in str(caught.value)
