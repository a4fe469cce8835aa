"""The LanguageModel port, over the scripted model and over real HTTP; and what only a server can do wrong."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest

from core.errors import PermanentError
from core.memory.model import ScriptedModel, calls, says
from core.ports.language_model import (
    FinishReason,
    LanguageModel,
    Message,
    ModelRequest,
    ModelTurn,
    ToolCall,
)
from tests.contracts.model_connection import REQUEST, SCHEMA, WEATHER, connected, openai_model
from tests.counterparts.openai_server import Answer, Gate, ScriptedOpenAI

Scripted = Callable[..., Awaitable[LanguageModel]]


@pytest.fixture(params=["scripted", "openai"])
async def scripted(request: pytest.FixtureRequest) -> AsyncIterator[Scripted]:
    """A model that is going to answer with the given turns, whichever way it is made."""
    if request.param == "scripted":
        fakes: list[ScriptedModel] = []

        async def fake(*turns: ModelTurn) -> LanguageModel:
            fakes.append(ScriptedModel(*turns))
            return fakes[-1]

        yield fake
        for model in fakes:
            model.assert_done()
        return
    async with connected() as (server, real):

        async def over_http(*turns: ModelTurn) -> LanguageModel:
            for turn in turns:
                wanted = tuple((call.name, call.arguments) for call in turn.tool_calls)
                finish = {FinishReason.REFUSAL: "stop"}.get(turn.finish, turn.finish.value)
                refused = turn.finish is FinishReason.REFUSAL
                words = {"refusal": turn.text} if refused else {"text": turn.text}
                server.expect().reply(tool_calls=wanted, finish=finish, **words)
            return real

        yield over_http


@pytest.mark.parametrize(
    "turn",
    [
        says("Good morning.\nWhat is it?"),
        says("It was long and th", finish=FinishReason.LENGTH),
        says("I can't help with that.", finish=FinishReason.REFUSAL),
        says("", finish=FinishReason.CONTENT_FILTER),
        calls(("weather", {"city": "Bern"})),
        calls(("weather", {"city": "Bern"}), ("weather", "{no json"), ("weather", {"city": "Zürich"})),
        calls(("weather", '{"city": "Be'), finish=FinishReason.LENGTH),
    ],
    ids=["text", "length", "refusal", "filter", "call", "calls", "cut call"],
)
async def test_a_turn_comes_back_as_the_model_made_it(scripted: Scripted, turn: ModelTurn) -> None:
    model = await scripted(turn)
    got = await model.complete(REQUEST.model_copy(update={"tools": (WEATHER,)}))
    assert (got.text, got.finish, got.tool_calls) == (turn.text, turn.finish, turn.tool_calls)
    assert got.usage.input_tokens > 0


async def test_streamed_pieces_make_up_the_whole_text(scripted: Scripted) -> None:
    pieces: list[str] = []

    async def on_text(piece: str) -> None:
        pieces.append(piece)

    model = await scripted(says("One line.\nAnother line.\nThe last."))
    turn = await model.complete(REQUEST, on_text=on_text)
    assert len(pieces) > 1
    assert "".join(pieces) == turn.text


async def test_a_piece_is_passed_on_before_the_server_has_written_the_next_one() -> None:
    gate, pieces, came = Gate(), list[str](), asyncio.Event()

    async def on_text(piece: str) -> None:
        pieces.append(piece)
        came.set()

    async with connected() as (server, model):
        server.expect().reply(pieces=("Tea ", "is ", "ready."), gate=gate, usage=(1000, 200, 300))
        answering = asyncio.create_task(model.complete(REQUEST, on_text=on_text))
        for count in (1, 2, 3):
            gate.release()
            async with asyncio.timeout(10):
                await came.wait()
            came.clear()
            assert len(pieces) == count
            assert not answering.done()
        gate.release()
        turn = await answering
    assert pieces == ["Tea ", "is ", "ready."]
    assert turn.text == "Tea is ready."
    assert (turn.usage.input_tokens, turn.usage.output_tokens) == (1000, 200)
    assert server.requests[0].body["stream_options"] == {"include_usage": True}


async def test_closing_twice_is_fine(scripted: Scripted) -> None:
    model = await scripted(says("Hello."))
    await model.complete(REQUEST)
    await model.aclose()
    await model.aclose()


async def test_a_whole_tool_conversation_keeps_the_rules_of_the_api() -> None:
    async with connected(strict_parameters=None) as (server, model):
        server.expect(lambda body: body["tools"][0]["function"]["name"] == "weather").reply(text="Sunny.")
        asked = (
            ToolCall(id="call_0", name="weather", arguments='{"city": "Bern"}'),
            ToolCall(id="call_1", name="no such tool!", arguments="not json"),
        )
        turn = await model.complete(
            ModelRequest(
                messages=(
                    *REQUEST.messages,
                    Message(role="assistant", tool_calls=asked),
                    Message(role="tool", text="sunny", tool_call_id="call_0"),
                    Message(role="tool", text="no such tool", tool_call_id="call_1"),
                ),
                tools=(WEATHER,),
                response_schema=SCHEMA,
                max_output_tokens=77,
            )
        )
    assert turn.text == "Sunny."
    body = server.requests[0].body
    assert body["max_completion_tokens"] == 77
    assert body["response_format"]["json_schema"]["schema"] == SCHEMA


async def test_usage_and_cost_come_from_the_servers_count() -> None:
    async with connected() as (server, model):
        server.expect().reply(text="Hello.", usage=(1000, 200, 300))
        turn = await model.complete(REQUEST)
    assert (turn.usage.input_tokens, turn.usage.output_tokens) == (1000, 200)
    assert turn.usage.cost_usd is None, "a server of one's own has no price"


async def test_a_server_that_counts_nothing_has_no_price() -> None:
    async with connected() as (server, model):
        server.expect().reply(text="Hello.", usage=None)
        turn = await model.complete(REQUEST)
    assert turn.usage.cost_usd is None
    assert turn.usage.input_tokens == 0


@pytest.mark.parametrize(
    ("missing", "instead"),
    [
        ("max_completion_tokens", lambda body: body["max_tokens"] == 2000),
        ("stream_options", lambda body: "stream_options" not in body),
        ("response_format", lambda body: json.dumps(SCHEMA) in body["messages"][0]["content"]),
    ],
)
async def test_a_parameter_that_a_server_does_not_know_is_left_out_from_then_on(
    missing: str, instead: Callable[[dict[str, Any]], bool]
) -> None:
    known = {"model", "messages", "stream", "max_tokens", "max_completion_tokens", "stream_options"}
    known = (known | {"response_format"}) - {missing}
    request = REQUEST.model_copy(update={"response_schema": SCHEMA})
    async with connected(strict_parameters=known) as (server, model):
        server.expect(instead).reply(text="First.")
        server.expect(instead).reply(text="Second.")
        assert (await model.complete(request)).text == "First."
        assert len(server.requests) == 2
        assert (await model.complete(request)).text == "Second."
        assert len(server.requests) == 3, "it was learned the first time"


async def test_a_server_that_knows_none_of_the_newer_parameters_still_answers() -> None:
    async with connected(strict_parameters={"model", "messages", "stream", "max_tokens"}) as (server, model):
        server.expect().reply(text='{"city": "Bern"}')
        turn = await model.complete(REQUEST.model_copy(update={"response_schema": SCHEMA}))
    assert turn.text == '{"city": "Bern"}'


async def test_a_parameter_that_was_not_the_trouble_is_not_given_up() -> None:
    async with connected() as (server, model):
        for _ in range(2):
            server.expect().reply(status=400, message="max_completion_tokens is too large: 2000")
        with pytest.raises(PermanentError):
            await model.complete(REQUEST)
        server.expect(lambda body: "max_completion_tokens" in body).reply(text="Hello.")
        await model.complete(REQUEST)


async def test_many_calls_at_once_each_get_their_own_answer() -> None:
    def echo(body: dict[str, Any]) -> Answer:
        return Answer(text=f"echo {body['messages'][-1]['content']}")

    async with connected(latency=0.05, default=echo) as (_, model):
        requests = [
            REQUEST.model_copy(update={"messages": (Message(role="user", text=f"number {n}"),)})
            for n in range(60)
        ]
        turns = await asyncio.gather(*(model.complete(request) for request in requests))
    assert [turn.text for turn in turns] == [f"echo number {n}" for n in range(60)]


async def test_a_cancelled_call_leaves_the_model_usable() -> None:
    async with connected() as (server, model):
        server.expect().reply(delay=30.0)
        task = asyncio.create_task(model.complete(REQUEST))
        await server.arrived(1)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        server.expect().reply(text="Still here.")
        assert (await model.complete(REQUEST)).text == "Still here."


async def test_a_process_that_never_calls_a_model_never_loads_what_only_models_need() -> None:
    heavy = ("openai", "httpx2", "aiohttp", "genai_prices")
    program = (
        "import sys\n"
        "from adapters.llm.openai_model import OpenAIModel\n"
        "from core.memory.clock import ManualClock\n"
        "OpenAIModel(model='m', api_key=None, base_url=None, clock=ManualClock())\n"
        f"print([name for name in {heavy} if name in sys.modules])\n"
    )
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", program, stdout=asyncio.subprocess.PIPE
    )
    output, _ = await process.communicate()
    assert (process.returncode, output.decode().strip()) == (0, "[]")


async def test_a_server_is_told_nothing_about_this_machine() -> None:
    async with connected() as (server, model):
        server.expect().reply(text="Done.")
        await model.complete(REQUEST)
        (request,) = server.requests
    assert [name for name in request.headers if name.lower().startswith("x-")] == []


async def test_a_server_behind_the_environments_proxy_is_asked_through_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with ScriptedOpenAI() as server:
        proxy = server.url.removesuffix("/v1")
        monkeypatch.setenv("http_proxy", proxy.removeprefix("http://"))
        monkeypatch.setenv("no_proxy", "elsewhere.invalid")
        model = openai_model(server, url="http://model.invalid/v1")
        server.expect().reply(text="Through it.")
        assert (await model.complete(REQUEST)).text == "Through it."
        await model.aclose()
        # What the environment excepts is asked directly, be there a proxy or not.
        monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
        monkeypatch.setenv("no_proxy", "elsewhere.invalid,127.0.0.1")
        model = openai_model(server)
        server.expect().reply(text="Directly.")
        assert (await model.complete(REQUEST)).text == "Directly."
        await model.aclose()


async def test_a_server_that_has_moved_is_followed() -> None:
    async with connected() as (server, model):
        moved = {"Location": f"{server.url}/chat/completions"}
        server.expect().reply(status=307, headers=moved)
        server.expect().reply(text="Here.")
        assert (await model.complete(REQUEST)).text == "Here."


async def test_halves_of_surrogate_pairs_are_sent_as_what_json_can_hold() -> None:
    async with connected() as (server, model):
        server.expect(lambda body: body["messages"][0]["content"] == "half ? of é").reply(text="Fine.")
        message = Message(role="user", text="half \ud83d of é")
        assert (await model.complete(REQUEST.model_copy(update={"messages": (message,)}))).text == "Fine."


async def test_a_pair_of_surrogates_that_the_server_cuts_in_two_is_taken() -> None:
    async with connected() as (server, model):
        server.expect().reply(pieces=("A \ud83d", "\ude00."))
        turn = await model.complete(REQUEST)
    assert turn.text.encode("utf-16", "surrogatepass").decode("utf-16") == "A 😀."
