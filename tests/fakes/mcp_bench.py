"""An integration desk with MCP servers, and the tools that come of them, for tests."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from adapters.integrations.mcp import Mcp
from adapters.mcp.source import McpTools
from adapters.web.fetch import GuardedFetcher
from core.integrations.desk import IntegrationDesk, Wanted
from core.integrations.masking import KnownSecrets
from core.memory.clock import ManualClock
from core.memory.integrations import InMemoryIntegrations
from core.memory.vault import InMemoryVault
from core.models.integration import Integration
from core.ports.tool import Tool, ToolOutput
from tests.fakes.agent_bench import task

PROGRAM = Path(__file__).parents[1] / "counterparts" / "mcp_program.py"
WORKSPACE = "w"


class McpBench:
    """Everything between an agent's list of tools and a server, on a desk in memory."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.log = folder / "server.log"
        self.log.touch()
        self.programs = folder / "mcp.json"
        fetch = GuardedFetcher(allow=("127.0.0.1",))
        integrations = InMemoryIntegrations()
        self.desk = IntegrationDesk(
            integrations=integrations,
            vault=InMemoryVault(),
            kinds={"mcp": Mcp(fetch, programs=self.programs)},
            clock=ManualClock(),
            known=KnownSecrets(),
        )
        self.source = McpTools(self.desk, fetch=fetch, programs=self.programs)

    def write(self, **servers: Mapping[str, Any]) -> None:
        """The operator's file."""
        self.programs.write_text(json.dumps({"mcpServers": servers}))
        self.programs.chmod(0o600)

    async def connect(self, name: str = "odd", *, workspace: str = WORKSPACE, **fields: str) -> Integration:
        wanted = Wanted(kind="mcp", name=name, values=fields)
        return await self.desk.connect(workspace, wanted, by="admin")

    async def start(self, mode: str, **fields: str) -> Integration:
        """Connect the counterpart in this mode, under the name `odd`."""
        self.write(odd={"command": sys.executable, "args": ["-I", "-S", str(PROGRAM), mode, str(self.log)]})
        return await self.connect("odd", server="odd", **fields)

    async def tools(self, *names: str, workspace: str = WORKSPACE) -> dict[str, Tool[Any]]:
        return dict(await self.source.found(names, workspace=workspace))

    async def call(self, tool: Tool[Any], **arguments: Any) -> ToolOutput:
        parsed = tool.arguments.model_validate_json(json.dumps(arguments), strict=True)
        return await tool.run(parsed, task=task(), idempotency_key="k")

    def noted(self, word: str) -> list[str]:
        """What the counterpart wrote down under this word."""
        lines = self.log.read_text().splitlines()
        return [line.removeprefix(f"{word} ") for line in lines if line.startswith(f"{word} ")]


@asynccontextmanager
async def mcp_bench(folder: Path) -> AsyncIterator[McpBench]:
    bench = McpBench(folder)
    try:
        yield bench
    finally:
        await bench.source.aclose()


async def gone(pid: int) -> bool:
    """Whether the process ends within some seconds; one that is only not waited for counts as there."""
    for _ in range(300):
        if not Path(f"/proc/{pid}").exists():
            return True
        await asyncio.sleep(0.01)
    return False
