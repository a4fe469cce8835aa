"""Tools of MCP servers: the official reference server, the SDK's own over HTTP, and a program that misbehaves."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import uvicorn
from mcp.server.mcpserver import Context, MCPServer
from pydantic import ValidationError
from starlette.types import ASGIApp

import adapters.mcp.connection
from adapters.mcp.pool import Pool
from adapters.mcp.tool import McpTool, Wiring
from core.errors import Denied, FlowMateError, InvalidIntegration, ToolFailed
from core.ports.tool import Effect
from tests.fakes.mcp_bench import PROGRAM, McpBench, gone, mcp_bench

TOKEN = "invented-token-of-nobody"
DOUBT = "It may have been done all the same"


@pytest.fixture
async def bench(tmp_path: Path) -> AsyncIterator[McpBench]:
    async with mcp_bench(tmp_path) as made:
        yield made


async def outcome(bench: McpBench, *, times: int = 1) -> list[str]:
    """What calling the counterpart's tool gives, each time."""
    tool = next(iter((await bench.tools("mcp:odd:echo")).values()))
    found = []
    for _ in range(times):
        try:
            found.append((await bench.call(tool, words="tea")).text)
        except (ToolFailed, Denied) as error:
            found.append(f"{type(error).__name__}: {error.sentence}")
    return found


@pytest.mark.parametrize(
    ("mode", "first", "second"),
    [
        ("good", "tea", "tea"),
        ("chatty", "tea", "tea"),
        ("dies", "ToolFailed: The MCP server odd ended", "ToolFailed: The MCP server odd ended"),
        ("dies_once", "ToolFailed: The MCP server odd ended", "tea"),
        ("garbage", "sent something that is not MCP", "sent something that is not MCP"),
        ("wrong", "sent something that is not MCP", "sent something that is not MCP"),
        ("long_line", "sent far too much", "sent far too much"),
        ("many_lines", "sent far too much", "sent far too much"),
        ("error", "answered with an error: out of tea", "out of tea"),
        ("tool_error", "answered with an error: no tea", "no tea"),
        ("sampling", "refused", "refused"),
        ("elicitation", "refused", "refused"),
        ("roots", "refused", "refused"),
        ("vanishes", "tea", "ToolFailed: The MCP server odd no longer has the tool echo."),
        ("changes", "tea", "Denied: Denied: the MCP server odd describes echo differently"),
        ("changes_arguments", "tea", "Denied: Denied: the MCP server odd describes echo differently"),
    ],
)
async def test_whatever_a_server_does_gets_one_sentence(
    bench: McpBench, mode: str, first: str, second: str
) -> None:
    connected = await bench.start(mode)
    assert connected.test is not None
    assert connected.test.passed
    one, other = await outcome(bench, times=2)
    assert first in one
    assert second in other
    if "ended" in one or "not MCP" in one or "too much" in one:
        assert DOUBT in one
    await bench.source.aclose()
    for life in bench.noted("life"):
        assert await gone(int(life))


@pytest.mark.parametrize(
    ("mode", "sentence"),
    [
        ("never_starts", "The MCP server odd can't be reached."),
        ("not_mcp", "The MCP server odd sent something that is not MCP."),
        ("dumb", "The MCP server odd can't be reached."),
    ],
)
async def test_a_server_that_is_none_is_connected_without_tools_and_says_so(
    bench: McpBench, monkeypatch: pytest.MonkeyPatch, mode: str, sentence: str
) -> None:
    monkeypatch.setattr(adapters.mcp.connection, "OPEN_SECONDS", 1.0)
    connected = await bench.start(mode)
    assert connected.test is not None
    assert (connected.test.passed, connected.test.note) == (False, sentence)
    (said,) = await outcome(bench)
    assert said.startswith("Denied: Denied: the MCP server odd could not be reached when it was connected")
    assert await gone(int(bench.noted("life")[0]))


