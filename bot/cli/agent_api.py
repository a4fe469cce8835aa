"""The API's part about agents, as `flowmate agents` talks to it."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from bot.cli.bodies import AgentVersions, AgentWhole
from bot.cli.client import AGENTS, Api


class AgentApi(Api):
    """The running service, for whoever makes agents. Every method may raise CallFailed or Unreachable."""

    async def agent(self, name: str) -> AgentWhole:
        return self._read(AgentWhole, await self._call("GET", f"{AGENTS}/{quote(name, safe='')}"))

    async def agent_versions(self, name: str) -> tuple[AgentWhole, ...]:
        text = await self._call("GET", f"{AGENTS}/{quote(name, safe='')}/versions")
        return self._read(AgentVersions, text).versions

    async def make_agent(self, fields: dict[str, Any]) -> AgentWhole:
        return self._read(AgentWhole, await self._call("POST", AGENTS, json=fields))

    async def change_agent(
        self, name: str, fields: dict[str, Any], *, version: int | None, whole: bool = False
    ) -> AgentWhole:
        """A new version; with `version`, only where that one is still the current one."""
        seen = {"If-Match": f'"{version}"'} if version is not None else {}
        path = f"{AGENTS}/{quote(name, safe='')}"
        method = "PUT" if whole else "PATCH"
        return self._read(AgentWhole, await self._call(method, path, json=fields, headers=seen))

    async def delete_agent(self, name: str) -> AgentWhole:
        return self._read(AgentWhole, await self._call("DELETE", f"{AGENTS}/{quote(name, safe='')}"))
