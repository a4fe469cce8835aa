"""Stage 4: what the steps gave, aggregated into one answer."""

from __future__ import annotations

import logging
from collections.abc import Callable

from core.budgets.desk import BudgetDesk
from core.models import Delegation, Plan, Reply, Status
from core.policies import due, status_of
from core.ports.clock import Clock
from core.ports.store import Answer, Answering
from core.rendering import answers, digests
from core.roster import Roster
from core.schedules.desk import Desk
from core.schedules.digest import lead_with_new
from core.schedules.firing import ORIGIN as SCHEDULE

logger = logging.getLogger(__name__)


class Finishing:
    """Puts answers together; saving and delivering them is the coordinator's."""

    def __init__(
        self,
        *,
        roster: Roster,
        desk: Desk | None,
        money: BudgetDesk | None,
        posts: Callable[[str], bool],
        clock: Clock,
        default_zone: str,
    ) -> None:
        """`posts` says of a platform whether answers are put anywhere for it; where not, the saved one is delivered."""
        self._roster = roster
        self._desk = desk
        self._money = money
        self._posts = posts
        self._clock = clock
        self._default_zone = default_zone

    async def answering(self) -> Answering | None:
        """How an answer is saved together with the end of the last step; None where a line about money may belong
        below it, which is looked up first. Raises StoreUnavailable.
        """
        return None if self._money is not None and await self._money.watches() else self._at_once

    async def noted(self, reply: Reply, delegation: Delegation, plan: Plan | None = None) -> Reply:
        """The reply with what there is to say about money below it; see BudgetDesk.below."""
        return reply if self._money is None else await self._money.below(reply, delegation, plan)

    def _at_once(self, delegation: Delegation) -> Answer | None:
        """The answer, where it is due and takes no asking: a digest asks for its last run first.

        What goes wrong here is tried again, and then told.
        """
        if delegation.instruction.origin == SCHEDULE or not due(delegation, now=self._clock.now()).finish:
            return None
        try:
            return self._answer(delegation, None)
        except Exception:
            logger.exception("%s is not answered with the end of its last step", delegation.id)
            return None

    async def answer(self, delegation: Delegation) -> Answer:
        """The answer to a delegation whose steps have ended. Raises StoreUnavailable."""
        answer = self._answer(delegation, await self._digest(delegation))
        return answer.model_copy(update={"reply": await self.noted(answer.reply, delegation)})

    def _answer(self, delegation: Delegation, digest: Reply | None) -> Answer:
        status = _status(delegation)
        return Answer(
            status=status,
            reply=digest or self._reply(delegation, status),
            delivered=not self._posts(delegation.instruction.address.platform),
        )

    async def _digest(self, delegation: Delegation) -> Reply | None:
        instruction = delegation.instruction
        if instruction.origin != SCHEDULE or self._desk is None or not delegation.steps:
            return None
        last = await self._desk.last_run(delegation)
        zone = instruction.person.zone or self._default_zone
        told = lead_with_new(delegation, last.delegation, zone=zone)
        reply = answers.answer(told, status=_status(delegation))
        return reply.model_copy(update={"text": digests.below(last.missed, reply.text)})

    def _reply(self, delegation: Delegation, status: Status) -> Reply:
        if not delegation.steps and status is not Status.CANCELLED:
            return answers.nothing_to_do(delegation.id)
        agents = self._roster.seen(delegation)
        again = (
            self._desk is not None
            and status is Status.SUCCESS
            and all(agent is not None and agent.recurring for agent in agents)
        )
        return answers.answer(delegation, status=status, recurring=again)


def _status(delegation: Delegation) -> Status:
    return status_of(delegation.steps, cancelled=delegation.cancelled_by is not None)
