"""`ask`, `plan` and `chat`, over the stand-in for our own API."""

from __future__ import annotations

import asyncio
import json
import re
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import web

from bot.cli.bodies import AgentCard
from core.rendering import terminal as words
from core.rendering.help import help_text
from tests.counterparts.flowmate_api import AGENTS, ANSWER, FlowMateApi
from tests.counterparts.web import web_server
from tests.integration.test_cli_command import TOKEN, Flowmate, free_port
from tests.services.waiting import eventually


@pytest.fixture
async def api() -> AsyncIterator[FlowMateApi]:
    async with FlowMateApi(token=TOKEN) as running:
        yield running


@pytest.fixture
def flowmate(api: FlowMateApi, tmp_path: Path) -> Flowmate:
    return Flowmate(tmp_path, port=api.port)


async def test_ask_prints_the_answer_and_nothing_else(flowmate: Flowmate, api: FlowMateApi) -> None:
    ran = await flowmate.run("ask", "what time is it", "--agent", "world_time", "--agent", "writer")

    assert (ran.code, ran.out, ran.err) == (0, ANSWER, "")
    asked = api.received[0]
    assert asked.body == {"instruction": "what time is it", "preferredAgents": ["world_time", "writer"]}
    assert "X-Conversation" not in asked.headers


async def test_ask_json_prints_what_the_api_said(flowmate: Flowmate) -> None:
    ran = await flowmate.run("ask", "what time is it", "--json")

    said = json.loads(ran.out)
    assert (ran.code, ran.err) == (0, "")
    assert (said["status"], said["answer"]) == ("success", ANSWER)
    assert [result["agent"] for result in said["results"]] == ["research", "world_time", "writer"]


@pytest.mark.parametrize(
    ("arguments", "code", "sentence"),
    [
        (["a partial one"], 1, ""),
        (["let it fail"], 1, ""),
        (["one with a retry"], 0, ""),
        ([" \t"], 2, "nothing to do"),
        ([], 2, "Missing argument"),
        (["hi", "--timeout-ms", "nan"], 2, "--timeout-ms"),
        (["limited"], 1, "try again in 3 minutes"),
        (["hi", "--agent", "nobody"], 1, "there is no agent 'nobody'"),
    ],
)
async def test_the_exit_code_tells_how_it_went(
    flowmate: Flowmate, arguments: list[str], code: int, sentence: str
) -> None:
    ran = await flowmate.run("ask", *arguments)

    assert ran.code == code
    assert sentence in ran.err
    assert "Traceback" not in ran.err


async def test_a_service_that_is_not_there_is_named_with_the_way_to_start_it(tmp_path: Path) -> None:
    port = free_port()

    ran = await Flowmate(tmp_path, port=port).run("ask", "hi")

    assert (ran.code, ran.out) == (3, "")
    assert (
        ran.err
        == f"flowmate: FlowMate isn't running at http://127.0.0.1:{port}; start it with `flowmate up`.\n"
    )
    assert not (tmp_path / "data").exists()


async def test_a_wrong_token_is_told_apart(flowmate: Flowmate) -> None:
    ran = await flowmate.run("ask", "hi", environment={"FLOWMATE_OPERATOR_TOKEN": "another-invented-token"})

    assert ran.code == 1
    assert "doesn't take this operator token" in ran.err


@pytest.mark.parametrize("status", [200, 401, 404, 500])
async def test_a_port_of_something_else_is_not_taken_for_a_wrong_token(tmp_path: Path, status: int) -> None:
    async def answer(request: web.Request) -> web.Response:
        return web.json_response({"detail": "Who are you?"}, status=status)

    async with web_server() as other:
        other.handle("/api/v1/agents/delegate/task", answer)
        ran = await Flowmate(tmp_path, port=other.port, token=TOKEN).run("ask", "hi")

    assert (ran.code, ran.out) == (1, "")
    assert "isn't FlowMate, or another version of it; FLOWMATE_PORT must be the service's." in ran.err


