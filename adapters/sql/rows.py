"""Translating between rows and the domain's values.

A worker of a later version may write fields that this one doesn't know: they are passed over, not refused.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from adapters.sql.prepared import Record
from core.models import (
    Delegation,
    Event,
    EventKind,
    Instruction,
    PlannedStep,
    Step,
    StepState,
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


def to_delegation(row: Record, steps: Sequence[Record] = ()) -> Delegation:
    # In one go: a value that is built of values which were built before takes three times as long.
    values = row._asdict()
    person = {"id": row.person_id, "name": row.person_name, "zone": row.person_zone}
    return Delegation.model_validate(
        {
            **values,
            "instruction": {**values, "person": person, "address": values},
            "planning_usage": row.planning_usage or {},
            "steps": [step._asdict() for step in steps],
        },
        extra="ignore",
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


def to_step(row: Record) -> Step:
    return Step.model_validate(row._asdict(), extra="ignore")


def to_event(row: Record) -> Event:
    return Event(
        sequence=row.sequence,
        delegation_id=row.delegation_id,
        kind=EventKind(row.kind),
        at=row.at,
        data=row.data,
    )
