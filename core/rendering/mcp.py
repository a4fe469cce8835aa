"""What is said about MCP servers and their tools."""

from __future__ import annotations

from collections.abc import Sequence

from core.rendering.grammar import listed

UNREADABLE = "What was noted of its tools can't be read; connect it again."
MAY_HAVE = "It may have been done all the same, so it was not tried again."
NO_WAY = "Give the address of an MCP server, or else the name of one in the operator's file."
WRONG_READS = "Name the tools that only read, separated by commas."
NO_TOKEN_WORD = "A token is one word of ASCII characters."
TOKEN_REFUSED = "The MCP server doesn't let FlowMate in: its token is missing or wrong."
SHOWN_NAMES = 12


def no_command(command: str) -> str:
    return f"There is no command {command[:60]!r} on FlowMate's machine."


def file_unreadable(name: str) -> str:
    return f"{name} can't be read."


def file_open(name: str) -> str:
    return (
        f"{name} says which commands run here, and others may write it: take that right away with chmod go-w."
    )


def file_wrong(name: str, *, where: str, what: str) -> str:
    place = f" at {where[:100]}" if where else ""
    return f"{name} is wrong{place}: {what[:200]}."


def no_such_program(name: str, *, file: str, known: Sequence[str]) -> str:
    rest = f"; there {'is' if len(known) == 1 else 'are'} {listed(known)}" if known else ""
    return f"There is no server {name[:40]!r} in {file}{rest}."


def died(server: str) -> str:
    return f"The MCP server {server} ended before it had answered."


def unreached(server: str) -> str:
    return f"The MCP server {server} can't be reached."


def silent(server: str, *, seconds: float) -> str:
    return f"The MCP server {server} did not answer within {seconds:g} seconds."


def garbage(server: str) -> str:
    return f"The MCP server {server} sent something that is not MCP."


def flood(server: str) -> str:
    return f"The MCP server {server} sent far too much, so I hung up."


def failed(server: str, *, text: str) -> str:
    return f"The MCP server {server} answered with an error: {text}"


def asked(server: str, *, what: str) -> str:
    return (
        f"The MCP server {server} asked for {what}, which FlowMate gives no server, so the call was not made."
    )


def vanished(server: str, *, tool: str) -> str:
    return f"The MCP server {server} no longer has the tool {tool}."


def changed(server: str, *, tool: str) -> str:
    return (
        f"Denied: the MCP server {server} describes {tool} differently than when it was connected. "
        "Whoever runs FlowMate looks at it, and connects the server again if all is well."
    )


def not_connected(server: str, *, workspace: str) -> str:
    return (
        f"Denied: the MCP server {server} isn't connected here; whoever runs FlowMate connects it by saying "
        f"`connect mcp {server}` here, or with `flowmate integrations connect mcp --name {server} "
        f"--workspace {workspace}`."
    )


def nothing_pinned(server: str) -> str:
    return (
        f"Denied: the MCP server {server} could not be reached when it was connected, so its tools are not known; "
        "whoever runs FlowMate connects it again."
    )


def unknown_tool(server: str, *, tool: str) -> str:
    return f"Denied: the MCP server {server} had no tool {tool} when it was connected."


def tools_seen(names: Sequence[str]) -> str:
    """What an administrator is told on connecting."""
    if not names:
        return "It answers, and has no tools that FlowMate can use."
    shown = [
        *names[:SHOWN_NAMES],
        *([f"{len(names) - SHOWN_NAMES} more"] if len(names) > SHOWN_NAMES else []),
    ]
    return f"It has {len(names)} tool{'s' if len(names) > 1 else ''}: {listed(shown)}."


def tools_differ(*, changed: Sequence[str], gone: Sequence[str], new: Sequence[str]) -> str:
    """What has become of the tools since they were pinned."""
    parts = [
        f"{said} {listed(names[:SHOWN_NAMES])}"
        for said, names in (("changed:", changed), ("gone:", gone), ("new:", new))
        if names
    ]
    what = "; ".join(parts)
    return (
        f"Its tools are not what they were when it was connected ({what}). Connect it again to accept that."
    )


def unread_reads(names: Sequence[str]) -> str:
    return f"It has no tool {listed(names)}, which you named among those that only read."


def omitted(what: str, *, size: int) -> str:
    return f"[{what}, {size:,} bytes, not shown]"
