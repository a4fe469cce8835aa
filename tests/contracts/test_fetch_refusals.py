"""What the fetcher must never reach, and that it is never connected to."""

from __future__ import annotations

import ipaddress
import sys
from collections.abc import AsyncIterator, Iterator

import pytest

from adapters.web.addresses import is_public
from adapters.web.fetch import FetchLimits, GuardedFetcher
from core.errors import ConfigurationError, ToolFailed, TransientError
from tests.counterparts.web import WebServer, listening, web_server

SHORT = FetchLimits(seconds=0.5)

_watching: list[list[tuple[object, ...]]] = []


def _note_connections(event: str, arguments: tuple[object, ...]) -> None:
    if event == "socket.connect" and _watching:
        _watching[-1].append(tuple(arguments[1]) if isinstance(arguments[1], tuple) else (arguments[1],))


sys.addaudithook(_note_connections)


@pytest.fixture
def connections() -> Iterator[list[tuple[object, ...]]]:
    """Every address that any socket of this process is told to connect to."""
    _watching.append([])
    yield _watching[-1]
    _watching.pop()


@pytest.fixture
async def server() -> AsyncIterator[WebServer]:
    async with web_server() as served:
        yield served


PRIVATE = [
    "http://127.0.0.1",
    "http://127.1",
    "http://2130706433",
    "http://0x7f000001",
    "http://[::ffff:127.0.0.1]",
    "http://[64:ff9b::7f00:1]",
    "http://169.254.169.254",
    "http://100.64.0.1",
    "http://①②⑦.0.0.1",
    "http://0177.0.0.1",
    "http://127.0.0.1.",
    "http://0.0.0.0",
    "http://[::]",
    "http://[::1]",
    "http://localhost",
    "http://10.0.0.1",
    "http://192.168.1.1",
    "http://192.0.0.192",
    "http://[2002:7f00:1::]",
    "http://[fe80::1]",
    "http://[fd00::1]",
    "http://224.0.0.1",
    "http://255.255.255.255",
]


# INPUTS 41
@pytest.mark.parametrize("address", PRIVATE)
async def test_a_private_address_is_refused_and_never_connected(
    address: str, connections: list[tuple[object, ...]]
) -> None:
    async with listening() as (port, reached):
        with pytest.raises(ToolFailed, match=r"not on the public internet|no proper web address"):
            await GuardedFetcher(limits=SHORT).fetch(f"{address}:{port}/secret")
    assert reached == []
    assert connections == []


@pytest.mark.parametrize(
    "address",
    [
        "file:///etc/passwd",
        "ftp://example.org/x",
        "gopher://example.org",
        "data:text/html,x",
        "javascript:alert(1)",
        "//example.org/x",
        "example.org",
    ],
)
async def test_other_schemes_are_refused_and_never_connected(
    address: str, connections: list[tuple[object, ...]]
) -> None:
    with pytest.raises(ToolFailed, match=r"http:// or https://"):
        await GuardedFetcher(limits=SHORT).fetch(address)
    assert connections == []


@pytest.mark.parametrize(
    "address",
    [
        "http://bob@127.0.0.1/",
        "http://bob:pw@example.org/",
        "http://exa mple.org/",
        "http://example.org\\@127.0.0.1/",
        "http:///x",
        "http://example.org:99999/",
        "https://" + "a" * 3000,
    ],
)
async def test_misleading_addresses_are_refused(address: str, connections: list[tuple[object, ...]]) -> None:
    with pytest.raises(ToolFailed):
        await GuardedFetcher(allow=("127.0.0.1",), limits=SHORT).fetch(address)
    assert connections == []


@pytest.mark.parametrize("port", [22, 25, 3306, 5432, 6379, 11211])
async def test_ports_of_other_services_are_refused(port: int, connections: list[tuple[object, ...]]) -> None:
    with pytest.raises(ToolFailed, match=f"port {port}"):
        await GuardedFetcher(allow=("127.0.0.1",), limits=SHORT).fetch(f"http://127.0.0.1:{port}/")
    assert connections == []


async def test_a_name_that_resolves_to_a_public_and_a_private_address_is_refused(
    connections: list[tuple[object, ...]],
) -> None:
    async def resolve(host: str, port: int) -> list[str]:
        return ["93.184.216.34", "127.0.0.1"]

    with pytest.raises(ToolFailed, match=r"not on the public internet.* operator .*FLOWMATE_FETCH_ALLOW"):
        await GuardedFetcher(resolve=resolve, limits=SHORT).fetch("http://rebinding.example/")
    assert connections == []


