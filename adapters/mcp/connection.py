"""One live connection to a server, shared by all that call its tools."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine, Iterator, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import Any, TypeVar

from mcp.client import Client
from mcp.shared.exceptions import MCPError
from mcp_types import (
    INVALID_REQUEST,
    REQUEST_TIMEOUT,
    CallToolRequest,
    CallToolRequestParams,
    CallToolResult,
    Implementation,
    InputRequiredResult,
    PaginatedRequestParams,
    ToolListChangedNotification,
)
from mcp_types.version import MODERN_PROTOCOL_VERSIONS
from pydantic import TypeAdapter, ValidationError

from adapters.mcp.definitions import MOST_TOOLS, Definition, Said, to_definitions
from adapters.mcp.ending import Ending, Lost, Reason, Silent, Unwilling
from adapters.mcp.http import Judge, reached
from adapters.mcp.servers import Program
from adapters.mcp.stdio import started
from core.errors import ToolFailed

logger = logging.getLogger(__name__)
OPEN_SECONDS = 15.0
FRESH_SECONDS = 60.0
"""How long a list of tools counts where the server doesn't say that it changed."""
IDLE_SECONDS = 300.0
MOST_PAGES = 20
FORGOTTEN = "Session terminated"
"""What the SDK says of a session that the server has forgotten: the call was not looked at."""
Answer = CallToolResult | InputRequiredResult
_ANSWER: TypeAdapter[Answer] = TypeAdapter(Answer)
Result = TypeVar("Result")


@dataclass(frozen=True)
class Target:
    """Where a server is: an address, or a program."""

    url: str = ""
    program: Program | None = None
    token: str = field(default="", repr=False)
    judge: Judge | None = field(default=None, repr=False, compare=False)