async def test_a_call_that_hangs_ends_in_time_and_the_next_one_talks_to_a_new_server(bench: McpBench) -> None:
    await bench.start("hangs")
    tool = next(iter((await bench.tools("mcp:odd:*")).values()))
    assert isinstance(tool, McpTool)
    wiring = tool._wiring
    tool._wiring = Wiring(wiring.pool, wiring.credentials, wiring.programs, wiring.judge, call_seconds=0.3)
    for lives in (2, 3):
        with pytest.raises(ToolFailed, match=r"did not answer within 0\.3 seconds\. It may have been done"):
            await bench.call(tool, words="tea")
        assert len(bench.noted("life")) == lives
    assert await gone(int(bench.noted("life")[1]))


async def test_a_tool_that_only_reads_is_called_again_when_its_server_died(bench: McpBench) -> None:
    await bench.start("dies_once", reads="echo")
    assert await outcome(bench) == ["tea"]
    assert len(bench.noted("call")) == 2


async def test_calls_at_once_share_one_server(bench: McpBench) -> None:
    await bench.start("good")
    tool = (await bench.tools("mcp:odd:echo"))["mcp__odd__echo"]
    outputs = await asyncio.gather(*(bench.call(tool, words=f"tea{n}") for n in range(20)))
    assert [output.text for output in outputs] == [f"tea{n}" for n in range(20)]
    # One to look at it, one for the calls.
    assert len(bench.noted("life")) == 2


async def test_arguments_that_do_not_fit_never_reach_the_server(bench: McpBench) -> None:
    await bench.start("good")
    tool = (await bench.tools("mcp:odd:echo"))["mcp__odd__echo"]
    for wrong in ({}, {"words": "x" * 21}, {"words": "x", "times": 0}, {"words": "x", "more": 1}):
        with pytest.raises(ValidationError):
            await bench.call(tool, **wrong)
    assert bench.noted("call") == []


async def test_a_server_is_offered_nothing_and_told_nothing_of_ours(
    bench: McpBench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("INTEGRATION_ENC_KEY", "invented-key-of-nobody")
    await bench.start("good")
    assert bench.noted("capabilities") == ["{}"]
    assert "INTEGRATION_ENC_KEY" not in bench.noted("environment")[0]


async def test_the_hint_of_a_server_that_a_tool_only_reads_counts_nothing(bench: McpBench) -> None:
    await bench.start("good")
    assert (await bench.tools("mcp:odd:echo"))["mcp__odd__echo"].effect is Effect.WRITE
    await bench.start("good", reads="echo, other")
    tool = (await bench.tools("mcp:odd:echo"))["mcp__odd__echo"]
    assert (tool.effect, tool.untrusted) == (Effect.READ, True)


async def test_descriptions_are_shown_as_data_as_they_were_pinned(bench: McpBench) -> None:
    await bench.start("changes")
    await outcome(bench)
    tool = (await bench.tools("mcp:odd:echo"))["mcp__odd__echo"]
    assert tool.description.startswith('<data from="MCP server odd')
    assert "mallory" not in tool.description
    # Connecting it again is what accepts the new words.
    bench.log.write_text("again\n")
    connected = await bench.desk.test("w", (await bench.desk.listed("w"))[0].id)
    assert connected.test is not None
    assert connected.test.note == (
        "Its tools are not what they were when it was connected (changed: echo). Connect it again to accept that."
    )
    await bench.connect("odd", server="odd")
    assert "mallory" in (await bench.tools("mcp:odd:echo"))["mcp__odd__echo"].description
    with pytest.raises(Denied, match="differently"):
        await bench.call(tool, words="tea")


async def test_revoking_ends_what_is_open_and_denies_the_next_call(bench: McpBench) -> None:
    connected = await bench.start("good")
    tool = (await bench.tools("mcp:odd:echo"))["mcp__odd__echo"]
    assert (await bench.call(tool, words="tea")).text == "tea"
    await bench.desk.revoke("w", connected.id)
    with pytest.raises(Denied, match="isn't connected here"):
        await bench.call(tool, words="tea")
    assert await gone(int(bench.noted("life")[-1]))


async def test_another_workspace_has_no_part_in_it(bench: McpBench) -> None:
    await bench.start("good")
    (tool,) = (await bench.tools("mcp:odd:*", workspace="other")).values()
    with pytest.raises(Denied, match="connect mcp odd"):
        await tool.run(tool.arguments(), task=None, idempotency_key="k")  # type: ignore[arg-type]
    assert bench.noted("call") == []


async def test_only_the_operator_s_file_says_what_may_be_started(bench: McpBench) -> None:
    bench.write(odd={"command": sys.executable})
    connected = await bench.connect("other", server="other")
    assert connected.test is not None
    assert connected.test.note == "There is no server 'other' in mcp.json; there is odd."
    for fields in ({"command": "sh"}, {"server": "odd", "url": "https://example.org/mcp"}, {}):
        with pytest.raises(InvalidIntegration):
            await bench.connect("x", **fields)


async def test_a_private_address_is_never_connected_to(bench: McpBench) -> None:
    connected = await bench.connect("inside", url="https://169.254.169.254/mcp")
    assert connected.test is not None
    assert not connected.test.passed
    assert "not on the public internet" in connected.test.note


async def test_a_server_dies_with_us_even_when_we_are_killed(tmp_path: Path) -> None:
    log = tmp_path / "server.log"
    code = (
        "import asyncio, sys\n"
        "from adapters.mcp.connection import Connection, Target\n"
        "from adapters.mcp.servers import Program\n"
        "async def main():\n"
        f"    args = ['-I', '-S', {str(PROGRAM)!r}, 'stubborn', {str(log)!r}]\n"
        "    program = Program(command=sys.executable, args=args)\n"
        "    await Connection.open(Target(program=program))\n"
        "    print('open', flush=True)\n"
        "    await asyncio.Event().wait()\n"
        "asyncio.run(main())\n"
    )
    log.touch()
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", code, stdout=asyncio.subprocess.PIPE, cwd=Path(__file__).parents[2]
    )
    assert process.stdout is not None
    assert await process.stdout.readline() == b"open\n"
    lines = [line.split() for line in log.read_text().splitlines()]
    pids = [int(words[1]) for words in lines if words[0] in ("life", "child")]
    assert all(Path(f"/proc/{pid}").exists() for pid in pids)
    os.kill(process.pid, signal.SIGKILL)
    await process.wait()
    for pid in pids:
        assert await gone(pid)


