"""Which integrations the tools of an agent need, and which of them are missing: at a call, and before there is one."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from core.models import Agent
from core.ports.integrations import Access, Missing
from core.ports.tool import DoesWithout, Tool, ToolSource, Unusable, to_sourced
from core.rendering import integrations as words


async def integration_for(
    tool: Tool[Any], *, agent: Agent, workspace: str, access: Access | None
) -> str | Missing:
    """The id of the integration that this agent's calls use here, empty where they go without; or why there is none.

    Without `access`, no integration is connected. Raises StoreUnavailable.
    """
    if tool.integration is None:
        return ""
    found: str | Missing = Missing.NOT_CONNECTED
    if access is not None:
        found = await access.find(workspace, tool.integration, given=agent.integrations)
    if isinstance(found, Missing) and isinstance(tool, DoesWithout) and tool.does_without:
        return ""
    return found


class Needs:
    """Looks at an agent before it runs, and says what a run would be denied, in the same sentences."""

    def __init__(
        self,
        *,
        tools: Callable[[], Mapping[str, Tool[Any]]],
        access: Access | None = None,
        source: ToolSource | None = None,
    ) -> None:
        """`tools` may take its time: a process that runs no agents has not loaded any before it is asked."""
        self._tools = tools
        self._access = access
        self._source = source

    async def unusable(self, tools: Sequence[str], *, workspace: str) -> Mapping[str, Unusable]:
        """Of those tools that integrations bring, which can't be called here. Raises StoreUnavailable."""
        sourced = [name for name in tools if to_sourced(name) is not None]
        if not sourced or self._source is None:
            return {}
        return await self._source.unusable(sourced, workspace=workspace)

    async def choices(self, tools: Sequence[str], *, workspace: str) -> Mapping[str, tuple[str, ...]]:
        """By tool, what an agent may be given for it here; without tools for which nothing is connected, or that use
        nothing. Raises StoreUnavailable."""
        plain = [name for name in tools if to_sourced(name) is None]
        names = await self._access.names(workspace) if self._access is not None and plain else {}
        if not names:
            return {}
        known = await asyncio.to_thread(self._tools)
        kinds = {name: known[name].integration for name in plain if name in known}
        return {name: names[kind] for name, kind in kinds.items() if kind is not None and kind in names}

    async def unmet(self, agent: Agent, *, workspace: str) -> tuple[str, ...]:
        """A sentence for each integration that is missing here, saying how to mend that. Raises StoreUnavailable."""
        found: dict[str, str] = {}
        plain = [name for name in agent.tools if to_sourced(name) is None]
        tools = await asyncio.to_thread(self._tools) if plain else {}
        for tool in (tools[name] for name in plain if name in tools):
            missing = await integration_for(tool, agent=agent, workspace=workspace, access=self._access)
            if not isinstance(missing, Missing) or (kind := tool.integration) is None:
                continue
            # Who was given nothing at all would be denied again once it is connected.
            reasons = [missing] if agent.integrations else [missing, Missing.NOT_GIVEN]
            for reason in reasons:
                said = words.needs(reason, tool=tool.name, kind=kind, agent=agent.name, workspace=workspace)
                found.setdefault(said, said)
        for one in (await self.unusable(agent.tools, workspace=workspace)).values():
            found.setdefault(one.reason, words.beforehand(one.reason))
        return tuple(found.values())
