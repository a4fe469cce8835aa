"""The tools of a workspace's MCP servers, as an agent lists them."""

from __future__ import annotations

import asyncio
import importlib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from adapters.mcp.names import EVERY, KIND, PINNED, for_models
from adapters.web import SignedFetcher
from core.errors import ConfigurationError, NotFound, PermanentError
from core.models.integration import Integration
from core.ports.integrations import Credentials
from core.ports.tool import Effect, Tool, Unusable, to_sourced
from core.rendering import mcp as words

if TYPE_CHECKING:
    from adapters.mcp.definitions import Definition
    from adapters.mcp.tool import Wiring


class Desk(Credentials, Protocol):
    """Which integrations a workspace has, and what they hold."""

    async def listed(self, workspace: str) -> tuple[Integration, ...]: ...


class Pinned(NamedTuple):
    """An integration, opened, and what its server said of its tools when it was connected, by name."""

    values: Mapping[str, str]
    tools: Mapping[str, Definition]


class McpTools:
    """Finds tools in what was pinned: no server is asked before one of its tools is called."""

    def __init__(self, desk: Desk, *, fetch: SignedFetcher, programs: Path) -> None:
        self._desk = desk
        self._fetch = fetch
        self._programs = programs
        self._wiring: Wiring | None = None

    async def found(self, names: Sequence[str], *, workspace: str) -> Mapping[str, Tool[Any]]:
        """See ToolSource.found."""
        wanted: dict[str, list[str]] = {}
        for named in filter(None, map(to_sourced, names)):
            wanted.setdefault(named.integration, []).append(named.tool)
        if self._wiring is None:
            # The protocol's library takes a second to load, and 40 MB, which those without servers go without.
            await asyncio.to_thread(importlib.import_module, "adapters.mcp.tool")
        wiring = self._wiring = self._wiring or self._wired()
        connected = {one.name: one for one in await self._desk.listed(workspace) if one.kind == KIND}
        tools: dict[str, Tool[Any]] = {}
        for server, listed in wanted.items():
            if server in connected:
                found = await self._of(connected[server], listed, wiring)
            else:
                wiring.pool.drop((workspace, server))
                found = _unavailable(server, listed, reason=words.not_connected(server, workspace=workspace))
            for tool in found:
                tools.setdefault(tool.name, tool)
        return tools

    async def unusable(self, names: Sequence[str], *, workspace: str) -> Mapping[str, Unusable]:
        """See ToolSource.unusable. No server is asked, and the protocol's library is not loaded."""
        await asyncio.to_thread(importlib.import_module, "adapters.mcp.definitions")
        connected = {one.name: one for one in await self._desk.listed(workspace) if one.kind == KIND}
        found: dict[str, Unusable] = {}
        for entry in names:
            named = to_sourced(entry)
            if named is None:
                continue
            server, tool = named
            if server not in connected:
                found[entry] = Unusable(words.not_connected(server, workspace=workspace))
                continue
            pinned = await self._pinned(connected[server])
            if isinstance(pinned, str):
                found[entry] = Unusable(pinned)
            elif tool not in (EVERY, *pinned.tools):
                found[entry] = Unusable(words.unknown_tool(server, tool=tool), known=tuple(pinned.tools))
        return found

    async def aclose(self) -> None:
        """End every connection, and every server that was started. Safe to repeat."""
        if self._wiring is not None:
            await self._wiring.pool.aclose()

    async def _of(self, one: Integration, listed: list[str], wiring: Wiring) -> Iterable[Tool[Any]]:
        from adapters.mcp.targets import to_reads
        from adapters.mcp.tool import McpTool

        found = await self._pinned(one)
        if isinstance(found, str):
            return _unavailable(one.name, listed, reason=found)
        pinned, reads = found.tools, to_reads(found.values)
        chosen = (
            list(pinned) if EVERY in listed else [name for name in dict.fromkeys(listed) if name in pinned]
        )
        tools: list[Tool[Any]] = [
            McpTool(
                pinned[name], where=one, effect=Effect.READ if name in reads else Effect.WRITE, wiring=wiring
            )
            for name in chosen
        ]
        unknown = [name for name in listed if name not in pinned and name != EVERY]
        for name in unknown:
            tools += _unavailable(one.name, [name], reason=words.unknown_tool(one.name, tool=name))
        return tools

    async def _pinned(self, one: Integration) -> Pinned | str:
        """What was noted when the server was connected, or why nothing of it can be used."""
        from adapters.mcp.definitions import unpack

        try:
            values = await self._desk.open(one.workspace, one.id)
            if PINNED not in values:
                return words.nothing_pinned(one.name)
            return Pinned(values, {tool.name: tool for tool in unpack(values[PINNED])})
        except NotFound:
            return words.not_connected(one.name, workspace=one.workspace)
        except (PermanentError, ConfigurationError) as error:
            return error.sentence

    def _wired(self) -> Wiring:
        from adapters.mcp.pool import Pool
        from adapters.mcp.tool import Wiring

        return Wiring(
            pool=Pool(), credentials=self._desk, programs=self._programs, judge=self._fetch.addresses
        )


def _unavailable(server: str, listed: list[str], *, reason: str) -> list[Tool[Any]]:
    from adapters.mcp.tool import Unavailable

    spoken = ["tools" if tool == EVERY else tool for tool in listed]
    return [Unavailable(for_models(server, tool), reason=reason) for tool in spoken]
