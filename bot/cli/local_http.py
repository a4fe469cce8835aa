"""Asking this machine's own web process, by hand: `up` stays small, and looks before anything is imported."""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass

from adapters.settings import Settings

LARGEST_BYTES = 1024 * 1024
SECONDS = 5.0
EVERYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}


@dataclass(frozen=True)
class Got:
    status: int
    body: str


async def get(settings: Settings, path: str, *, token: str | None = None) -> Got | None:
    """What the web process of these settings answers; None where nothing answers, or no HTTP."""
    return await _ask(settings, f"GET {path}", token)


async def post(settings: Settings, path: str, *, token: str) -> Got | None:
    """The same for a POST without a body."""
    return await _ask(settings, f"POST {path}", token)


async def _ask(settings: Settings, what: str, token: str | None) -> Got | None:
    host = EVERYWHERE.get(settings.flowmate_host, settings.flowmate_host)
    writer: asyncio.StreamWriter | None = None
    try:
        async with asyncio.timeout(SECONDS):
            reader, writer = await asyncio.open_connection(host, settings.flowmate_port)
            writer.write(_request(host, settings.flowmate_port, what, token).encode("latin-1"))
            return _parse(await _read_all(reader))
    except (OSError, ValueError, TimeoutError):
        return None
    finally:
        if writer is not None:
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()


async def _read_all(reader: asyncio.StreamReader) -> bytes:
    data = b""
    while len(data) < LARGEST_BYTES and (more := await reader.read(65536)):
        data += more
    return data


def _request(host: str, port: int, what: str, token: str | None) -> str:
    # HTTP/1.0: the answer ends with the connection, and is never chunked.
    host = f"[{host}]" if ":" in host else host
    lines = [f"{what} HTTP/1.0", f"Host: {host}:{port}", "Content-Length: 0"]
    if token is not None:
        lines.append(f"Authorization: Bearer {token}")
    return "\r\n".join([*lines, "", ""])


def _parse(answer: bytes) -> Got:
    head, _, body = answer.partition(b"\r\n\r\n")
    version, status, *_ = head.split(b"\r\n", 1)[0].split(b" ")
    if not version.startswith(b"HTTP/"):
        raise ValueError("no HTTP")
    return Got(status=int(status), body=body.decode("utf-8", "replace"))
