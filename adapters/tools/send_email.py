"""Sends an e-mail over the configured SMTP server."""

from __future__ import annotations

import hashlib
import re
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from adapters.integrations.smtp import NAME, to_server
from adapters.settings import Settings
from adapters.text.content import earlier, from_earlier_steps, points_back, without_footer
from adapters.text.letters import MAX_RECIPIENTS, to_letter
from adapters.text.markdown import plain
from adapters.text.words import chosen_by_hand, own_words
from adapters.tools import ToolParts
from adapters.web.smtp import Mail, Server, SmtpSender
from core.errors import NotFound, ToolFailed
from core.models import Task
from core.ports.integrations import DEPLOYMENT, Credentials
from core.ports.tool import Effect, ToolOutput

MAX_BODY = 20_000
NOT_SET_UP = "E-mail isn't set up: set SMTP_URL and SMTP_FROM."
Recipient = Annotated[
    str, StringConstraints(max_length=254, pattern=r"^[A-Za-z0-9._%+'-]{1,64}@[A-Za-z0-9.-]{1,253}$")
]


class Email(BaseModel):
    """An e-mail in plain text."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    to: tuple[Recipient, ...] = Field(
        min_length=1, max_length=MAX_RECIPIENTS, description="e-mail addresses that the person named"
    )
    subject: str = Field(
        "", max_length=200, pattern=r"^[^\r\n]*$", description="one line; empty: made from the text"
    )
    body: str = Field("", max_length=MAX_BODY, description="the text; empty: what the steps before gave")


class SendEmail:
    """Sends one e-mail to all recipients; a failure that may have sent it is never repeated."""

    name: str = "send_email"
    description: str = "Sends a plain-text e-mail to addresses that the person named."
    arguments: type[Email] = Email
    effect: Effect = Effect.WRITE
    untrusted: bool = False
    integration: str | None = NAME

    def __init__(self, settings: Settings, credentials: Credentials) -> None:
        self._settings = settings
        self._credentials = credentials

    def parse(self, task: Task) -> Email | None:
        letter = to_letter(own_words(task), sure=chosen_by_hand(task, "mail"))
        if (
            letter is None
            or len(letter.to) > MAX_RECIPIENTS
            or any(not _ADDRESS.fullmatch(address) for address in letter.to)
        ):
            return None
        body = letter.body
        if not body:
            body = from_earlier_steps(task) if task.upstream else earlier(task) if letter.refers else ""
        elif task.upstream and len(body) < 60 and points_back(body) and "\n" not in body:
            body = f"{body}\n\n{from_earlier_steps(task)}".strip()
        return Email(to=letter.to, subject=letter.subject, body=body[:MAX_BODY])

    def named_by(self, arguments: Email) -> tuple[str, ...]:
        return arguments.to

    def prepare(self, arguments: Email, *, task: Task) -> Email:
        """With the subject and the plain text that will be sent."""
        body = without_footer(arguments.body) or from_earlier_steps(task)
        if not body:
            failed = task.upstream and not any(step.succeeded for step in task.upstream)
            raise ToolFailed(
                "I didn't send the e-mail: the step before it failed."
                if failed
                else "What should the e-mail say?"
            )
        to = tuple(dict.fromkeys(arguments.to))
        subject = arguments.subject.strip() or _subject(body)
        return Email(to=to, subject=subject, body=plain(body)[:MAX_BODY])

    async def run(self, arguments: Email, *, task: Task, idempotency_key: str) -> ToolOutput:
        server, sender = await self._server(task)
        mail = Mail(
            sender=sender, to=arguments.to, subject=arguments.subject, body=arguments.body,
            message_id=hashlib.sha256(idempotency_key.encode()).hexdigest()[:32], at=task.now,
        )  # fmt: skip
        await SmtpSender(server).send(mail)
        return ToolOutput(text=f'E-mail sent to {", ".join(mail.to)}: "{mail.subject}"')

    async def _server(self, task: Task) -> tuple[str | Server, str]:
        """Where to and as whom: the workspace's own integration, else what the settings say."""
        if task.integration not in ("", DEPLOYMENT):
            try:
                values = await self._credentials.open(task.workspace, task.integration)
            except NotFound as error:
                raise ToolFailed(
                    "The smtp integration has just been revoked, so nothing was sent."
                ) from error
            return to_server(values), values["sender"]
        url, sender = self._settings.smtp_url, self._settings.smtp_from
        if url is None or not sender:
            raise ToolFailed(NOT_SET_UP)
        return url.get_secret_value(), sender


def build(parts: ToolParts) -> SendEmail:
    return SendEmail(parts.settings, parts.credentials)


_ADDRESS = re.compile(r"[A-Za-z0-9._%+'-]{1,64}@[A-Za-z0-9.-]{1,253}")


def _subject(body: str) -> str:
    """The first line of the text, cut at a word."""
    first = next((line for line in body.splitlines() if line.strip(" #*_->")), "Message")
    first = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", first)
    first = re.sub(r"[*_`#>\\]|\u2060", "", first).strip(" -:.")
    short = first if len(first) <= 70 else first[:70].rsplit(" ", 1)[0].rstrip(" ,;:-") + "…"
    return " ".join(short.split()) or "Message"
