"""Where the story plays: FlowMate's embedded default in a folder of its own, and a small world on loopback."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from tests.counterparts.openai_server import KEY, ScriptedOpenAI
from tests.counterparts.slack import Message, SlackServer
from tests.counterparts.smtp import MailServer, mail_server
from tests.counterparts.web import web_server
from tests.demo.story import MODEL_PRICE, Incident, ObedientModel
from tests.demo.telling import COLUMNS, LEFT

CHANNEL = "C1"
PERSON = "U1"
POST_SECONDS = 20.0
SENDER = "flowmate@example.org"


@dataclass(frozen=True)
class Scene:
    """The world of one telling."""

    folder: Path
    model: ObedientModel
    mail: MailServer
    slack: SlackServer
    feed: str
    environment: dict[str, str]
    """What FlowMate is configured with."""

    @property
    def place(self) -> str:
        """The channel, as an agent's file names it."""
        return f"slack:{self.slack.team}:{CHANNEL}"

    def posted(self) -> str:
        """What stands in the channel that is from FlowMate, without its progress."""
        found = [
            m for m in self.slack.channel(CHANNEL).messages if self.model.incident.digest[:8] in _text(m)
        ]
        return _text(found[-1]) if found else ""

    async def until_posted(self) -> str:
        return await self.slack.wait_for(self.posted, timeout=POST_SECONDS)


@asynccontextmanager
async def scene() -> AsyncIterator[Scene]:
    """The servers, and an empty folder; both are gone afterwards."""
    incident = Incident(datetime.now(UTC))
    model = ObedientModel(incident)
    with tempfile.TemporaryDirectory(prefix="flowmate-demo-") as folder:
        async with (
            ScriptedOpenAI(default=model) as llm,
            mail_server() as mail,
            web_server() as web,
            SlackServer(burst=5) as slack,
        ):
            slack.add_user(PERSON, name="ada")
            slack.add_channel(CHANNEL, members=[PERSON])
            feed = web.serve("/status.xml", incident.feed, type="application/rss+xml")
            environment = {
                "OPENAI_API_KEY": KEY,
                "OPENAI_BASE_URL": llm.url,
                "SMTP_URL": mail.url(),
                "SMTP_FROM": SENDER,
                "SLACK_BOT_TOKEN": slack.bot_token,
                "SLACK_APP_TOKEN": slack.app_token,
                "SLACK_API_URL": slack.base_url,
                "FLOWMATE_MODEL_PRICES": MODEL_PRICE,
                "FLOWMATE_FETCH_ALLOW": "127.0.0.1",
                **_terminal(),
            }
            yield Scene(Path(folder), model, mail, slack, feed, environment)


def _terminal() -> dict[str, str]:
    kept = {name: os.environ[name] for name in ("TERM", "COLORTERM", "LC_ALL") if name in os.environ}
    return {**kept, "COLUMNS": str(shutil.get_terminal_size((COLUMNS, 24)).columns - LEFT)}


def _text(message: Message) -> str:
    return "\n".join(block["text"] for block in message.blocks if block["type"] == "markdown")
