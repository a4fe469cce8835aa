"""Fixtures around the Slack harness; a test module names this one in its `pytest_plugins`."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from adapters.chat.platform import Connection
from adapters.chat.slack.manifest import EVENTS, SCOPES
from core.ports.messenger import Messenger
from tests.counterparts.slack import SlackServer
from tests.integration.slack_harness import MemoryReception, SkippingClock, connected, over_http, over_socket


@pytest.fixture
async def slack() -> AsyncIterator[SlackServer]:
    """A workspace whose app has the manifest's scopes and events, and not one more."""
    async with SlackServer(scopes=SCOPES, events=EVENTS, retry_seconds=(0.0, 0.01, 0.02), burst=50) as server:
        server.add_user("U1", name="ada", tz="Europe/Berlin")
        server.add_user("U2", name="bob")
        server.add_channel("C1", members=["U1", "U2", "U0BOT"])
        server.add_channel("C2", members=["U1"], bot_is_member=False)
        server.add_channel("C3", members=["U1", "U0BOT"], archived=True)
        server.add_channel("G1", members=["U1"], bot_is_member=False, kind="group")
        server.add_im("D1", "U1")
        yield server


@pytest.fixture
def reception() -> MemoryReception:
    return MemoryReception()


@pytest.fixture
async def slack_http(slack: SlackServer, reception: MemoryReception) -> AsyncIterator[Connection]:
    async with over_http(slack, reception) as connection:
        yield connection


@pytest.fixture
async def slack_socket(slack: SlackServer, reception: MemoryReception) -> AsyncIterator[Connection]:
    async with over_socket(slack, reception) as connection:
        yield connection


@pytest.fixture
async def connection(slack: SlackServer) -> AsyncIterator[Connection]:
    async with connected(slack, clock=SkippingClock()) as made:
        yield made


@pytest.fixture
def messenger(connection: Connection) -> Messenger:
    return connection.messenger
