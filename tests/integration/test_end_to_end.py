"""`flowmate up`, started as a person would, asked the same question through every door, with a model and without."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from tests.counterparts.openai_server import KEY, Answer, ScriptedOpenAI
from tests.counterparts.slack import Message, SlackServer
from tests.counterparts.telegram import TOKEN, TelegramServer, telegram_server
from tests.integration.service import ANSWER_SECONDS, Service, running

pytestmark = [pytest.mark.slow, pytest.mark.long]

WEBHOOK_SECRET = "invented-webhook-secret"
QUESTION = "what is 15% of 320 and what time is it in Tokyo"


@asynccontextmanager
async def slack_workspace() -> AsyncIterator[SlackServer]:
    async with SlackServer(burst=5) as slack:
        slack.add_user("U1", name="ada", tz="Europe/Berlin", tz_offset=3600)
        slack.add_channel("C1", members=["U1"])
        yield slack


@asynccontextmanager
async def no_model() -> AsyncIterator[dict[str, str]]:
    yield {}


@asynccontextmanager
async def scripted_model() -> AsyncIterator[dict[str, str]]:
    async with ScriptedOpenAI(default=_answer) as server:
        yield {"OPENAI_API_KEY": KEY, "OPENAI_BASE_URL": server.url}


MODELS = {"without a model": no_model, "with a model": scripted_model}


@pytest.mark.parametrize("mode", ["http", "socket"])
@pytest.mark.parametrize("model", list(MODELS))
async def test_the_same_question_gets_the_same_answer_through_every_door(
    mode: str, model: str, tmp_path: Path
) -> None:
    async with slack_workspace() as slack, telegram_server() as telegram, MODELS[model]() as keys:
        environment = {
            "TELEGRAM_BOT_TOKEN": TOKEN,
            "TELEGRAM_API_URL": telegram.url,
            "TELEGRAM_ALLOWED_USERS": "@ada",
            **({"TELEGRAM_WEBHOOK_SECRET": WEBHOOK_SECRET} if mode == "http" else {}),
            "SLACK_BOT_TOKEN": slack.bot_token,
            "SLACK_API_URL": slack.base_url,
            **({"SLACK_SIGNING_SECRET": slack.signing_secret} if mode == "http" else {}),
            **({"SLACK_APP_TOKEN": slack.app_token} if mode == "socket" else {}),
            **keys,
        }
        async with running(tmp_path, **environment) as service:
            if mode == "http":
                slack.connect_http(f"{service.base_url}/slack/events")
            _check(await _through_terminal(service), model)
            _check(await _through_api(service), model)
            _check(await _through_slack(slack), model)
            _check(await _through_telegram(telegram), model)
            assert not slack.pings
            assert not slack.problems
            assert not telegram.refused


async def _through_terminal(service: Service) -> str:
    code, out, err = await service.command("ask", QUESTION)
    assert code == 0, out + err
    return out


async def _through_api(service: Service) -> str:
    async with (
        aiohttp.ClientSession(headers={"Authorization": f"Bearer {service.token}"}) as session,
        session.post(
            f"{service.base_url}/api/v1/agents/delegate/task", json={"instruction": QUESTION}
        ) as response,
    ):
        body = await response.json()
        assert response.status == 200, body
    assert body["status"] == "success"
    assert sorted(result["agent"] for result in body["results"]) == ["calculator", "clock"]
    answer: str = body["answer"]
    return answer


async def _through_slack(slack: SlackServer) -> str:
    ts = await slack.say("C1", "U1", f"<@{slack.bot_user}> {QUESTION}")

    def final() -> Message | None:
        replies = [message for message in slack.channel("C1").thread(ts) if message.user == slack.bot_user]
        return next((message for message in replies if "48" in message.everything), None)

    message = await slack.wait_for(final, timeout=ANSWER_SECONDS)
    await slack.settle()
    assert message is not None
    own = [one for one in slack.channel("C1").thread(ts) if one.user == slack.bot_user]
    assert own == [message], "one placeholder, edited into one answer"
    return message.everything


async def _through_telegram(telegram: TelegramServer) -> str:
    ada = telegram.person("ada")
    chat = telegram.private(ada)
    update = await telegram.say(ada, chat, QUESTION)
    if telegram.webhook is not None:
        assert await telegram.send(telegram.webhook["url"], update, secret=WEBHOOK_SECRET) == 200
    await telegram.until(
        lambda: any("48" in message.text for message in telegram.shown(chat)), seconds=ANSWER_SECONDS
    )
    (message,) = telegram.shown(chat)
    assert message.replied == update["message"]["message_id"]
    return message.text


def _check(answer: str, model: str) -> None:
    assert "48" in answer
    assert "Tokyo" in answer
    assert ("No model was used" in answer) == (model == "without a model")


def _answer(body: dict[str, Any]) -> Answer:
    """A model that plans the question as a person would, and lets the tools do the work."""
    if "response_format" in body:
        steps = [
            {"agent": "calculator", "task": "what is 15% of 320", "after": []},
            {"agent": "clock", "task": "what time is it in Tokyo", "after": []},
        ]
        return Answer(text=json.dumps({"steps": steps, "question": None}))
    said = [message["content"] for message in body["messages"] if message["role"] == "tool"]
    if said:
        return Answer(text=str(said[-1]))
    arguments = {
        "calculate": {"expression": "15% of 320"},
        "world_time": {"about": "now", "places": ["Tokyo"]},
    }
    name = body["tools"][0]["function"]["name"]
    return Answer(tool_calls=((name, json.dumps(arguments[name])),))
