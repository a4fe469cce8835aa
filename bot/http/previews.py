"""What an instruction would come to, without saving or running anything."""

from __future__ import annotations

from adapters.assembly import Assembly
from core.context import to_task
from core.intake import check_instruction
from core.models import Delegation, DelegationState, Instruction, Plan
from core.policies import HISTORY_EXCHANGES
from core.ports.planner import PlanRequest
from core.rendering import agents as words
from core.schedules.firing import ORIGIN as SCHEDULE


async def preview(assembly: Assembly, instruction: Instruction) -> Plan:
    """The plan, as it would be made now where the instruction comes from. Raises InvalidInstruction."""
    check_instruction(instruction)
    now, address = assembly.clock.now(), instruction.address
    asked = Delegation(id="preview", instruction=instruction, state=DelegationState.RECEIVED, received_at=now)
    # What a schedule asks stands by itself, see core.histories.
    alone = instruction.origin == SCHEDULE
    history = () if alone else await assembly.store.conversation(address, before=now, limit=HISTORY_EXCHANGES)
    task = to_task(asked, history=history, now=now, default_zone=assembly.settings.flowmate_zone)
    crew = await assembly.roster.of(address.platform, address.workspace)
    # Paid for like any other, but there is no answer below which a note about a budget could stand.
    task = task.model_copy(update={"delegation_id": ""})
    request = PlanRequest(
        task=task,
        agents=crew.usable_by(instruction.person.id),
        preferred_agents=instruction.preferred_agents,
    )
    return await assembly.planner.plan(request)


async def lacking(assembly: Assembly, instruction: Instruction) -> str | None:
    """Why this could only fail here, for people; None where it may be done. Raises InvalidInstruction."""
    plan = await preview(assembly, instruction)
    if not plan.steps:
        return None if plan.answered else plan.question
    crew = await assembly.roster.of(instruction.address.platform, instruction.address.workspace)
    unable = (agent for agent in crew.cast(plan) if assembly.model is None and not agent.tools)
    return next((words.needs_model(agent.name) for agent in unable), None)
