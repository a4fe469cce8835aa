"""Bolt's wiring: what Slack sends, over HTTP or Socket Mode, takes one and the same way to the reception.

Imports slack_bolt, which only a process that receives needs.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping
from typing import Any

from slack_bolt.async_app import AsyncApp
from slack_bolt.authorization import AuthorizeResult
from slack_bolt.context.ack.async_ack import AsyncAck
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_bolt.response import BoltResponse
from slack_sdk.web.async_client import AsyncWebClient

from adapters.chat.platform import Reception
from adapters.chat.slack.blocks import to_message
from adapters.chat.slack.client import SlackClient, sdk_logger
from adapters.chat.slack.forms import Forms
from adapters.chat.slack.identity import Identity, OwnIdentity
from adapters.chat.slack.inbound import (
    PLATFORM,
    Audience,
    begins_thread,
    from_command,
    to_audience,
    to_instruction,
    to_person,
    to_press,
    to_team,
)
from adapters.chat.slack.markdown import escape
from adapters.chat.slack.modal import CALLBACK, SERVICE_CALLBACK
from adapters.chat.slack.people import People
from adapters.chat.slack.whispers import Whispers
from core.errors import FlowMateError, Refused, TransientError
from core.integrations.commands import Told
from core.models import Address, Instruction, Reply

log = logging.getLogger(__name__)

Json = dict[str, Any]
# What can be answered without knowing who we are: after an uninstall nobody would tell us.
_FAREWELLS = frozenset({"app_uninstalled", "tokens_revoked"})
_HANDSHAKES = frozenset({"url_verification", "ssl_check"})
_WHO = "flowmate.identity"


class Receiver:
    """Takes payloads in; the status of its answer says whether Slack may forget the payload (200) or not."""

    def __init__(
        self,
        reception: Reception,
        *,
        client: SlackClient,
        token: str,
        identity: OwnIdentity,
        people: People,
        whispers: Whispers,
    ) -> None:
        self._reception = reception
        self._client = client
        self._token = token
        self._identity = identity
        self._people = people
        self._whispers = whispers
        self._forms = Forms(reception, client=client, people=people, whispers=whispers)
        self._app = self._wired()

    async def dispatch(self, body: Json, *, headers: Mapping[str, str]) -> BoltResponse:
        """Bolt's answer; 503 where nothing could be saved, 500 for what nobody expected: Slack resends after both."""
        try:
            who = None if body.get("type") in _HANDSHAKES else await self._for_us(body)
            if who is None and body.get("type") not in _HANDSHAKES:
                return BoltResponse(status=200)
            # This mode makes Bolt take the body as it was parsed; its own parsing looks for the word "payload" in
            # all of a form and fails on commands that contain it.
            request = AsyncBoltRequest(
                body=body, mode="socket_mode", headers=dict(headers), context={_WHO: who} if who else None
            )
            response = await self._app.async_dispatch(request)
        except FlowMateError as error:
            log.warning("slack: not taken, Slack will send it again: %s", error.sentence)
            return BoltResponse(status=503)
        except Exception:
            log.exception("slack: a payload of type %r failed", body.get("type"))
            return BoltResponse(status=500)
        if response.status == 404:
            # Slack would send again what nobody wants, and switch off an app that keeps refusing.
            log.info("slack: nothing to do for %s", _kind(body))
            return BoltResponse(status=200)
        return response

    async def _for_us(self, body: Json) -> Identity | None:
        if (body.get("event") or {}).get("type") in _FAREWELLS:
            log.warning("slack: %s in workspace %s", _kind(body), to_team(body)[0])
            return None
        who = await self._identity.get()
        team, enterprise = to_team(body)
        if who.covers(team, enterprise=enterprise):
            return who
        log.info("slack: nothing to do for unknown workspace %s", team)
        return None

    def _wired(self) -> AsyncApp:
        async def authorize(
            enterprise_id: str | None, team_id: str | None, context: Mapping[str, Any]
        ) -> AuthorizeResult:
            # Bolt's own way calls auth.test for every event, and answers 200 and forgets the event when that fails.
            who: Identity = context[_WHO]
            return AuthorizeResult(
                enterprise_id=enterprise_id,
                team_id=team_id,
                bot_user_id=who.user,
                bot_id=who.bot,
                bot_token=self._token,
            )

        app = AsyncApp(
            # Bolt lends the logger of this name the level of the other one: no other may be called that.
            name=sdk_logger().name,
            logger=sdk_logger(),
            process_before_response=True,
            client=AsyncWebClient(logger=sdk_logger()),
            authorize=authorize,
            signing_secret="",
            request_verification_enabled=False,
            ssl_check_enabled=False,
            ignoring_self_events_enabled=False,
            attaching_function_token_enabled=False,
            attaching_conversation_kwargs_enabled=False,
        )
        app.event("app_mention")(self._on_message)
        app.event("message")(self._on_message)
        app.event("agent_session_stopped")(self._on_stop)
        # Whatever the command is called in the app's settings, it is ours.
        app.command(re.compile("^/"))(self._on_command)
        app.action(re.compile(r"^flowmate\."))(self._on_press)
        app.view(CALLBACK)(self._forms.take)
        app.view(SERVICE_CALLBACK)(self._forms.connect)
        app.error(_on_error)
        return app

    async def _on_message(self, body: Json, context: Mapping[str, Any]) -> None:
        event, who = body["event"], context[_WHO]
        audience = to_audience(event, who=who)
        if audience is Audience.NOBODY:
            # What people say to one another is most of what comes, and no news.
            said_by_a_person = not (event.get("subtype") or event.get("bot_id"))
            log.log(
                logging.DEBUG if said_by_a_person else logging.INFO,
                "slack: nothing to do for %s",
                _kind(body),
            )
            return
        instruction = to_instruction(
            event, who=who, team=to_team(body)[0], profile=self._people.profile(event["user"])
        )
        if audience is Audience.THREAD and not await self._reception.knows(instruction.address):
            log.debug("slack: nothing to do for a reply in a thread without FlowMate")
            return
        said = await self._hear(instruction)
        where = instruction.address
        if begins_thread(event):
            # In a thread that nobody has answered in Slack shows nothing to one person alone.
            where = where.model_copy(update={"thread": ""})
        # A mention comes as `app_mention`, too, and one of the two is enough to be told.
        echo = audience is Audience.MENTION and event["type"] == "message"
        if isinstance(said, Told):
            self._whispers.show(event["user"], said.markdown, at=where, once=instruction.key)
        elif said and not echo:
            self._whispers.tell(event["user"], said, at=where)

    async def _on_stop(self, body: Json) -> None:
        """Slack's own Stop button names a thread and a person: their latest work there is cancelled."""
        event, team = body["event"], to_team(body)[0]
        address = Address(
            platform=PLATFORM,
            workspace=team,
            place=event.get("channel", ""),
            thread=event.get("thread_ts", ""),
        )
        person = to_person(team, event.get("user", ""), profile=self._people.profile(event.get("user", "")))
        await self._reception.cancel_latest(address, person)

    async def _on_command(self, body: Json, ack: AsyncAck, context: Mapping[str, Any]) -> None:
        profile = self._people.profile(body.get("user_id", ""))
        instruction = from_command(body, who=context[_WHO], team=to_team(body)[0], profile=profile)
        if instruction.text.lower() in ("", "help"):
            guide = await self._reception.help(person=instruction.person, address=instruction.address)
            await ack({"response_type": "ephemeral", **to_message(Reply(text=guide))})
            return
        form = await self._reception.form(instruction)
        if form is not None and await self._forms.opened(
            form, instruction, trigger_id=body.get("trigger_id", "")
        ):
            await ack()
            return
        said = await self._hear(instruction)
        if isinstance(said, Told):
            await ack({"response_type": "ephemeral", **to_message(Reply(text=said.markdown))})
        elif said:
            await ack(text=escape(said), response_type="ephemeral")
        else:
            await ack()

    async def _on_press(self, body: Json, ack: AsyncAck) -> None:
        user = (body.get("user") or {}).get("id", "")
        press = to_press(body, team=to_team(body)[0], profile=self._people.profile(user))
        try:
            sentence = await self._reception.press(press)
        except TransientError:
            raise
        except FlowMateError as error:
            sentence = error.sentence
        if sentence and body.get("response_url"):
            self._whispers.answer(body["response_url"], sentence)
        elif sentence:
            self._whispers.tell(user, sentence, at=press.address)
        await ack()

    async def _hear(self, instruction: Instruction) -> Told | str | None:
        """Take the instruction: its answer where that is for its author alone, or what they should know besides."""
        try:
            heard = await self._reception.hear(instruction)
        except Refused as refusal:
            return refusal.sentence
        if isinstance(heard, Told):
            return heard
        return heard.notice if heard.created else None


async def _on_error(error: Exception, body: Json) -> BoltResponse:
    """Bolt reports here what a listener raised."""
    if isinstance(error, FlowMateError):
        log.warning("slack: not taken, Slack will send it again: %s", error.sentence)
        return BoltResponse(status=503)
    log.error("slack: %s failed", _kind(body), exc_info=error)
    return BoltResponse(status=500)


def _kind(body: Json) -> str:
    event = body.get("event") or {}
    names = (event.get("type"), event.get("subtype"), body.get("command"), body.get("type"))
    return "/".join(str(name) for name in names if name)
