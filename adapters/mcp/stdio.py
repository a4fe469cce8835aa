"""Talking with a server that FlowMate starts, line by line, within limits; the process ends with the connection.

The SDK's own transport reads a line however long it gets, and leaves a server behind when FlowMate is killed.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import anyio
from anyio.streams.memory import MemoryObjectReceiveStream, MemoryObjectSendStream
from mcp.shared.message import SessionMessage
from mcp_types import jsonrpc_message_adapter

from adapters.mcp.ending import Ending, Reason
from adapters.mcp.servers import Program

logger = logging.getLogger(__name__)
LONGEST_LINE_BYTES = 1_000_000
MOST_BYTES = 4_000_000
"""That a server may write between two messages to it."""
MOST_MESSAGES = 1_000
MOST_STRAY_LINES = 20
"""Many servers greet on their standard output, which they may not."""
GOODBYE_SECONDS = 1.0
ERRORS_KEPT = 2_000
GUARD = Path(__file__).with_name("guard.py")

Streams = tuple[MemoryObjectReceiveStream[SessionMessage | Exception], MemoryObjectSendStream[SessionMessage]]


@asynccontextmanager
async def started(program: Program, *, token: str, ending: Ending) -> AsyncIterator[Streams]:
    """The server's streams; at the end it is gone, with all that it started. Raises ToolFailed and OSError."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-I", "-S", str(GUARD), str(os.getpid()),
        program.found(), *program.args,
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        env=program.environment(token), cwd=program.cwd, start_new_session=True, limit=LONGEST_LINE_BYTES,
    )  # fmt: skip
    talk = _Talk(process, ending)
    tasks = [asyncio.create_task(part) for part in (talk.listen(), talk.speak(), talk.keep_errors())]
    try:
        yield talk.heard, talk.said
    finally:
        # A caller that is cancelled must not leave the server behind.
        await asyncio.shield(
            asyncio.create_task(_end(process, tasks, patient=ending.reason is not Reason.FLOOD))
        )
        talk.close()


class _Talk:
    def __init__(self, process: asyncio.subprocess.Process, ending: Ending) -> None:
        self._process = process
        self._ending = ending
        self._to_session, self.heard = anyio.create_memory_object_stream[SessionMessage | Exception](0)
        self.said, self._from_session = anyio.create_memory_object_stream[SessionMessage](0)
        self._stray = self._bytes = self._messages = 0
        self._errors = b""

    async def listen(self) -> None:
        """Pass on what the server says, until it says too much, or nothing that makes sense, or ends."""
        output = self._process.stdout
        assert output is not None
        async with self._to_session:
            try:
                while self._ending.reason is None:
                    await self._hear(await output.readuntil(b"\n"))
            except asyncio.LimitOverrunError:
                self._ending.say(Reason.FLOOD)
            except (asyncio.IncompleteReadError, anyio.BrokenResourceError, OSError):
                self._note_errors()
                self._ending.say(Reason.DIED)

    async def speak(self) -> None:
        """Pass on what is said to the server."""
        pipe = self._process.stdin
        assert pipe is not None
        try:
            async with self._from_session:
                async for message in self._from_session:
                    self._bytes = self._messages = 0
                    text = message.message.model_dump_json(by_alias=True, exclude_unset=True)
                    pipe.write(text.encode() + b"\n")
                    await pipe.drain()
        except (OSError, anyio.BrokenResourceError, anyio.ClosedResourceError):
            self._ending.say(Reason.DIED)

    async def keep_errors(self) -> None:
        """Read what it writes to its standard error, so that it never waits there, and keep the end of it."""
        errors = self._process.stderr
        assert errors is not None
        while piece := await errors.read(65_536):
            self._errors = (self._errors + piece)[-ERRORS_KEPT:]

    def close(self) -> None:
        for stream in (self._to_session, self.heard, self.said, self._from_session):
            stream.close()

    async def _hear(self, line: bytes) -> None:
        self._bytes += len(line)
        self._messages += 1
        if self._bytes > MOST_BYTES or self._messages > MOST_MESSAGES:
            self._ending.say(Reason.FLOOD)
            return
        if not line.strip():
            return
        try:
            message = jsonrpc_message_adapter.validate_json(line, by_name=False)
        except ValueError:
            self._stray += 1
            # A broken answer would be waited for in vain.
            if line.lstrip()[:1] in b"{[" or self._stray > MOST_STRAY_LINES:
                self._ending.say(Reason.GARBAGE)
            return
        await self._to_session.send(SessionMessage(message))

    def _note_errors(self) -> None:
        text = self._errors.decode(errors="replace").strip()
        if text and self._ending.reason is None:
            logger.warning("an MCP server ended; its last words: %s", text)


async def _end(
    process: asyncio.subprocess.Process, tasks: list[asyncio.Task[None]], *, patient: bool
) -> None:
    """Close its input, then ask it to end, then end its whole group; one that floods hears nothing of that."""
    assert process.stdin is not None
    process.stdin.close()
    if patient and not await _gone(process):
        _signal(process, signal.SIGTERM)
        await _gone(process)
    _signal(process, signal.SIGKILL)
    if not await _gone(process):
        logger.warning("the MCP server %d can't be ended", process.pid)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    # A grandchild in a session of its own may hold the pipes open.
    transport = getattr(process, "_transport", None)
    if transport is not None:
        with contextlib.suppress(PermissionError):
            transport.close()


async def _gone(process: asyncio.subprocess.Process) -> bool:
    ended = asyncio.ensure_future(process.wait())
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(GOODBYE_SECONDS):
            # `wait` alone also waits for the pipes, which a grandchild may hold open.
            while process.returncode is None:
                await asyncio.wait({ended}, timeout=0.01)
    ended.cancel()
    return process.returncode is not None


def _signal(process: asyncio.subprocess.Process, number: signal.Signals) -> None:
    # The guard leads its group, so the group's number is its pid.
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, number)
