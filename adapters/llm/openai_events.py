"""The events of a streamed answer, as they come."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from aiohttp import StreamReader

DONE = b"[DONE]"
REST_SECONDS = 0.1
"""How long the end of a body is waited for after that: without it the connection can't be used again."""


async def data_of(content: StreamReader) -> AsyncIterator[bytes]:
    """What each event holds, up to the last one, which says that it is."""
    events = Events()
    async for piece in content.iter_any():
        for data in events.take(piece):
            if data.startswith(DONE):
                if not content.at_eof():
                    await _read_out(content)
                return
            yield data


class Events:
    """Takes a body piece by piece, however it is cut. Of an event only the data counts, and empty ones say nothing."""

    def __init__(self) -> None:
        self._begun: list[bytes] = []
        """The pieces of the line that is not at its end yet."""
        self._data: list[bytes] = []

    def take(self, piece: bytes) -> Iterator[bytes]:
        """The data of the events that are complete with this piece."""
        for line in self._lines(piece):
            if line.startswith(b"data:"):
                self._data.append(line[6:] if line.startswith(b"data: ") else line[5:])
            elif not line and self._data:
                data, self._data = self._data, []
                yield data[0] if len(data) == 1 else b"\n".join(data)

    def _lines(self, piece: bytes) -> list[bytes]:
        """The lines that are complete; they may end in CR, in LF, and in both, of which the second may be to come."""
        if b"\n" not in piece and b"\r" not in piece:
            self._begun.append(piece)
            return []
        lines = b"".join((*self._begun, piece)).splitlines(keepends=True)
        self._begun = [] if lines[-1].endswith(b"\n") else [lines.pop()]
        return [line.rstrip(b"\r\n") for line in lines]


async def _read_out(content: StreamReader) -> None:
    # Imported here for the reason given in openai_model.
    from aiohttp import ClientError

    # The answer is complete: nothing that still goes wrong matters.
    with suppress(ClientError, TimeoutError):
        async with asyncio.timeout(REST_SECONDS):
            while not content.at_eof():
                await content.readany()