async def test_without_the_event_stream_the_answer_is_asked_for(tmp_path: Path) -> None:
    async with FlowMateApi(token=TOKEN, pace_seconds=0.1, events_until=1) as api:
        ran = await Flowmate(tmp_path, port=api.port).run("ask", "hi")

    assert (ran.code, ran.out) == (0, ANSWER)
    assert [one.method for one in api.received if re.match("/api/v1/delegations/", one.path)].count("GET") > 1


async def test_ctrl_c_asks_the_service_to_cancel(flowmate: Flowmate, api: FlowMateApi) -> None:
    command = await flowmate.start("ask", "a slow one")
    await eventually(lambda: any(one.path == "/api/v1/events" for one in api.received))

    command.signal(signal.SIGINT)
    ran = await command.end()

    assert (ran.code, ran.out, ran.err) == (130, "", "flowmate: Cancelled.\n")
    assert next(iter(api.delegations.values())).cancelled.is_set()


async def test_waiting_ends_with_the_time_that_was_given(flowmate: Flowmate, api: FlowMateApi) -> None:
    ran = await flowmate.run("ask", "a slow one", "--timeout-ms", "700")

    assert ran.code == 1
    assert re.search("No answer within 700 ms; it will be at /api/v1/delegations/0+1", ran.err)
    assert not next(iter(api.delegations.values())).cancelled.is_set()


async def test_plan_shows_who_does_what_after_whom(flowmate: Flowmate, api: FlowMateApi) -> None:
    ran = await flowmate.run("plan", "something with three steps", environment={"PYTHONIOENCODING": "utf-8"})

    assert ran.code == 0
    assert ran.out.splitlines() == [
        "3 steps, planned by rules",
        "├── research  find out who won the last race",
        "└── world_time  what time is it in Tokyo",
        "    └── writer  summarise both for the team  (after research and world_time)",
    ]
    assert api.delegations == {}


async def test_plan_asks_back_where_nothing_fits(flowmate: Flowmate) -> None:
    ran = await flowmate.run("plan", "nothing")
    as_json = await flowmate.run("plan", "nothing", "--json")

    assert ran.out == "What should I do with that?\n"
    assert json.loads(as_json.out)["question"] == "What should I do with that?"


async def test_a_chat_is_one_conversation(flowmate: Flowmate, api: FlowMateApi) -> None:
    ran = await flowmate.run(
        "chat", typed="first\n\n/agents\n/help\n/what\nlimited\nsecond\n/quit\nnever sent\n"
    )

    asked = [one for one in api.received if one.method == "POST"]
    assert [one.body["instruction"] for one in asked] == ["first", "limited", "second"]
    assert len({one.headers["X-Conversation"] for one in asked}) == 1
    assert ran.code == 0
    assert ran.out.count(ANSWER) == 2
    assert "world_time  Knows what time it is." in ran.out
    assert help_text([AgentCard(name=name, description=does) for name, does in AGENTS.items()]) in ran.out
    assert ran.err.splitlines() == [
        "There is no /what here; /help lists what there is.",
        "You reached 100 requests in 15 minutes; try again in 3 minutes.",
    ]


@pytest.mark.parametrize("word", ["exit", "Quit"])
async def test_a_chat_ends_with_a_word(flowmate: Flowmate, api: FlowMateApi, word: str) -> None:
    ran = await flowmate.run("chat", typed=f"{word}\nnever sent\n")

    assert (ran.code, ran.out, ran.err) == (0, "", "")
    assert api.received == []


async def test_ctrl_c_where_nothing_is_written_says_how_to_leave(flowmate: Flowmate) -> None:
    async with flowmate.on_a_terminal("chat") as terminal:
        await terminal.shows("you> ")
        terminal.type("half a")
        await terminal.shows("half a")
        terminal.process.send_signal(signal.SIGINT)
        await terminal.shows("you> ", times=2)
        assert words.CHAT_LEAVING.encode() not in terminal.screen
        terminal.process.send_signal(signal.SIGINT)
        await terminal.shows("you> ", times=3)
        assert words.CHAT_LEAVING.encode() in terminal.screen
        terminal.type("exit\r")
        assert await asyncio.wait_for(terminal.process.wait(), 20) == 0
