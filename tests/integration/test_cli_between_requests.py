"""Between two requests of a command a person may think: nothing is held open that the service closes meanwhile."""

from __future__ import annotations

import asyncio

from adapters.settings import Settings
from bot.cli.client import Api
from tests.integration.http_harness import TOKEN

NO_KINDS = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n[]"


async def test_no_connection_is_kept_over_a_wait_for_a_person() -> None:
    left: asyncio.Queue[bytes] = asyncio.Queue()

    async def keep_alive(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(NO_KINDS)
        left.put_nowait(await reader.read())
        writer.close()

    server = await asyncio.start_server(keep_alive, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server, Api(Settings(flowmate_port=port, flowmate_operator_token=TOKEN)) as api:
        for _ in range(2):
            assert await api.kinds() == ()
            assert await asyncio.wait_for(left.get(), 20) == b"", "closed while the session goes on"
