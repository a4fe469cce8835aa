"""Where people talk about agents: they are made, shown, shared and deleted in the words of a conversation."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from core.catalog import near, read_fields
from core.errors import Conflict, FlowMateError, InvalidAgent, NotFound, Refused, StoreUnavailable
from core.making import dialogue
from core.making.commands import Wish, read_wish
from core.making.forms import new_agent, to_fields, to_text
from core.making.questions import Questions
from core.making.shop import Shop
from core.making.showing import READING, Showing
from core.making.templates import templates
from core.models import (
    Address,
    AgentDraft,
    Delegation,
    Exchange,
    Instruction,
    MadeAgent,
    Person,
    Reply,
    Status,
    Visibility,
)
from core.models.form import Form, Submission
from core.ports.clock import Clock
from core.ports.made_agents import MadeAgents
from core.rendering import making as words

logger = logging.getLogger(__name__)
Answer = tuple[Status, Reply]
EDITABLE = frozenset({"description", "system_prompt", "tools", "integrations"})
"""What can be changed in one sentence; all the rest in a file."""
LOOKING_SECONDS = 1.0
"""How long a form waits for what is connected: a platform shows one only within seconds of its being asked for."""


class MakingDesk:
    """Answers instructions that are about agents, and asks for what is missing."""

    def __init__(
        self,
        *,
        shop: Shop,
        made: MadeAgents,
        clock: Clock,
        standing: Callable[[Address], Address] = lambda address: address,
        shared: Callable[[Address], bool] = lambda address: False,
    ) -> None:
        """`shared`: whether others read along in a place; nothing is said there of what is one person's alone."""
        self._shop = shop
        self._questions = Questions(shop=shop, made=made, clock=clock)
        self._standing = standing
        self._shared = shared
        self._showing = Showing(shop)

    async def answer(self, delegation: Delegation, *, history: Sequence[Exchange] = ()) -> Answer | None:
        """The answer, if the instruction is about making agents; None: it is about something else.

        Safe to repeat: what the same delegation has made is found made. Raises StoreUnavailable.
        """
        wish = read_wish(delegation.instruction.text)
        try:
            if wish is not None:
                return await self._obey(wish, delegation)
            return await self._continued(delegation, history)
        except (Refused, NotFound, Conflict) as refusal:
            return _no(refusal)

    async def confided(self, instruction: Instruction) -> str | None:
        """The answer for this person alone, where others read along and would read less; None: it is for everybody,
        or is about something else. Raises StoreUnavailable."""
        if not self._shared(instruction.address):
            return None
        wish = read_wish(instruction.text)
        if wish is None or wish.verb not in READING or instruction.preferred_agents:
            return None
        return await self._showing.confided(wish, by=instruction.person, at=instruction.address)

    async def form(self, text: str, *, at: Address) -> Form | None:
        """What to fill in, where the text asks for a new agent and leaves something out. Never raises: what is
        connected here is left out where it can't be looked up in time."""
        wish = read_wish(text)
        if wish is None or wish.verb != "new" or wish.complete:
            return None
        services: Mapping[str, Sequence[str]] = {}
        try:
            async with asyncio.timeout(LOOKING_SECONDS):
                services = await self._shop.choices(self._shop.tools, at=at)
        except (StoreUnavailable, TimeoutError) as error:
            logger.warning("a form without what is connected: %s", type(error).__name__)
        return new_agent(wish, tools=self._shop.tools, services=services)

    async def read(self, submission: Submission) -> Instruction:
        """A filled-in form as the instruction that makes the agent.

        Raises InvalidAgent for what the person should mend in the form, and StoreUnavailable.
        """
        agent = await self._shop.check(to_fields(submission.values), at=submission.address)
        if sentence := await self._shop.taken(agent.name, at=submission.address):
            raise InvalidAgent([("name", sentence)])
        shared = submission.values.get("visibility") == Visibility.WORKSPACE
        return Instruction(
            key=submission.key,
            text=to_text(agent, shared=shared),
            person=submission.person,
            address=submission.address,
            origin=submission.origin,
        )

    async def cancel(self, address: Address, person: Person) -> str | None:
        """End the dialogue that this person is in here, and say so; None where there is none."""
        return await self._questions.cancel(address, person)

    async def _obey(self, wish: Wish, delegation: Delegation) -> Answer:
        instruction = delegation.instruction
        by, at = instruction.person, instruction.address
        match wish.verb:
            case "new":
                return await self._new(wish, delegation)
            case "edit":
                return await self._edit(wish, delegation)
            case "list" | "show" | "versions":
                return _yes(await self._showing.tell(wish, by=by, at=at, aloud=self._shared(at)))
            case "templates":
                return _yes(words.templates(templates().values()))
            case "delete":
                found = await self._shop.find(wish.name, by=by, at=at, key=delegation.id)
                await self._shop.delete(found, by=by, key=delegation.id)
                return _yes(words.DELETED if self._is_secret(found, at) else words.deleted(wish.name))
            case "share" | "unshare":
                return await self._share(wish, delegation)

    async def _new(self, wish: Wish, delegation: Delegation) -> Answer:
        if wish.file:
            return await self._create(read_fields(wish.file), wish, delegation)
        if wish.template:
            return await self._create(_from_template(wish), wish, delegation)
        if wish.complete:
            return await self._create(to_fields(wish.given), wish, delegation)
        return await self._questions.begin(wish, delegation)

    async def _create(self, fields: dict[str, Any], wish: Wish, delegation: Delegation) -> Answer:
        instruction = delegation.instruction
        made = await self._shop.create(
            fields,
            by=instruction.person,
            at=self._standing(instruction.address),
            visibility=wish.visibility or Visibility.ME,
            key=delegation.id,
        )
        if self._is_secret(made, instruction.address):
            return _yes(words.MADE)
        return _yes(words.made(made, unmet=await self._showing.unmet(made)))

    async def _edit(self, wish: Wish, delegation: Delegation) -> Answer:
        by, at = delegation.instruction.person, delegation.instruction.address
        fields = read_fields(wish.file) if wish.file else None
        name = str((fields or {}).get("name") or wish.name)
        if not name:
            return Status.FAILED, Reply(text=words.EDIT_WHAT)
        found = await self._shop.find(name, by=by, at=at)
        if found.key == delegation.id:
            return await self._changed(found, at)
        if fields is None:
            if not EDITABLE & wish.given.keys():
                name = words.ANY_NAME if self._is_secret(found, at) else found.name
                return Status.FAILED, Reply(text=words.edit_how(name))
            fields = found.agent.model_dump(mode="json", exclude_defaults=True)
            said = to_fields(wish.given)
            fields |= {field: value for field, value in said.items() if field in wish.given}
        changed = await self._shop.change(
            found, fields, by=by, at=self._standing(at), visibility=wish.visibility, key=delegation.id
        )
        return await self._changed(changed, at)

    async def _changed(self, made: MadeAgent, at: Address) -> Answer:
        if self._is_secret(made, at):
            return _yes(words.CHANGED)
        return _yes(words.changed(made, unmet=await self._showing.unmet(made)))

    def _is_secret(self, made: MadeAgent, at: Address) -> bool:
        """Whether it is one person's alone, in a place where others read along."""
        return made.private and self._shared(at)

    async def _share(self, wish: Wish, delegation: Delegation) -> Answer:
        by, at = delegation.instruction.person, delegation.instruction.address
        found = await self._shop.find(wish.name, by=by, at=at)
        visibility = Visibility.WORKSPACE if wish.verb == "share" else Visibility.ME
        if found.visibility is not visibility or found.owner.id != by.id:
            found = await self._shop.change(
                found, by=by, at=self._standing(at), visibility=visibility, key=delegation.id
            )
        return _yes(words.shared(found))

    async def _continued(self, delegation: Delegation, history: Sequence[Exchange]) -> Answer | None:
        """The next question, or the agent, where this is the reply to a question of ours."""
        said = await self._questions.reply(delegation, history)
        if not isinstance(said, AgentDraft):
            return said
        values = dialogue.values_of(said)
        wish = Wish(verb="new", visibility=Visibility(values.get("visibility", Visibility.ME)))
        try:
            answer = await self._create(to_fields(values), wish, delegation)
        except (Refused, Conflict) as refusal:
            # Somebody took the name meanwhile, for example: nothing that is asked again would help.
            answer = _no(refusal)
        await self._questions.close(said, by=delegation.id)
        return answer


def _from_template(wish: Wish) -> dict[str, Any]:
    template = templates().get(wish.template)
    if template is None:
        raise NotFound(words.no_such_template(wish.template, meant=near(wish.template, templates())))
    fields = template.model_dump(mode="json", exclude_defaults=True)
    return {**fields, "name": wish.name or template.name}


def _yes(text: str) -> Answer:
    return Status.SUCCESS, Reply(text=text)


def _no(refusal: FlowMateError) -> Answer:
    return Status.FAILED, Reply(text=refusal.sentence)