class Connection:
    """Opened by `open`; owned by a task of its own, since what opens the SDK's client has to close it."""

    def __init__(self, target: Target, *, idle_seconds: float = IDLE_SECONDS) -> None:
        self._target = target
        self._idle_seconds = idle_seconds
        self._ending = Ending()
        self._closing = asyncio.Event()
        self._ready = asyncio.Event()
        self._listing = asyncio.Lock()
        self._client: Client | None = None
        self._failure: ToolFailed | Unwilling | None = None
        self._owner: asyncio.Task[None] | None = None
        self._calls = 0
        self._retired = self._stale = False
        self._listed_at = self._used_at = 0.0
        self._said: dict[str, str] = {}
        self.definitions: tuple[Definition, ...] = ()

    @classmethod
    async def open(cls, target: Target, *, idle_seconds: float = IDLE_SECONDS) -> Connection:
        """Connect, and look at the tools. Raises Lost, Silent, Unwilling and ToolFailed."""
        self = cls(target, idle_seconds=idle_seconds)
        self._owner = asyncio.create_task(self._own())
        waits = [asyncio.ensure_future(wait) for wait in (self._ready.wait(), self._ending.wait())]
        try:
            done, _ = await asyncio.wait(waits, timeout=OPEN_SECONDS, return_when=asyncio.FIRST_COMPLETED)
        except asyncio.CancelledError:
            await self.aclose()
            raise
        finally:
            for wait in waits:
                wait.cancel()
        if done and self._failure is None and self._ending.reason is None:
            return self
        reason, sentence = self._ending.reason, self._ending.sentence
        await self.aclose()
        if self._failure is not None:
            raise self._failure
        if reason is None:
            raise Silent()
        raise Lost(reason, sentence=sentence, sent=False)

    @property
    def usable(self) -> bool:
        """Whether another call may be made on it."""
        return self._ending.reason is None and not self._retired and not self._closing.is_set()

    async def fingerprint(self, tool: str) -> str | None:
        """What the server says of the tool now; None where it has none of this name. Raises as `call` does."""
        return (await self._within(self._fresh(), seconds=OPEN_SECONDS)).get(tool)

    async def call(self, tool: str, arguments: Mapping[str, Any], *, seconds: float) -> Answer:
        """Call a tool. NOT safe to repeat, but for Lost that was not `sent`.

        Raises Lost, Silent and Unwilling.
        """
        if not self.usable:
            raise Lost(self._ending.reason or Reason.CLOSED, sent=False)
        request = CallToolRequest(params=CallToolRequestParams(name=tool, arguments=dict(arguments)))
        assert self._client is not None
        # Not `call_tool`: it holds answers against the server's own schema, whose patterns may take for ever.
        work = self._client.session.send_request(request, _ANSWER, request_read_timeout_seconds=seconds)
        return await self._within(work, seconds=seconds + 1)

    def retire(self) -> None:
        """Let calls that are under way end, make no more, and then close."""
        self._retired = True
        if not self._calls:
            self._closing.set()

    async def aclose(self) -> None:
        """Close at once. Safe to repeat."""
        self._ending.say(Reason.CLOSED)
        self._closing.set()
        if self._owner is not None:
            if not self._ready.is_set():
                # It waits for a server that may never answer.
                self._owner.cancel()
            await asyncio.wait({self._owner})

    async def _own(self) -> None:
        try:
            client = Client(
                self._transport(),
                read_timeout_seconds=OPEN_SECONDS,
                message_handler=self._heard,
                cache=None,
                client_info=Implementation(name="flowmate", version="0.1.0"),
            )
            async with client:
                self._client = client
                await self._list()
                self._ready.set()
                watching = asyncio.create_task(self._watch(client))
                try:
                    await self._until_closed()
                    self._ending.say(Reason.CLOSED)
                finally:
                    watching.cancel()
                    await asyncio.gather(watching, return_exceptions=True)
        except Exception as error:
            self._fail(error)
        finally:
            self._ending.say(Reason.DIED)
            self._ready.set()

    def _fail(self, error: Exception) -> None:
        """Note why there is no connection; the SDK's task groups wrap what happened."""
        for one in _single(error):
            match one:
                case ToolFailed():
                    self._failure = one
                case MCPError() if self._ending.reason is None and one.code != REQUEST_TIMEOUT:
                    self._failure = Unwilling(one.message)
                case ValidationError() | RuntimeError():
                    self._ending.say(Reason.GARBAGE)
        logger.debug("a connection to an MCP server broke", exc_info=error)

    def _transport(self) -> AbstractAsyncContextManager[Any]:
        target = self._target
        if target.program is not None:
            return started(target.program, token=target.token, ending=self._ending)
        assert target.judge is not None
        return reached(target.url, token=target.token, judge=target.judge, ending=self._ending)

    async def _until_closed(self) -> None:
        """Return when it is to be closed, has ended, or was not used for long."""
        now = asyncio.get_running_loop().time
        self._used_at = now()
        waits = [asyncio.create_task(wait) for wait in (self._closing.wait(), self._ending.wait())]
        try:
            while not (await asyncio.wait(waits, timeout=self._idle_seconds, return_when="FIRST_COMPLETED"))[
                0
            ]:
                if not self._calls and now() - self._used_at >= self._idle_seconds:
                    self._retired = True
                    return
        finally:
            for wait in waits:
                wait.cancel()

    async def _watch(self, client: Client) -> None:
        """Hear of changed tools where the protocol wants to be asked for that."""
        tools = client.server_capabilities.tools
        if client.protocol_version not in MODERN_PROTOCOL_VERSIONS or not (tools and tools.list_changed):
            return
        try:
            async with client.listen(tools_list_changed=True) as changes:
                async for _ in changes:
                    self._stale = True
        except Exception as error:
            # What is not heard is found out a minute later.
            logger.debug("an MCP server's changes can't be listened to", exc_info=error)

    async def _heard(self, message: object) -> None:
        if isinstance(message, ToolListChangedNotification):
            self._stale = True

    async def _fresh(self) -> Mapping[str, str]:
        age = asyncio.get_running_loop().time() - self._listed_at
        if self._stale or age > FRESH_SECONDS:
            async with self._listing:
                if self._stale or asyncio.get_running_loop().time() - self._listed_at > FRESH_SECONDS:
                    await self._list()
        return self._said

    async def _list(self) -> None:
        assert self._client is not None
        self._stale = False
        said: list[Said] = []
        cursor: str | None = None
        for _ in range(MOST_PAGES):
            page = await self._client.session.list_tools(params=PaginatedRequestParams(cursor=cursor))
            said += [
                Said(name=one.name, description=one.description or "", parameters=one.input_schema)
                for one in page.tools
            ]
            cursor = page.next_cursor
            if cursor is None or len(said) > MOST_TOOLS:
                break
        self._said = {one.name: one.fingerprint for one in said}
        self.definitions = to_definitions(said)
        self._listed_at = asyncio.get_running_loop().time()

    async def _within(self, work: Coroutine[Any, Any, Result], *, seconds: float) -> Result:
        """What the work gives, unless the time is up or the connection ends before."""
        self._calls += 1
        task = asyncio.ensure_future(work)
        ended = asyncio.ensure_future(self._ending.wait())
        try:
            await asyncio.wait({task, ended}, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
            if task.done():
                return self._outcome(task)
            if ended.done():
                raise self._lost()
            raise Silent()
        finally:
            task.cancel()
            ended.cancel()
            await asyncio.gather(task, ended, return_exceptions=True)
            self._calls -= 1
            self._used_at = asyncio.get_running_loop().time()
            if self._retired and not self._calls:
                self._closing.set()

    def _outcome(self, task: asyncio.Future[Result]) -> Result:
        try:
            return task.result()
        except MCPError as error:
            if self._ending.reason is not None:
                raise self._lost() from error
            if error.code == REQUEST_TIMEOUT:
                raise Silent() from error
            if error.code == INVALID_REQUEST and error.message == FORGOTTEN:
                self._ending.say(Reason.DIED)
                raise Lost(Reason.DIED, sent=False) from error
            raise Unwilling(error.message) from error
        except ValidationError as error:
            self._ending.say(Reason.GARBAGE)
            raise self._lost() from error
        except Exception as error:
            self._ending.say(Reason.DIED)
            raise self._lost() from error

    def _lost(self) -> Lost:
        assert self._ending.reason is not None
        return Lost(self._ending.reason, sentence=self._ending.sentence)


def _single(error: BaseException) -> Iterator[BaseException]:
    if isinstance(error, BaseExceptionGroup):
        for one in error.exceptions:
            yield from _single(one)
    else:
        yield error
