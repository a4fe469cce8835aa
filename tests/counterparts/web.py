"""A web server on loopback that serves pages and feeds, and misbehaves on request."""

from __future__ import annotations

import asyncio
import gzip
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from aiohttp import web

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass
class WebServer:
    """What is served where, and which requests came; `address` builds URLs."""

    port: int = 0
    requests: list[web.Request] = field(default_factory=list)
    handlers: dict[str, Handler] = field(default_factory=dict)

    def address(self, path: str = "/", *, host: str = "127.0.0.1") -> str:
        return f"http://{host}:{self.port}{path}"

    def serve(
        self,
        path: str,
        body: bytes | str,
        *,
        type: str = "text/html; charset=utf-8",
        headers: dict[str, str] | None = None,
        status: int = 200,
    ) -> str:
        """Serve one document; the same bytes on every request."""
        content = body.encode() if isinstance(body, str) else body

        async def handle(request: web.Request) -> web.StreamResponse:
            return web.Response(
                body=content, status=status, headers={"Content-Type": type, **(headers or {})}
            )

        return self.handle(path, handle)

    def redirect(self, path: str, onward: str, *, status: int = 302) -> str:
        return self.serve(path, b"", headers={"Location": onward}, status=status)

    def endless(self, path: str) -> str:
        """A body that never ends, as fast as it is read."""

        async def handle(request: web.Request) -> web.StreamResponse:
            response = web.StreamResponse(headers={"Content-Type": "text/plain"})
            await response.prepare(request)
            try:
                while True:
                    await response.write(b"and so on " * 1000)
            except (ConnectionError, asyncio.CancelledError):
                pass
            return response

        return self.handle(path, handle)

    def dripping(self, path: str, *, pause: float = 0.02) -> str:
        """A body of one byte at a time."""

        async def handle(request: web.Request) -> web.StreamResponse:
            response = web.StreamResponse(headers={"Content-Type": "text/plain"})
            await response.prepare(request)
            try:
                for _ in range(100_000):
                    await response.write(b".")
                    await asyncio.sleep(pause)
            except (ConnectionError, asyncio.CancelledError):
                pass
            return response

        return self.handle(path, handle)

    def silent(self, path: str) -> str:
        """Takes the request and never answers."""

        async def handle(request: web.Request) -> web.StreamResponse:
            await asyncio.Event().wait()
            raise AssertionError("never set")

        return self.handle(path, handle)

    def cut_off(self, path: str) -> str:
        """Promises more than it sends."""

        async def handle(request: web.Request) -> web.StreamResponse:
            response = web.StreamResponse(headers={"Content-Type": "text/plain", "Content-Length": "1000"})
            await response.prepare(request)
            await response.write(b"the beginning")
            assert request.transport is not None
            request.transport.abort()
            return response

        return self.handle(path, handle)

    def bomb(self, path: str, *, packing: str = "gzip", size: int = 50_000_000) -> str:
        """A small body that unpacks to a large one."""
        packed = gzip.compress(bytes(size)) if packing == "gzip" else zlib.compress(bytes(size))
        return self.serve(path, packed, headers={"Content-Encoding": packing})

    def handle(self, path: str, handler: Handler) -> str:
        self.handlers[path] = handler
        return self.address(path)

    async def _dispatch(self, request: web.Request) -> web.StreamResponse:
        self.requests.append(request)
        handler = self.handlers.get(request.path)
        return await handler(request) if handler else web.Response(status=404, text="not here")


@asynccontextmanager
async def web_server() -> AsyncIterator[WebServer]:
    """The server, listening for as long as the context lasts."""
    served = WebServer()
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", served._dispatch)
    runner = web.AppRunner(app, shutdown_timeout=0.05, handler_cancellation=True)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    served.port = runner.addresses[0][1]
    try:
        yield served
    finally:
        await runner.cleanup()


@asynccontextmanager
async def listening(host: str = "127.0.0.1") -> AsyncIterator[tuple[int, list[object]]]:
    """A bare port, and the connections that reached it."""
    reached: list[object] = []

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        reached.append(writer.get_extra_info("peername"))
        writer.close()

    server = await asyncio.start_server(accept, host, 0)
    try:
        yield server.sockets[0].getsockname()[1], reached
    finally:
        server.close()
        await server.wait_closed()
