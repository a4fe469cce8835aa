"""Forms as people see them: opened for a command, and taken when they are filled in.

What is written into the form of a service holds secrets. It comes in the one signed payload, goes to the reception's
`connect`, and is neither logged nor put into a message.
"""

from __future__ import annotations

import logging
from typing import Any

from slack_bolt.context.ack.async_ack import AsyncAck

from adapters.chat.platform import Reception
from adapters.chat.slack.client import SlackClient
from adapters.chat.slack.errors import SlackRefused
from adapters.chat.slack.inbound import to_team
from adapters.chat.slack.modal import to_errors, to_submission, to_view
from adapters.chat.slack.people import People
from adapters.chat.slack.whispers import Whispers
from core.errors import (
    ConfigurationError,
    Conflict,
    InvalidAgent,
    InvalidIntegration,
    Refused,
    TransientError,
)
from core.models import Address, Instruction
from core.models.form import Form, Submission

log = logging.getLogger(__name__)

Json = dict[str, Any]
OPEN_SECONDS = 2.0
"""A trigger id lives three seconds, and the command has to be acknowledged within them as well."""


class Forms:
    """Shows forms, and takes them in."""

    def __init__(
        self, reception: Reception, *, client: SlackClient, people: People, whispers: Whispers
    ) -> None:
        self._reception = reception
        self._client = client
        self._people = people
        self._whispers = whispers

    async def opened(self, form: Form, asked: Instruction, *, trigger_id: str) -> bool:
        """Show the form; False where Slack does not, and the questions have to be asked in the conversation."""
        view = to_view(form, asked=asked)
        try:
            await self._client.call(
                lambda web: web.views_open(trigger_id=trigger_id, view=view), timeout_seconds=OPEN_SECONDS
            )
        except SlackRefused as refusal:
            # A command that came again has its form on the screen already.
            if refusal.code != "exchanged_trigger_id":
                log.warning("slack: a form was not shown: %s", refusal.code)
                return False
        except TransientError as error:
            log.warning("slack: a form was not shown: %s", error.sentence)
            return False
        return True

    async def take(self, body: Json, ack: AsyncAck) -> None:
        """A filled-in form: what has to be mended is said in it, and it stays open."""
        submission = self._read(body)
        try:
            receipt = await self._reception.receive(await self._reception.read_form(submission))
        except InvalidAgent as wrong:
            await ack(response_action="errors", errors=to_errors(body, wrong.problems))
            return
        except Refused as refusal:
            await ack(response_action="errors", errors=to_errors(body, [("", refusal.sentence)]))
            return
        if receipt.created and receipt.notice:
            self._whispers.tell(_user(body), receipt.notice, at=submission.address)
        await ack()

    async def connect(self, body: Json, ack: AsyncAck) -> None:
        """A service's form: whether it works is told to the person alone, once that is known."""
        submission = self._read(body)
        user, address = _user(body), submission.address
        try:
            await self._reception.connect(submission, later=lambda said: self._tell(user, said, at=address))
        except InvalidIntegration as wrong:
            field = wrong.field.removeprefix("fields.")
            await ack(response_action="errors", errors=to_errors(body, [(field, wrong.sentence)]))
        except (Conflict, ConfigurationError) as wrong:
            await ack(response_action="errors", errors=to_errors(body, [("", wrong.sentence)]))
        else:
            await ack()

    def _read(self, body: Json) -> Submission:
        return to_submission(body, team=to_team(body)[0], profile=self._people.profile(_user(body)))

    def _tell(self, user: str, sentence: str, *, at: Address) -> None:
        if at.via:
            # It also reaches people in channels that FlowMate is no member of.
            self._whispers.answer(at.via, sentence)
        else:
            self._whispers.tell(user, sentence, at=at)


def _user(body: Json) -> str:
    return str((body.get("user") or {}).get("id") or "")
