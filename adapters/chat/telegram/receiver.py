"""What Telegram sends takes one way to the reception, whether it was asked for (polling) or sent (webhook)."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine, Mapping
from typing import Any

from adapters.chat.pace import Pace
from adapters.chat.platform import Reception
from adapters.chat.telegram.client import TelegramClient
from adapters.chat.telegram.inbound import Heard, Kind, Me, to_heard, to_move, to_press
from adapters.chat.telegram.outbound import TelegramMessenger
from core.errors import FlowMateError, Refused, TransientError
from core.integrations.commands import Told
from core.models import Address, Person, Press
from core.ports.admissions import Admissions
from core.ports.clock import Clock
from core.rendering import integrations, pairing, refusals

logger = logging.getLogger(__name__)
STRANGER_SECONDS = 86_400.0
"""A stranger is told once a day."""
TOLD_SECONDS = 86_400.0
"""What Telegram sends again after that long is too old to be taken."""


class Receiver:
    """Takes one update; returns once it is committed. Raises StoreUnavailable: then it must come again."""

    def __init__(
        self,
        reception: Reception,
        *,
        client: TelegramClient,
        messenger: TelegramMessenger,
        pace: Pace,
        doors: Doors,
        clock: Clock,
    ) -> None:
        self._reception = reception
        self._client = client
        self._messenger = messenger
        self._pace = pace
        self._doors = doors
        self._clock = clock
        self._telling: set[asyncio.Task[None]] = set()

    async def drain(self, *, seconds: float) -> None:
        """Let people be told what they are being told, for at most so long."""
        if self._telling:
            _, late = await asyncio.wait(self._telling, timeout=seconds)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)

    async def take(self, update: Mapping[str, Any], *, me: Me) -> None:
        """Everything that one update wants. Repeating it is harmless: what is kept is keyed by the update."""
        press = to_press(update, me=me)
        if press is not None:
            await self._press(press, query_id=str(update["callback_query"]["id"]), update=update)
            return
        move = to_move(update)
        if move is not None:
            await self._reception.moved(move[0], to=move[1])
            return
        heard = to_heard(update, me=me, now=self._clock.now())
        if heard.kind is Kind.NOTHING or heard.person is None or heard.address is None:
            logger.debug("telegram: nothing to do for update %s", update.get("update_id"))
            return
        once = _to_key(update, me=me)
        if heard.kind is Kind.START and heard.text:
            await self._pair(heard, heard.address, once=once)
        elif not await self._doors.open_to(heard.person.id, heard.username):
            if await self._pace.first(
                f"telegram:stranger:{heard.person.id}", within_seconds=STRANGER_SECONDS
            ):
                self._tell(heard.address, pairing.STRANGER, once=once)
        else:
            await self._serve(heard, heard.address, once=once)

    async def _serve(self, heard: Heard, address: Address, *, once: str) -> None:
        match heard.kind:
            case Kind.INSTRUCTION if heard.instruction is not None:
                try:
                    taken = await self._reception.hear(heard.instruction)
                except Refused as refusal:
                    self._tell(address, refusal.sentence, once=once)
                    return
                if isinstance(taken, Told):
                    self._tell_alone(taken, heard.instruction.person, address, once=once)
                elif taken.created and taken.notice:
                    self._tell(address, taken.notice, once=once)
            case Kind.CANCEL if heard.person is not None:
                said = await self._reception.cancel_latest(address, heard.person)
                if said:
                    self._tell(address, said, once=once)
            case Kind.START | Kind.HELP if heard.person is not None:
                guide = await self._guide(heard.person, address)
                self._tell(address, guide, once=once)
            case Kind.HINT:
                self._tell(address, refusals.WORDS_PLEASE, once=once)
            case Kind.LATE:
                self._tell(address, refusals.CAME_TOO_LATE, once=once)
            case _:
                return

    async def _pair(self, heard: Heard, address: Address, *, once: str) -> None:
        if heard.person is None:
            return
        if await self._doors.redeem(heard.text.strip(), heard.person.id, now=self._clock.now()):
            guide = await self._guide(heard.person, address)
            self._tell(address, pairing.welcome(guide), once=once)
        elif await self._pace.first(f"telegram:code:{heard.person.id}", within_seconds=5.0):
            self._tell(address, pairing.WRONG_CODE, once=once)

    async def _press(self, press: Press, *, query_id: str, update: Mapping[str, Any]) -> None:
        username = str((update["callback_query"].get("from") or {}).get("username") or "").lower()
        if not await self._doors.open_to(press.person.id, username):
            sentence: str | None = pairing.STRANGER
        else:
            try:
                sentence = await self._reception.press(press)
            except TransientError:
                raise
            except FlowMateError as error:
                sentence = error.sentence
        try:
            # Unanswered, the button would show a clock for a minute.
            await self._client.call(
                lambda bot: bot.answer_callback_query(query_id, text=sentence, show_alert=bool(sentence))
            )
        except FlowMateError as error:
            logger.info("telegram: a press was not answered: %s", error.sentence)

    async def _guide(self, person: Person, address: Address) -> str:
        aloud = not self._messenger.is_private(address)
        return await self._reception.help(person=person, address=address, aloud=aloud)

    def _tell_alone(self, told: Told, person: Person, address: Address, *, once: str) -> None:
        """In a group a link would be everybody's: it goes into the private chat, whose id is the person's own."""
        user_id = person.id.rsplit(":", 1)[-1]
        if not (told.link or told.alone) or self._messenger.is_private(address):
            self._tell(address, told.markdown, once=once)
            return
        self._behind(self._write_privately(told, user_id, address, once=once))

    async def _write_privately(self, told: Told, user_id: str, address: Address, *, once: str) -> None:
        if not await self._pace.first(once, within_seconds=TOLD_SECONDS):
            return
        private = Address(platform=address.platform, workspace=user_id, place=user_id)
        try:
            await self._messenger.say(private, told.markdown)
            sentence = integrations.TOLD_PRIVATELY
        except FlowMateError as error:
            logger.info("telegram: nothing in private for somebody in a group: %s", error.sentence)
            sentence = integrations.WRITE_PRIVATELY
        await self._say(address, sentence, once=f"{once}:group")

    def _tell(self, address: Address, text: str, *, once: str) -> None:
        self._behind(self._say(address, text, once=once))

    def _behind(self, telling: Coroutine[Any, Any, None]) -> None:
        """Behind the acknowledgement: posts stand in line, and Telegram would send the update again meanwhile."""
        task = asyncio.create_task(telling, name="telegram tell")
        self._telling.add(task)
        task.add_done_callback(self._telling.discard)

    async def _say(self, address: Address, text: str, *, once: str) -> None:
        try:
            if not await self._pace.first(once, within_seconds=TOLD_SECONDS):
                return
            await self._messenger.say(address, text)
        except FlowMateError as error:
            logger.warning("telegram: nobody was told: %s", error.sentence)
        except Exception:
            logger.exception("telegram: nobody was told")


def _to_key(update: Mapping[str, Any], *, me: Me) -> str:
    """What is told about once: an update that comes again, and the pictures of one album, are one thing."""
    album = (update.get("message") or {}).get("media_group_id")
    return f"telegram:told:{me.id}:{album or update.get('update_id')}"


class Doors:
    """Who may come in: the allow-list, and whoever was paired."""

    def __init__(self, allowed: frozenset[str], *, admissions: Admissions, platform: str) -> None:
        self._allowed = allowed
        self._admissions = admissions
        self._platform = platform

    async def open_to(self, person_id: str, username: str) -> bool:
        """Whether this person may talk. Raises StoreUnavailable."""
        user_id = person_id.rsplit(":", 1)[-1]
        names = {"*", user_id, f"@{username}", username} - {"@", ""}
        return bool(names & self._allowed) or await self._admissions.admitted(self._platform, person_id)

    async def redeem(self, code: str, person_id: str, *, now: Any) -> bool:
        """Let the person in if the code is good. Raises StoreUnavailable."""
        return await self._admissions.redeem(self._platform, code.upper(), person_id, now=now)
