"""The embedded Valkey: a real server over a folder."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest
from redis.asyncio import Redis

from adapters.settings import Settings
from bot.embedded import EmbeddedValkey, redis_url, socket_path
from core.errors import ConfigurationError


async def put(url: str, value: str) -> None:
    async with Redis.from_url(url) as redis:
        await redis.set("key", value)


async def read(url: str) -> object:
    async with Redis.from_url(url) as redis:
        return await redis.get("key")


async def config(url: str, name: str) -> str:
    async with Redis.from_url(url, decode_responses=True) as redis:
        found = await redis.config_get(name)
    return str(found[name])


async def test_it_listens_on_a_private_socket_and_nowhere_else(tmp_path: Path) -> None:
    folder = tmp_path / "valkey"

    async with EmbeddedValkey(folder) as valkey:
        socket = socket_path(folder)
        assert valkey.url == f"unix://{socket}"
        assert stat.S_IMODE(socket.stat().st_mode) == 0o700
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        assert await config(valkey.url, "port") == "0"
        assert await config(valkey.url, "appendonly") == "yes"
        assert await config(valkey.url, "appendfsync") == "everysec"
        assert await config(valkey.url, "maxmemory-policy") == "noeviction"


async def test_it_keeps_what_it_has_over_a_kill_and_a_clean_restart(tmp_path: Path) -> None:
    async with EmbeddedValkey(tmp_path) as valkey:
        await put(valkey.url, "one")
        first = valkey.pid
        await valkey.kill()
        await valkey.restart()
        assert valkey.pid != first
        assert await read(valkey.url) == b"one"
        await valkey.restart()
        assert await read(valkey.url) == b"one"

    async with EmbeddedValkey(tmp_path) as valkey:
        assert await read(valkey.url) == b"one"


async def test_a_deep_folder_gets_a_socket_elsewhere_that_every_command_finds(tmp_path: Path) -> None:
    settings = Settings(flowmate_data_dir=tmp_path / ("d" * 90), redis_url=None)

    async with EmbeddedValkey(settings.data_dir / "valkey") as valkey:
        assert redis_url(settings) == valkey.url
        socket = Path(valkey.url.removeprefix("unix://"))
        assert socket.is_socket()
        assert stat.S_IMODE(socket.parent.stat().st_mode) == 0o700
        await put(valkey.url, "one")

    socket.parent.rmdir()
    async with EmbeddedValkey(settings.data_dir / "valkey") as valkey:
        assert valkey.url != f"unix://{socket}"
        assert await read(valkey.url) == b"one"
    Path(valkey.url.removeprefix("unix://")).parent.rmdir()


async def test_a_remembered_folder_that_others_can_write_is_not_used(tmp_path: Path) -> None:
    folder, open_to_all = tmp_path / ("d" * 100), tmp_path / "open"
    folder.mkdir()
    open_to_all.mkdir()
    open_to_all.chmod(0o777)
    (folder / "socket.path").write_text(f"{open_to_all}/valkey.sock\n")

    made = socket_path(folder)

    assert made.parent != open_to_all
    assert socket_path(folder) == made
    made.parent.rmdir()


async def test_the_folder_belongs_to_one_server_at_a_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.embedded.PREVIOUS_GONE_SECONDS", 0.1)

    async with EmbeddedValkey(tmp_path) as valkey:
        with pytest.raises(ConfigurationError, match=f"process {valkey.pid}"):
            await EmbeddedValkey(tmp_path).start()
        assert await read(valkey.url) is None


def test_a_configured_redis_is_used_as_it_is(tmp_path: Path) -> None:
    settings = Settings(flowmate_data_dir=tmp_path, redis_url="redis://localhost:6390/2")

    assert redis_url(settings) == "redis://localhost:6390/2"