async def test_the_official_time_server_answers(bench: McpBench) -> None:
    command = str(Path(sys.executable).with_name("mcp-server-time"))
    bench.write(time={"command": command, "args": ["--local-timezone", "Europe/Berlin"]})
    connected = await bench.connect("time", server="time", reads="get_current_time, convert_time")
    assert connected.test is not None
    assert connected.test.note == "It has 2 tools: convert_time and get_current_time."
    tools = await bench.tools("mcp:time:*")
    converted = await bench.call(
        tools["mcp__time__convert_time"],
        source_timezone="Asia/Tokyo", time="12:00", target_timezone="Asia/Kolkata",
    )  # fmt: skip
    assert "08:30" in converted.text
    with pytest.raises(ToolFailed, match="answered with an error"):
        await bench.call(tools["mcp__time__get_current_time"], timezone="Mars/Olympus")


@asynccontextmanager
async def served(app: ASGIApp, *, port: int = 0) -> AsyncIterator[int]:
    """A web server for this app; it hangs up on everybody at its end."""
    config = uvicorn.Config(app, log_config=None, access_log=False, timeout_graceful_shutdown=1)
    server = uvicorn.Server(config)
    listening = socket.create_server(("127.0.0.1", port))
    running = asyncio.create_task(server._serve(sockets=[listening]))
    try:
        yield listening.getsockname()[1]
    finally:
        server.should_exit = server.force_exit = True
        await running


def kitchen() -> MCPServer:
    """A server of the SDK's own kind."""
    server = MCPServer("kitchen", log_level="CRITICAL")

    @server.tool()
    def add(a: int, b: int) -> int:
        """Adds."""
        return a + b

    @server.tool()
    async def grow(ctx: Context) -> str:
        """Gets itself a new tool."""
        server.add_tool(lambda: "new", name="new", description="New.")
        await ctx.notify_tools_changed()
        return "grown"

    @server.tool()
    def flood() -> str:
        """Says too much."""
        return "x" * 5_000_000

    return server


