"""What is posted once every step has ended."""

from __future__ import annotations

from core.models import Delegation, Reply, Status
from core.rendering import answers, digests
from core.roster import Roster
from core.schedules.desk import Desk
from core.schedules.digest import lead_with_new
from core.schedules.firing import ORIGIN as SCHEDULE


async def to_reply(
    delegation: Delegation, status: Status, *, desk: Desk | None, roster: Roster, default_zone: str
) -> Reply:
    """The answer; of a schedule's run, beside what its last run gave. Raises StoreUnavailable."""
    if not delegation.steps and status is not Status.CANCELLED:
        return answers.nothing_to_do(delegation.id)
    instruction = delegation.instruction
    if instruction.origin == SCHEDULE and desk is not None:
        last = await desk.last_run(delegation)
        zone = instruction.person.zone or default_zone
        reply = answers.answer(lead_with_new(delegation, last.delegation, zone=zone), status=status)
        return reply.model_copy(update={"text": digests.below(last.missed, reply.text)})
    agents = await roster.named(delegation)
    again = (
        desk is not None
        and status is Status.SUCCESS
        and all(agent is not None and agent.recurring for agent in agents)
    )
    return answers.answer(delegation, status=status, recurring=again)
