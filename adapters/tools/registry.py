"""Finds the tools: every module of this package that has a `build`."""

from __future__ import annotations

import importlib
import pkgutil
from typing import Any

import adapters.tools
from adapters.tools import ToolParts
from core.errors import ConfigurationError
from core.ports.tool import Tool

__all__ = ["ToolParts", "build_tools", "tool_names"]


def tool_names() -> frozenset[str]:
    """The names of all tools, without loading any: a tool's file is called like it."""
    return frozenset(module.name for module in pkgutil.iter_modules(adapters.tools.__path__)) - {"registry"}


def build_tools(parts: ToolParts) -> dict[str, Tool[Any]]:
    """Every tool by its name. Raises ConfigurationError where two files make tools of one name."""
    tools: dict[str, Tool[Any]] = {}
    for found in sorted(pkgutil.iter_modules(adapters.tools.__path__), key=lambda module: module.name):
        build = getattr(importlib.import_module(f"{adapters.tools.__name__}.{found.name}"), "build", None)
        if build is None:
            continue
        tool: Tool[Any] = build(parts)
        if tool.name in tools:
            raise ConfigurationError(
                f"adapters/tools/{found.name}.py: there is a tool named {tool.name} already."
            )
        tools[tool.name] = tool
    return tools
