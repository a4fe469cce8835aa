"""What can be set about MCP servers: a part of the one class of settings."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field
from pydantic_settings import BaseSettings


class McpSettings(BaseSettings):
    """Which programs may be started as servers."""

    flowmate_mcp_file: Path | None = Field(
        None,
        description="the MCP servers that may be started on this machine; default: mcp.json in the data folder",
    )
