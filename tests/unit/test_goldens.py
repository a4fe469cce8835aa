"""One answer on every platform, compared with what was looked at and found right.

`tests/goldens/answer.md` holds one of everything; beside it lies, for each platform, exactly what is sent. After a
change that should change them:

    FLOWMATE_REWRITE_GOLDENS=1 .venv/bin/pytest tests/unit/test_goldens.py
    git diff tests/goldens          # look at each: is it right on that platform?
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable
from html import unescape
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from adapters.chat.slack import blocks
from adapters.chat.telegram import formatting
from bot.cli import markdown
from bot.page import markup
from core.models import Address, Button, Reply
from core.ports.messenger import Tag
from tests.counterparts.slack import SlackServer
from tests.counterparts.telegram import telegram_server
from tests.integration.slack_harness import connected
from tests.integration.test_telegram import at, connect

GOLDENS = Path(__file__).parents[1] / "goldens"
REWRITE = os.environ.get("FLOWMATE_REWRITE_GOLDENS") == "1"
ANSWER = (GOLDENS / "answer.md").read_text()
REPLY = Reply(text=ANSWER, buttons=(Button(action="retry", label="Try again", value="d" * 32),))
COLUMNS = 100


def slack() -> list[tuple[str, str]]:
    parts = [blocks.to_message(part) for part in blocks.split(REPLY)]
    return [(f"{number}.json", _json(part)) for number, part in enumerate(parts, 1)]


def telegram() -> list[tuple[str, str]]:
    files = []
    for number, part in enumerate(formatting.split(REPLY), 1):
        text, entities = formatting.to_text(part.text)
        keyboard = formatting.to_keyboard(part.buttons)
        sent: dict[str, Any] = {"text": text, "entities": [one.to_dict() for one in entities]}
        if keyboard is not None:
            sent["reply_markup"] = keyboard.to_dict()
        files.append((f"{number}.json", _json(sent)))
    return files


def terminal() -> list[tuple[str, str]]:
    out = StringIO()
    Console(file=out, width=COLUMNS, force_terminal=False, color_system=None).print(markdown.Answer(ANSWER))
    return [(f"{COLUMNS}.txt", "".join(f"{line.rstrip()}\n" for line in out.getvalue().splitlines()))]


def web() -> list[tuple[str, str]]:
    return [("answer.html", markup.to_html(ANSWER))]


PLATFORMS: dict[str, Callable[[], list[tuple[str, str]]]] = {
    "slack": slack,
    "telegram": telegram,
    "terminal": terminal,
    "web": web,
}
"""A platform adds what makes its files, and a folder."""


@pytest.mark.parametrize("platform", list(PLATFORMS))
def test_the_answer_is_rendered_as_it_was_found_right(platform: str) -> None:
    folder = GOLDENS / platform
    files = dict(PLATFORMS[platform]())
    if REWRITE:
        folder.mkdir(exist_ok=True)
        for old in folder.iterdir():
            old.unlink()
        for name, content in files.items():
            (folder / name).write_text(content)
    assert sorted(path.name for path in folder.iterdir()) == sorted(files)
    for name, content in files.items():
        assert (folder / name).read_text() == content, f"tests/goldens/{platform}/{name}"


async def test_slack_takes_every_part_and_nobody_is_pinged() -> None:
    async with SlackServer(burst=50) as server:
        server.add_user("U123", name="ada")
        server.add_channel("C1", members=["U123", server.bot_user])
        async with connected(server) as connection:
            address = Address(platform="slack", workspace="T0001", place="C1")
            for number, part in enumerate(connection.messenger.split(REPLY)):
                tag = Tag(delegation_id="d" * 32, part=number)
                message_id = await connection.messenger.post(address, part, tag=tag)
                await connection.messenger.edit(address, message_id, part)
        assert len(server.channel("C1").messages) == len(slack())
        assert not server.pings
        assert not server.problems


async def test_telegram_takes_every_part_as_it_is() -> None:
    async with telegram_server(scale=0.0) as server:
        connection = connect(server)
        chat = server.private(server.person("ada"))
        for number, part in enumerate(connection.messenger.split(REPLY)):
            await connection.messenger.post(at(chat), part, tag=Tag(delegation_id="d" * 32, part=number))
        await connection.aclose()
        assert not server.refused
        sent = [json.loads(content) for _, content in telegram()]
        assert [(one.text, one.entities) for one in server.shown(chat)] == [
            (one["text"], one["entities"]) for one in sent
        ]


@pytest.mark.parametrize("platform", list(PLATFORMS))
def test_nothing_that_was_said_is_lost(platform: str) -> None:
    """Every word stands on every platform, and every line of code as it was, but for what must not ping."""
    shown = "\n".join(_shown(platform, content) for _, content in PLATFORMS[platform]())
    shown = shown.replace("\u2060", "").replace("&lt;", "<")
    words = set(re.findall(r"[^\W_]{3,}", _without_targets(ANSWER)))
    assert not words - set(re.findall(r"[^\W_]{3,}", shown))
    if platform != "terminal":
        code = [line for line in ANSWER.split("\n") if re.match(" {4}[^- ]", line)]
        assert [line for line in code if line not in shown.split("\n")] == []


def _without_targets(markdown: str) -> str:
    """The answer without what is not for reading: where links lead, languages of code, entities."""
    text = re.sub(r"\]\([^()]*(?:\([^()]*\))*[^()]*\)", "]", markdown)
    text = re.sub(r"^(?:```|~~~)\w+$", "", text, flags=re.MULTILINE)
    return re.sub(r"&\w+;", "", text).replace("$", "")


def _shown(platform: str, content: str) -> str:
    if platform == "terminal":
        return content
    if platform == "web":
        return unescape(re.sub(r"<[^>]*>", "", content))
    sent = json.loads(content)
    return str(sent["text"]) if platform == "telegram" else str(sent["blocks"][0]["text"])


def _json(sent: dict[str, Any]) -> str:
    return json.dumps(sent, ensure_ascii=False, indent=1) + "\n"
