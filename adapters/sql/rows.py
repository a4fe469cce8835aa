"""Translating between rows and the domain's values.

A worker of a later version may write fields that this one doesn't know: they are passed over, not refused.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row

from core.models import (
    Address,
    Delegation,
    DelegationState,
    Event,
    EventKind,
    Instruction,
    Person,
    PlannedStep,
    Reply,
    Result,
    Status,
    Step,
    StepState,
    Usage,
)


def from_instruction(instruction: Instruction) -> dict[str, Any]:
    person, address = instruction.person, instruction.address
    return {
        "key": instruction.key,
        "fingerprint": instruction.fingerprint,
        "text": instruction.text,
        "person_id": person.id,
        "person_name": person.name,
        "person_zone": person.zone,
        "platform": address.platform,
        "workspace": address.workspace,
        "place": address.place,
        "thread": address.thread,
        "via": address.via,
        "origin": instruction.origin,
        "preferred_agents": list(instruction.preferred_agents),
    }


def to_instruction(row: Row[Any]) -> Instruction:
    return Instruction(
        key=row.key,
        fingerprint=row.fingerprint,
        text=row.text,
        person=Person(id=row.person_id, name=row.person_name, zone=row.person_zone),
        address=Address(
            platform=row.platform, workspace=row.workspace, place=row.place, thread=row.thread, via=row.via
        ),
        origin=row.origin,
        preferred_agents=tuple(row.preferred_agents),
    )


def to_delegation(row: Row[Any], steps: Sequence[Row[Any]] = ()) -> Delegation:
    return Delegation(
        id=row.id,
        instruction=to_instruction(row),
        state=DelegationState(row.state),
        round=row.round,
        generation=row.generation,
        planner=row.planner,
        planning_usage=Usage.model_validate(row.planning_usage or {}, extra="ignore"),
        steps=tuple(to_step(step) for step in steps),
        cancelled_by=row.cancelled_by,
        status=Status(row.status) if row.status else None,
        reply=Reply.model_validate(row.reply, extra="ignore") if row.reply else None,
        received_at=row.received_at,
        planned_at=row.planned_at,
        answered_at=row.answered_at,
        delivered_at=row.delivered_at,
        check_at=row.check_at,
    )


def from_planned(planned: PlannedStep, *, delegation_id: str, index: int) -> dict[str, Any]:
    return {
        "id": f"{delegation_id}-{index}",
        "delegation_id": delegation_id,
        "index": index,
        "agent": planned.agent,
        "task": planned.task,
        "after": list(planned.after),
        "agent_version": planned.agent_version,
        "state": StepState.PENDING.value,
    }


def to_step(row: Row[Any]) -> Step:
    # By name: a row's own method `index` hides the column of that name.
    values = row._mapping
    return Step(
        id=row.id,
        delegation_id=row.delegation_id,
        index=values["index"],
        agent=row.agent,
        task=row.task,
        after=tuple(row.after),
        agent_version=row.agent_version,
        state=StepState(row.state),
        attempts=row.attempts,
        crashes=row.crashes,
        generation=row.generation,
        token=row.token,
        lease_until=row.lease_until,
        started_at=row.started_at,
        ended_at=row.ended_at,
        result=Result.model_validate(row.result, extra="ignore") if row.result else None,
    )


def to_event(row: Row[Any]) -> Event:
    return Event(
        sequence=row.sequence,
        delegation_id=row.delegation_id,
        kind=EventKind(row.kind),
        at=row.at,
        data=row.data,
    )
