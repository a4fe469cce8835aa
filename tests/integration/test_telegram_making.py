"""An agent made in a Telegram chat, question by question, over a restart; the whole service behind it."""

from __future__ import annotations

import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from core.rendering import making_questions
from tests.counterparts.telegram import TOKEN, Chat, Person, TelegramServer, telegram_server
from tests.integration.http_harness import Service, serving
from tests.services.valkey import Valkey


@dataclass
class Talk:
    """One person in one chat."""

    telegram: TelegramServer
    person: Person
    chat: Chat

    async def ask(self, text: str, **more: object) -> str:
        """Say something, and wait for the answer to it."""
        before = len(self.telegram.shown(self.chat))
        await self.telegram.say(self.person, self.chat, text, **more)

        def answered() -> bool:
            shown = self.telegram.shown(self.chat)
            return len(shown) > before and not shown[-1].text.startswith("On it.")

        await self.telegram.until(answered, seconds=60.0)
        return self.telegram.shown(self.chat)[-1].text


@asynccontextmanager
async def folder() -> AsyncIterator[tuple[Path, Valkey]]:
    """What a service leaves behind when it ends, and finds when it starts again."""
    with tempfile.TemporaryDirectory(prefix="fm-tg-", dir="/tmp") as name:
        (Path(name) / "queue").mkdir()
        (Path(name) / "data").mkdir()
        valkey = Valkey(Path(name) / "queue")
        valkey.start()
        try:
            yield Path(name) / "data", valkey
        finally:
            valkey.stop()


@asynccontextmanager
async def service(data: Path, valkey: Valkey, telegram: TelegramServer) -> AsyncIterator[Service]:
    environment: dict[str, Any] = {
        "TELEGRAM_BOT_TOKEN": TOKEN,
        "TELEGRAM_API_URL": telegram.url,
        "TELEGRAM_ALLOWED_USERS": "*",
    }
    async with serving(data, valkey, **environment) as running:
        yield running


@pytest.mark.slow
@pytest.mark.long
async def test_an_agent_is_made_in_turns_over_a_restart_and_used() -> None:
    async with folder() as (data, valkey), telegram_server() as telegram:
        ada = telegram.person("ada")
        talk = Talk(telegram, ada, telegram.private(ada))
        async with service(data, valkey, telegram):
            assert "What shall the agent be called?" in await talk.ask("/agent new")
            assert "has to begin with a letter" in await talk.ask("1st")
            assert "What does big-puller do?" in await talk.ask("Big Puller")
        async with service(data, valkey, telegram):
            assert "What shall big-puller be told" in await talk.ask("Pulls the lever.")
            assert "Which tools may big-puller use?" in await talk.ask("skip")
            assert "Do you mean pull" in await talk.ask("pul")
            made = await talk.ask("pull")
            assert "Made the agent big-puller." in made
            assert "@big-puller" in made
            assert (await talk.ask("@big-puller pull the lever")).startswith("pulled")
            assert "(yours)" in await talk.ask("/agents")
        assert not telegram.refused


@pytest.mark.slow
@pytest.mark.long
async def test_cancel_ends_it_and_in_a_group_only_replies_are_answers() -> None:
    async with folder() as (data, valkey), telegram_server() as telegram:
        ada, bob = telegram.person("ada"), telegram.person("bob")
        private, group = Talk(telegram, ada, telegram.private(ada)), Talk(telegram, ada, telegram.group())
        async with service(data, valkey, telegram) as running:
            await private.ask("/flowmate agent new")
            assert await private.ask("/cancel") == making_questions.CANCELLED
            assert "Nothing of yours" in await private.ask("/cancel")
            assert "What does puller do?" in await group.ask("/flowmate agent new puller")
            question = telegram.shown(group.chat)[-1]
            reply = {"reply_to_message": {"message_id": question.id, "from": {"id": 123456, "is_bot": True}}}
            await telegram.say(bob, group.chat, "what is that?")
            # Somebody else's reply to the question answers nothing.
            other = Talk(telegram, bob, group.chat)
            assert "puller be told" not in await other.ask("Pulls the wrong lever.", **reply)
            assert "What shall puller be told" in await group.ask("Pulls the lever.", **reply)
            assert running.assembly.shop is not None
        assert not telegram.refused
