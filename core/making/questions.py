"""The dialogue in which an agent is asked for, as it goes on in a conversation; dialogue.py has its rules."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta

from core.making import dialogue
from core.making.commands import Wish, to_integrations, to_tools
from core.making.shop import Shop
from core.models import Address, AgentDraft, Delegation, Exchange, Person, Reply, Status
from core.ports.clock import Clock
from core.ports.made_agents import MadeAgents
from core.rendering import making_questions as words

Answer = tuple[Status, Reply]
Services = Mapping[str, Sequence[str]]
DRAFT_LIVES = timedelta(days=1)
LOOKED_AT = 4
"""How many exchanges ago a question may have been asked: others may have said something in between."""


class Questions:
    """Asks for what is missing, one thing at a time. Every method raises StoreUnavailable and is safe to repeat."""

    def __init__(self, *, shop: Shop, made: MadeAgents, clock: Clock) -> None:
        self._shop = shop
        self._made = made
        self._clock = clock

    async def begin(self, wish: Wish, delegation: Delegation) -> Answer:
        """The first question, after what was said already, as far as that is right."""
        instruction = delegation.instruction
        draft = AgentDraft(
            address=instruction.address, person_id=instruction.person.id, given={}, at=self._clock.now()
        )
        problems = []
        for field, said in wish.given.items():
            value = dialogue.to_value(field, said)
            problem = await self._problem(field, value, at=instruction.address)
            if problem is None:
                draft = dialogue.with_given(draft, field, value)
            else:
                problems.append(problem)
        if wish.visibility is not None:
            draft = dialogue.with_given(draft, "visibility", wish.visibility.value)
        await self._keep(draft)
        return self._question(draft, problem=" ".join(problems))

    async def reply(self, delegation: Delegation, history: Sequence[Exchange]) -> AgentDraft | Answer | None:
        """The next question; the draft, where nothing is left to ask; None where this is no reply to a question."""
        if not any(words.TO_STOP in exchange.answer for exchange in history[-LOOKED_AT:]):
            return None
        instruction = delegation.instruction
        found = await self._made.draft(instruction.address, instruction.person.id)
        draft = None if found is None else dialogue.before(found, delegation.id)
        if draft is None or draft.closed_by is not None or self._clock.now() - draft.at > DRAFT_LIVES:
            return None
        if dialogue.is_stop(instruction.text):
            await self.close(draft, by=delegation.id)
            return Status.SUCCESS, Reply(text=words.CANCELLED)
        field = dialogue.asked_next(draft)
        return draft if field is None else await self._taken(field, draft, delegation)

    async def cancel(self, address: Address, person: Person) -> str | None:
        """End the dialogue that this person is in here, and say so; None where there is none."""
        draft = await self._made.draft(address, person.id)
        if draft is None or draft.closed_by is not None:
            return None
        await self.close(draft, by="cancelled")
        return words.CANCELLED

    async def close(self, draft: AgentDraft, *, by: str) -> None:
        """Nothing is asked any more; `by`: the key of the instruction that ended it."""
        await self._keep(draft.model_copy(update={"closed_by": by}))

    async def _taken(self, field: str, draft: AgentDraft, delegation: Delegation) -> AgentDraft | Answer:
        """What follows on a reply to the question for this field."""
        at = delegation.instruction.address
        services = await self._services(draft, at=at) if field == "integrations" else {}
        value = dialogue.to_value(field, delegation.instruction.text)
        if field == "integrations":
            value, problem = _chosen(value, services)
        else:
            problem = await self._problem(field, value, at=at)
        draft = dialogue.with_turn(
            draft, key=delegation.id, field=field, text=value, accepted=problem is None
        )
        if dialogue.asked_next(draft) == "integrations" and not services:
            services = await self._services(draft, at=at)
            if not services:
                draft = dialogue.with_given(draft, "integrations", "")
        if dialogue.asked_next(draft) is None:
            return draft
        await self._keep(draft)
        return self._question(draft, services=services, problem=problem or "")

    async def _services(self, draft: AgentDraft, *, at: Address) -> Services:
        return await self._shop.choices(to_tools(dialogue.values_of(draft).get("tools", "")), at=at)

    async def _problem(self, field: str, value: str, *, at: Address) -> str | None:
        problem = dialogue.problem_of(field, value, tools=self._shop.tools)
        if problem is None and field == "name":
            problem = await self._shop.taken(value, at=at)
        if problem is None and field == "tools":
            problem = await self._shop.wrong_tools(to_tools(value), at=at)
        return problem

    def _question(self, draft: AgentDraft, *, services: Services | None = None, problem: str) -> Answer:
        field = dialogue.asked_next(draft) or "tools"
        name = dialogue.values_of(draft).get("name", "")
        text = words.question(field, name=name, tools=self._shop.tools, services=services, problem=problem)
        return Status.SUCCESS, Reply(text=text)

    async def _keep(self, draft: AgentDraft) -> None:
        now = self._clock.now()
        await self._made.save_draft(draft.model_copy(update={"at": now}), forget_before=now - DRAFT_LIVES)


def _chosen(value: str, services: Services) -> tuple[str, str | None]:
    """The services that were named, and what is wrong with that; a yes is enough where there is one to name."""
    offered = list(dict.fromkeys(name for names in services.values() for name in names))
    if len(offered) == 1 and value.rstrip(".!").lower() in dialogue.YES:
        return offered[0], None
    wrong = next((name for name in to_integrations(value) if name not in offered), None)
    return value, None if wrong is None else words.no_such_service(wrong, services)
