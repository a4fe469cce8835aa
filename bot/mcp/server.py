"""The calls as tools of a server of the official SDK."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from mcp.server.lowlevel import Server
from mcp_types import (
    CallToolRequestParams,
    CallToolResult,
    ListToolsResult,
    PaginatedRequestParams,
    TextContent,
    Tool,
    ToolAnnotations,
)
from pydantic import BaseModel, ValidationError

from bot.http.problems import Problem, to_problem
from bot.mcp.calls import Delegate, Desk, GetDelegation, ListAgents, make
from core.errors import FlowMateError

CALLS: Mapping[str, type[BaseModel]] = {
    "delegate": Delegate,
    "list_agents": ListAgents,
    "get_delegation": GetDelegation,
}
INSTRUCTIONS = "FlowMate delegates one instruction to its micro agents and gives one answer."
MOST_PROBLEMS = 5


def build_server(desk_of: Callable[[Any], Desk]) -> Server[Any]:
    """A server whose calls go to the desk for the request they came with (None where there is no HTTP request)."""

    async def list_tools(ctx: Any, params: PaginatedRequestParams | None) -> ListToolsResult:
        return ListToolsResult(tools=[_tool(name, call) for name, call in CALLS.items()])

    async def call_tool(ctx: Any, params: CallToolRequestParams) -> CallToolResult:
        call = CALLS.get(params.name)
        if call is None:
            return _refused(f"There is no tool {params.name[:60]!r}; there are {', '.join(CALLS)}.")
        try:
            given = await make(call.model_validate(params.arguments or {}), desk_of(ctx.request))
        except ValidationError as error:
            return _refused(_problems(error))
        except Problem as problem:
            return _refused(problem.detail)
        except FlowMateError as error:
            return _refused(to_problem(error).detail)
        return CallToolResult(
            content=[TextContent(type="text", text=given.text)], structured_content=given.data
        )

    return Server(
        "flowmate",
        version="0.1.0",
        title="FlowMate",
        instructions=INSTRUCTIONS,
        on_list_tools=list_tools,
        on_call_tool=call_tool,
    )


def _tool(name: str, call: type[BaseModel]) -> Tool:
    return Tool(
        name=name,
        description=" ".join((call.__doc__ or "").split()),
        input_schema=call.model_json_schema(),
        annotations=ToolAnnotations(read_only_hint=call is not Delegate),
    )


def _refused(sentence: str) -> CallToolResult:
    return CallToolResult(content=[TextContent(type="text", text=sentence)], is_error=True)


def _problems(error: ValidationError) -> str:
    shown = error.errors(include_url=False, include_input=False, include_context=False)[:MOST_PROBLEMS]
    parts = [f"{'.'.join(str(part) for part in one['loc'])[:60]}: {one['msg'][:200]}" for one in shown]
    return "The arguments don't fit. " + "; ".join(parts)
