"""What a model's server can do wrong, over real HTTP: each is worth another attempt, or says what to check."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from email.utils import format_datetime
from typing import Any

import pytest

from adapters.llm.openai_model import OpenAIModel
from core.errors import ConfigurationError, ModelUnavailable, PermanentError
from core.memory.clock import START, ManualClock
from core.ports.language_model import (
    FinishReason,
)
from tests.contracts.model_connection import REQUEST, assert_clean, connected, openai_model
from tests.counterparts.openai_server import KEY, ScriptedOpenAI


# Row 37 of the list of bad input: what is worth another attempt. The attempts themselves are the coordinator's.
@pytest.mark.parametrize(
    ("answer", "retry_after"),
    [
        ({"status": 429, "code": "rate_limit_exceeded", "headers": {"Retry-After": "7"}}, 7.0),
        ({"status": 429, "headers": {"Retry-After": "2.5"}}, 2.5),
        (
            {"status": 429, "headers": {"Retry-After": format_datetime(START + timedelta(seconds=90), True)}},
            90.0,
        ),
        (
            {"status": 503, "headers": {"Retry-After": format_datetime(START - timedelta(seconds=90), True)}},
            0.0,
        ),
        ({"status": 429, "headers": {"retry-after-ms": "250", "Retry-After": "9"}}, 0.25),
        ({"status": 429, "headers": {"Retry-After": "soon"}}, None),
        ({"status": 429, "headers": {"Retry-After": "-5"}}, None),
        ({"status": 429, "headers": {"Retry-After": "nan"}}, None),
        ({"status": 429}, None),
        ({"status": 500}, None),
        ({"status": 503, "headers": {"Retry-After": "30"}}, 30.0),
        ({"status": 529}, None),
        ({"status": 408}, None),
        ({"reset": True}, None),
        ({"text": "Half an answer, and", "cut_stream": "clean"}, None),
        ({"text": "Half an answer, and", "cut_stream": "abrupt"}, None),
        ({"tool_calls": (("weather", '{"city": "Bern"}'),), "cut_stream": "clean"}, None),
        ({"text": "Half an answer, and", "malformed": True}, None),
        ({"text": "Half an answer, and", "stream_error": "server_error"}, None),
        ({"text": "Half an answer, and", "stream_error": "rate_limit_exceeded"}, None),
    ],
)
async def test_what_may_pass_is_unavailable_and_never_half_an_answer(
    answer: dict[str, Any], retry_after: float | None
) -> None:
    async with connected() as (server, model):
        server.expect().reply(**answer)
        with pytest.raises(ModelUnavailable) as caught:
            await model.complete(REQUEST)
        server.expect().reply(text="Better now.")
        assert (await model.complete(REQUEST)).text == "Better now."
    assert caught.value.retry_after_seconds == retry_after
    assert_clean(caught.value)


@pytest.mark.parametrize(
    "slow", [{"delay": 30.0}, {"text": "drop by drop " * 40, "drip": 0.15}], ids=["late", "drip"]
)
async def test_a_slow_answer_is_given_up_in_time(slow: dict[str, Any]) -> None:
    async with connected() as (server, model):
        server.expect().reply(**slow)
        with pytest.raises(ModelUnavailable, match="too long to answer"):
            await model.complete(REQUEST.model_copy(update={"timeout_seconds": 0.3}))


async def test_a_server_that_is_not_there_is_unavailable() -> None:
    async with ScriptedOpenAI() as server:
        url = server.url
    model = openai_model(server, url=url)
    with pytest.raises(ModelUnavailable, match="OPENAI_BASE_URL") as caught:
        await model.complete(REQUEST)
    await model.aclose()
    assert_clean(caught.value)


async def test_a_server_that_speaks_no_tls_where_it_should_is_unavailable() -> None:
    async with ScriptedOpenAI() as server:
        model = openai_model(server, url=server.url.replace("http://", "https://"))
        with pytest.raises(ModelUnavailable, match="OPENAI_BASE_URL") as caught:
            await model.complete(REQUEST)
        await model.aclose()
    assert_clean(caught.value)


async def test_a_server_that_talks_something_else_than_http_is_unavailable() -> None:
    async def garble(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"SSH-2.0-OpenSSH_9.9\r\n")
        writer.close()
        await writer.wait_closed()

    server = await asyncio.start_server(garble, "127.0.0.1", 0)
    model = OpenAIModel(
        model="m",
        api_key=None,
        base_url=f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1",
        clock=ManualClock(),
    )
    async with server:
        with pytest.raises(ModelUnavailable, match="OPENAI_BASE_URL") as caught:
            await model.complete(REQUEST)
        await model.aclose()
    assert_clean(caught.value)


# Row 38, and its relatives: another attempt won't help.
@pytest.mark.parametrize(
    ("answer", "says_what"),
    [
        ({"status": 429, "code": "insufficient_quota"}, "plan and billing"),
        ({"status": 402}, "plan and billing"),
        ({"status": 403}, "let this key use the model gpt-5-mini"),
        ({"status": 404, "code": "model_not_found"}, "FLOWMATE_MODEL"),
        ({"status": 405}, "OPENAI_BASE_URL"),
        ({"status": 413}, "too long"),
        ({"status": 400, "code": "context_length_exceeded"}, "too long"),
        ({"status": 400, "message": "this model does not support tools"}, "call tools"),
        ({"text": "Half", "stream_error": "insufficient_quota"}, "plan and billing"),
    ],
)
async def test_what_will_not_pass_says_what_to_check(answer: dict[str, Any], says_what: str) -> None:
    async with connected() as (server, model):
        server.expect().reply(
            message=f"Wrong key {KEY} at {server.url}", **answer
        ) if "message" not in answer else (server.expect().reply(**answer))
        with pytest.raises(PermanentError, match=says_what) as caught:
            await model.complete(REQUEST)
    assert_clean(caught.value)


async def test_a_wrong_key_is_named_by_its_setting_and_never_shown() -> None:
    async with ScriptedOpenAI() as server:
        model = openai_model(server, key="sk-some-wrong-key")
        with pytest.raises(PermanentError, match="check OPENAI_API_KEY") as caught:
            await model.complete(REQUEST)
        await model.aclose()
    assert_clean(caught.value)
    assert "sk-some-wrong-key" not in str(caught.value)


async def test_a_filtered_prompt_is_the_content_filter() -> None:
    async with connected() as (server, model):
        server.expect().reply(status=400, code="content_filter")
        assert (await model.complete(REQUEST)).finish is FinishReason.CONTENT_FILTER


@pytest.mark.parametrize(
    "url", ["ftp://example.com", "example.com/v1", "http://", "http://[::1", "http://a:99999"]
)
def test_an_address_that_can_not_work_is_refused_at_once(url: str) -> None:
    with pytest.raises(ConfigurationError, match="OPENAI_BASE_URL"):
        OpenAIModel(model="m", api_key=None, base_url=url, clock=ManualClock())


def test_a_key_with_stray_characters_is_refused_without_showing_it() -> None:
    with pytest.raises(ConfigurationError, match="OPENAI_API_KEY") as caught:
        OpenAIModel(model="m", api_key="sk-inv…nted", base_url=None, clock=ManualClock())
    assert "sk-inv" not in str(caught.value)


async def test_credentials_in_the_address_are_used_and_never_logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    async with ScriptedOpenAI() as server:
        url = server.url.replace("http://", "http://someone:invented-password@")
        model = openai_model(server, url=url)
        # The counterpart wants its bearer token, so basic credentials are a wrong key here.
        with pytest.raises(PermanentError) as caught:
            await model.complete(REQUEST)
        await model.aclose()
    assert "invented-password" not in caplog.text + str(caught.value)
    assert KEY not in caplog.text
