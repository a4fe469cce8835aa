"""A tool of a server, as agents call it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from mcp_types import InputRequiredResult
from pydantic import BaseModel

from adapters.mcp.answers import asked_for, to_text
from adapters.mcp.arguments import Arguments, texts_in, to_arguments
from adapters.mcp.connection import Answer, Connection
from adapters.mcp.definitions import Definition, unpack
from adapters.mcp.ending import Lost, Reason, Silent, Unwilling
from adapters.mcp.http import Judge
from adapters.mcp.names import PINNED, for_models
from adapters.mcp.pool import Pool
from adapters.mcp.targets import to_reads, to_target
from core.addresses import spelled_out
from core.agent_loop.prompt import as_data
from core.errors import Denied, NotFound, ToolFailed
from core.models import Task
from core.ports.integrations import Credentials
from core.ports.tool import Effect, ToolOutput
from core.rendering import mcp as words

CALL_SECONDS = 20.0
LONGEST_ERROR = 500
ATTEMPTS = 2


@dataclass(frozen=True)
class Wiring:
    """What all tools of this process share."""

    pool: Pool
    credentials: Credentials
    programs: Path
    judge: Judge
    call_seconds: float = CALL_SECONDS


class Where(Protocol):
    """The integration that a tool belongs to."""

    @property
    def workspace(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def id(self) -> str: ...


class McpTool:
    """One tool as it was pinned. What its server says now is looked at before each call."""

    untrusted: bool = True
    integration: str | None = None
    """It belongs to one integration of one workspace, which is opened again at each call."""
    verbatim: bool = False

    def __init__(self, definition: Definition, *, where: Where, effect: Effect, wiring: Wiring) -> None:
        """Raises ValueError where the definition's schema is none."""
        self.name = for_models(where.name, definition.name)
        self.description = as_data(
            definition.description or definition.name, source=f"MCP server {where.name}, of its own tool"
        )
        self.arguments: type[BaseModel] = to_arguments(definition)
        self.effect = effect
        self._definition = definition
        self._where = where
        self._wiring = wiring

    def parse(self, task: Task) -> None:
        """Only a model can read what it is for."""

    def named_by(self, arguments: BaseModel) -> tuple[str, ...]:
        """Nothing is known of what its arguments do."""
        return ()

    def reaches(self, arguments: BaseModel) -> tuple[str, ...]:
        """Its server may fetch whatever it is given: every address that says so itself, anywhere in the arguments."""
        assert isinstance(arguments, Arguments)
        return tuple(address for text in texts_in(arguments.root) for address in spelled_out(text))

    async def run(self, arguments: BaseModel, *, task: Task, idempotency_key: str) -> ToolOutput:
        """Raises ToolFailed, Denied and StoreUnavailable; a write whose outcome isn't known is never made again."""
        assert isinstance(arguments, Arguments)
        for attempt in range(1, ATTEMPTS + 1):
            try:
                answer = await self._call(await self._values(), arguments)
            except Lost as error:
                again = attempt < ATTEMPTS and error.reason in (Reason.DIED, Reason.CLOSED)
                if again and (not error.sent or self.effect is Effect.READ):
                    continue
                raise ToolFailed(self._said(error)) from error
            return self._output(answer)
        raise AssertionError("the last attempt returns or raises")

    async def _call(self, values: Mapping[str, str], arguments: Arguments) -> Answer:
        where, seconds = self._where, self._wiring.call_seconds
        key = (where.workspace, where.name)
        connection = await self._connected(values)
        try:
            async with asyncio.timeout(seconds):
                now = await connection.fingerprint(self._definition.name)
        except (TimeoutError, Silent) as error:
            self._wiring.pool.drop(key)
            raise ToolFailed(words.silent(where.name, seconds=seconds)) from error
        except Unwilling as error:
            raise ToolFailed(self._failed(error)) from error
        if now is None:
            raise ToolFailed(words.vanished(where.name, tool=self._definition.name))
        if now != self._definition.fingerprint:
            raise Denied(words.changed(where.name, tool=self._definition.name))
        try:
            return await connection.call(self._definition.name, arguments.root, seconds=seconds)
        except Silent as error:
            # Whether it still lives isn't known: the next call talks to a new one.
            self._wiring.pool.drop(key)
            raise ToolFailed(self._doubtful(words.silent(where.name, seconds=seconds))) from error
        except Unwilling as error:
            raise ToolFailed(self._failed(error)) from error

    async def _connected(self, values: Mapping[str, str]) -> Connection:
        where, wiring = self._where, self._wiring
        target = to_target(values, programs=wiring.programs, judge=wiring.judge)
        try:
            return await wiring.pool.connection((where.workspace, where.name), target)
        except Silent as error:
            raise ToolFailed(words.unreached(where.name)) from error
        except Unwilling as error:
            raise ToolFailed(self._failed(error)) from error

    async def _values(self) -> Mapping[str, str]:
        """The integration's values as they are now. Raises Denied where it was revoked, or connected anew meanwhile."""
        where = self._where
        try:
            values = await self._wiring.credentials.open(where.workspace, where.id)
        except NotFound as error:
            self._wiring.pool.drop((where.workspace, where.name))
            raise Denied(words.not_connected(where.name, workspace=where.workspace)) from error
        pinned = {one.name: one.fingerprint for one in unpack(values.get(PINNED, "[]"))}
        if pinned.get(self._definition.name) != self._definition.fingerprint:
            raise Denied(words.changed(where.name, tool=self._definition.name))
        if self.effect is Effect.READ and self._definition.name not in to_reads(values):
            raise Denied(words.changed(where.name, tool=self._definition.name))
        return values

    def _output(self, answer: Answer) -> ToolOutput:
        if isinstance(answer, InputRequiredResult):
            raise ToolFailed(words.asked(self._where.name, what=asked_for(answer)))
        text = to_text(answer)
        if answer.is_error:
            raise ToolFailed(words.failed(self._where.name, text=text[:LONGEST_ERROR]))
        return ToolOutput(text=text)

    def _said(self, error: Lost) -> str:
        sentence = error.sentence or lost(error.reason, server=self._where.name, sent=error.sent)
        return self._doubtful(sentence) if error.sent else sentence

    def _failed(self, error: Unwilling) -> str:
        return words.failed(self._where.name, text=str(error)[:LONGEST_ERROR])

    def _doubtful(self, sentence: str) -> str:
        return f"{sentence} {words.MAY_HAVE}" if self.effect is Effect.WRITE else sentence


class Unavailable:
    """Stands for tools that an agent lists and that can't be called here; calling it tells why, and is denied."""

    untrusted: bool = False
    integration: str | None = None
    effect: Effect = Effect.READ
    """Nobody is asked for a yes to what can't be done."""
    description: str = "Can't be called as things are; a call says why."

    class Anything(BaseModel):
        """Whatever a model gives it."""

    def __init__(self, name: str, *, reason: str) -> None:
        self.name = name
        self.arguments: type[BaseModel] = self.Anything
        self._reason = reason

    def parse(self, task: Task) -> None:
        """Never."""

    def named_by(self, arguments: BaseModel) -> tuple[str, ...]:
        return ()

    async def run(self, arguments: BaseModel, *, task: Task, idempotency_key: str) -> ToolOutput:
        """Raises Denied."""
        raise Denied(self._reason)


def lost(reason: Reason, *, server: str, sent: bool = True) -> str:
    """One sentence on a connection that ended."""
    match reason:
        case Reason.GARBAGE:
            return words.garbage(server)
        case Reason.FLOOD:
            return words.flood(server)
    return words.died(server) if sent else words.unreached(server)
