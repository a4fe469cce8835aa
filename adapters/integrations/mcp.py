"""A server of the Model Context Protocol: at an address, or one that the operator's file lets FlowMate start.

Which commands run on FlowMate's machine is said in that file alone; here one is named.
"""

from __future__ import annotations

import asyncio
import importlib
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from adapters.integrations import KindParts
from adapters.integrations.addresses import check_url
from adapters.mcp.names import KIND, PINNED
from adapters.web import SignedFetcher
from core.errors import InvalidIntegration, ToolFailed
from core.ports.integrations import Field
from core.rendering import mcp as words

if TYPE_CHECKING:
    from adapters.mcp.definitions import Definition


class Mcp:
    """What it says of its tools is seen and pinned when it is connected."""

    name: str = KIND
    title: str = "An MCP server"
    fields: tuple[Field, ...] = (
        Field(name="url", title="address (or else a server of the operator's file)", required=False),
        Field(name="token", title="token", secret=True, required=False),
        Field(name="server", title="server's name in the operator's file", required=False),
        Field(name="reads", title="tools that only read, separated by commas", required=False),
    )

    def __init__(self, fetch: SignedFetcher, *, programs: Path) -> None:
        self._fetch = fetch
        self._programs = programs

    def check(self, values: Mapping[str, str]) -> None:
        if ("url" in values) == ("server" in values):
            raise InvalidIntegration(words.NO_WAY, field="fields.url")
        if "url" in values:
            check_url(values["url"], field="fields.url")
        token = values.get("token", "")
        if not token.isascii() or any(c.isspace() for c in token):
            raise InvalidIntegration(words.NO_TOKEN_WORD, field="fields.token")

    async def learn(self, values: Mapping[str, str]) -> tuple[Mapping[str, str], str]:
        """See Learns.learn."""
        definitions = await self._seen(values)
        from adapters.mcp.definitions import pack
        from adapters.mcp.targets import to_reads

        names = [one.name for one in definitions]
        note = words.tools_seen(names)
        if unread := sorted(to_reads(values) - set(names)):
            note = f"{note} {words.unread_reads(unread)}"
        return {PINNED: pack(definitions)}, note

    async def test(self, values: Mapping[str, str]) -> str:
        """Look whether its tools are still those that were pinned."""
        definitions = await self._seen(values)
        from adapters.mcp.definitions import unpack

        now = {one.name: one.fingerprint for one in definitions}
        pinned = {one.name: one.fingerprint for one in unpack(values.get(PINNED, "[]"))}
        if now != pinned:
            raise ToolFailed(
                words.tools_differ(
                    changed=sorted(name for name in now if name in pinned and now[name] != pinned[name]),
                    gone=sorted(set(pinned) - set(now)),
                    new=sorted(set(now) - set(pinned)),
                )
            )
        return words.tools_seen(sorted(now))

    async def _seen(self, values: Mapping[str, str]) -> tuple[Definition, ...]:
        # Loading the protocol's library takes a second, in which other requests go on.
        await asyncio.to_thread(importlib.import_module, "adapters.mcp.looking")
        from adapters.mcp.looking import look

        return await look(values, programs=self._programs, judge=self._fetch.addresses)


def build(parts: KindParts) -> Mcp:
    return Mcp(parts.fetch, programs=parts.programs or parts.data_dir / "mcp.json")