async def test_a_name_that_turns_private_after_the_judgement_gains_nothing(
    connections: list[tuple[object, ...]],
) -> None:
    answers = [["192.0.2.1"], ["127.0.0.1"], ["127.0.0.1"]]
    asked: list[str] = []

    async def resolve(host: str, port: int) -> list[str]:
        asked.append(host)
        return answers[len(asked) - 1]

    # 192.0.2.1 is for documentation: nothing answers there. It is opened here to stand for a public address.
    fetcher = GuardedFetcher(allow=("192.0.2.0/24",), resolve=resolve, limits=SHORT)
    async with listening() as (port, reached):
        with pytest.raises((ToolFailed, TransientError)):
            await fetcher.fetch(f"http://rebinding.example:{port}/")
    assert reached == []
    assert len(asked) == 1, "the name is looked up once, and what was judged is what is connected to"
    assert {str(target[0]) for target in connections} <= {"192.0.2.1"}


async def test_the_connection_goes_to_the_judged_address_under_the_name(server: WebServer) -> None:
    async def resolve(host: str, port: int) -> list[str]:
        return ["127.0.0.1"]

    server.serve("/", "hello")
    found = await GuardedFetcher(allow=("127.0.0.0/8",), resolve=resolve).fetch(
        server.address(host="named.example")
    )
    assert found.body == b"hello"
    assert server.requests[0].host == f"named.example:{server.port}"


@pytest.mark.parametrize(
    "target",
    [
        "http://127.0.0.1:{port}/",
        "http://[::ffff:127.0.0.1]:{port}/",
        "http://2130706433:{port}/",
        "file:///etc/passwd",
        "//127.1:{port}/x",
    ],
)
async def test_a_redirect_to_a_private_address_is_refused(
    target: str, server: WebServer, connections: list[tuple[object, ...]]
) -> None:
    async def resolve(host: str, port: int) -> list[str]:
        return ["127.0.0.1"]

    async with listening() as (port, reached):
        server.redirect("/", target.format(port=port))
        fetcher = GuardedFetcher(allow=(f"front.example:{server.port}",), resolve=resolve, limits=SHORT)
        with pytest.raises(ToolFailed, match=r"not on the public internet|http:// or https://"):
            await fetcher.fetch(server.address(host="front.example"))
    assert reached == []
    assert [target[1] for target in connections] == [server.port]


@pytest.mark.parametrize(
    ("entry", "allowed"),
    [
        ("127.0.0.1", True),
        ("127.0.0.0/8", True),
        ("127.0.0.1:{port}", True),
        ("127.0.0.1:1", False),
        ("10.0.0.0/8", False),
        ("localhost", False),
    ],
)
async def test_the_allow_list_opens_what_it_names_and_no_more(
    entry: str, allowed: bool, server: WebServer
) -> None:
    server.serve("/", "inside")
    fetcher = GuardedFetcher(allow=(entry.format(port=server.port),), limits=SHORT)
    if allowed:
        assert (await fetcher.fetch(server.address())).body == b"inside"
    else:
        with pytest.raises(ToolFailed, match="not on the public internet"):
            await fetcher.fetch(server.address())


@pytest.mark.parametrize("entry", ["http://x", "10.0.0.0/99", "a b", "*"])
def test_a_wrong_allow_list_is_named(entry: str) -> None:
    with pytest.raises(ConfigurationError, match="FLOWMATE_FETCH_ALLOW"):
        GuardedFetcher(allow=(entry,))


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("93.184.216.34", True),
        ("8.8.8.8", True),
        ("2606:4700:4700::1111", True),
        ("::ffff:8.8.8.8", True),
        ("64:ff9b::808:808", True),
        ("64:ff9b::a00:1", False),
        ("64:ff9b:1::808:808", False),
        ("2002:808:808::1", False),
        ("2001::1", False),
        ("2001:db8::1", False),
        ("2606:4700::5efe:10.0.0.1", False),
        ("::8.8.8.8", False),
        ("ff02::1", False),
        ("fec0::1", False),
        ("192.88.99.1", False),
        ("198.18.0.1", False),
        ("240.0.0.1", False),
        ("203.0.113.9", False),
        ("0.1.2.3", False),
    ],
)
def test_addresses_are_judged_by_all_that_they_embed(address: str, public: bool) -> None:
    assert is_public(ipaddress.ip_address(address)) is public
