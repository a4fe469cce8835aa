"""What an agent is told about its work."""

from __future__ import annotations

from datetime import datetime

from core.models import Delegation, Exchange, Step, StepState, Task, Upstream


def to_task(
    delegation: Delegation,
    step: Step | None = None,
    *,
    history: tuple[Exchange, ...] = (),
    now: datetime,
    default_zone: str,
) -> Task:
    """The task of one step, or of the whole instruction where it is still to be planned."""
    instruction = delegation.instruction
    return Task(
        text=instruction.text if step is None else step.task,
        instruction=instruction.text,
        person=instruction.person,
        workspace=f"{instruction.address.platform}:{instruction.address.workspace}",
        now=now,
        zone=instruction.person.zone or default_zone,
        upstream=() if step is None else _upstream(delegation, step),
        history=history,
        delegation_id=delegation.id,
        schedule_id=instruction.schedule_id,
    )


def _upstream(delegation: Delegation, step: Step) -> tuple[Upstream, ...]:
    """What every step before it gave, not only the last: "read it, save it, then mail it" mails what was read."""
    given = []
    for index in sorted(_before(delegation, step)):
        other = delegation.steps[index]
        if other.result is None:
            continue
        given.append(
            Upstream(
                agent=other.agent,
                task=other.task,
                output=other.result.output or other.result.error or "",
                succeeded=other.state is StepState.SUCCEEDED,
                tainted=other.result.tainted,
                addresses=other.result.addresses,
                artifacts=other.result.artifacts,
            )
        )
    return tuple(given)


def _before(delegation: Delegation, step: Step) -> set[int]:
    found: set[int] = set()
    waiting = list(step.after)
    while waiting:
        index = waiting.pop()
        if index not in found:
            found.add(index)
            waiting.extend(delegation.steps[index].after)
    return found