def guarded(app: ASGIApp) -> ASGIApp:
    async def check(scope, receive, send):  # type: ignore[no-untyped-def]
        right = (b"authorization", f"Bearer {TOKEN}".encode()) in scope.get("headers", ())
        if scope["type"] == "http" and not right:
            await send({"type": "http.response.start", "status": 401, "headers": []})
            await send({"type": "http.response.body"})
            return
        await app(scope, receive, send)

    return check


@pytest.mark.parametrize(("stateless", "as_json"), [(False, False), (True, True)])
async def test_a_server_at_an_address_is_called_with_its_token(
    bench: McpBench, stateless: bool, as_json: bool
) -> None:
    app = guarded(kitchen().streamable_http_app(stateless_http=stateless, json_response=as_json))
    async with served(app) as port:
        url = f"http://127.0.0.1:{port}/mcp"
        refused = await bench.connect("kitchen", url=url, token="invented-wrong-token")
        assert refused.test is not None
        assert refused.test.note == "The MCP server doesn't let FlowMate in: its token is missing or wrong."
        connected = await bench.connect("kitchen", url=url, token=TOKEN, reads="add")
        assert connected.test is not None
        assert connected.test.note == "It has 3 tools: add, flood and grow."
        tools = await bench.tools("mcp:kitchen:add", "mcp:kitchen:flood")
        assert (await bench.call(tools["mcp__kitchen__add"], a=1, b=2)).text == "3"
        with pytest.raises(ToolFailed, match="far too much"):
            await bench.call(tools["mcp__kitchen__flood"])
        assert (await bench.call(tools["mcp__kitchen__add"], a=3, b=4)).text == "7"
        await bench.source.aclose()


async def test_a_new_tool_of_a_server_is_nobody_s_until_it_is_connected_again(bench: McpBench) -> None:
    async with served(kitchen().streamable_http_app()) as port:
        await bench.connect("kitchen", url=f"http://127.0.0.1:{port}/mcp")
        tools = await bench.tools("mcp:kitchen:*")
        assert (await bench.call(tools["mcp__kitchen__grow"])).text == "grown"
        assert "mcp__kitchen__new" not in await bench.tools("mcp:kitchen:*")
        (tool,) = (await bench.tools("mcp:kitchen:new")).values()
        with pytest.raises(Denied, match="had no tool new when it was connected"):
            await bench.call(tool)
        assert (await bench.call(tools["mcp__kitchen__add"], a=1, b=2)).text == "3"
        await bench.source.aclose()


async def test_a_server_that_was_restarted_is_found_again(bench: McpBench) -> None:
    async with served(kitchen().streamable_http_app()) as port:
        await bench.connect("kitchen", url=f"http://127.0.0.1:{port}/mcp", reads="add")
        tool = (await bench.tools("mcp:kitchen:add"))["mcp__kitchen__add"]
        assert (await bench.call(tool, a=1, b=2)).text == "3"
    with pytest.raises(ToolFailed, match=r"^The MCP server kitchen (can't be|ended)"):
        await bench.call(tool, a=1, b=2)
    async with served(kitchen().streamable_http_app(), port=port):
        assert (await bench.call(tool, a=3, b=4)).text == "7"
        await bench.source.aclose()


async def test_a_connection_that_nobody_uses_is_closed(bench: McpBench) -> None:
    await bench.start("good")
    tool = (await bench.tools("mcp:odd:echo"))["mcp__odd__echo"]
    assert isinstance(tool, McpTool)
    wiring = tool._wiring
    pool = Pool(idle_seconds=0.05)
    tool._wiring = Wiring(pool, wiring.credentials, wiring.programs, wiring.judge)
    with contextlib.suppress(FlowMateError):
        await bench.call(tool, words="tea")
    assert await gone(int(bench.noted("life")[-1]))
    assert (await bench.call(tool, words="tea")).text == "tea"
    await pool.aclose()
