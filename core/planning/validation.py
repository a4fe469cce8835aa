"""What makes a plan valid, and putting its steps into an order in which they can run."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from core.models import MAX_STEPS, PlannedStep


def problems(steps: Sequence[PlannedStep], *, agents: Collection[str]) -> list[str]:
    """What is wrong with these steps, one sentence each; none for a valid plan."""
    if not steps:
        return ["The plan has no steps."]
    found = []
    if len(steps) > MAX_STEPS:
        found.append(f"The plan has {len(steps)} steps; at most {MAX_STEPS} are allowed.")
    for place, step in enumerate(steps):
        if step.agent not in agents:
            found.append(f"Step {place} names the agent {step.agent[:60]!r}, which does not exist.")
        if not step.task.strip():
            found.append(f"Step {place} has no task.")
        wrong = [index for index in step.after if not 0 <= index < len(steps)]
        if wrong:
            found.append(f"Step {place} comes after steps that do not exist: {wrong[:5]}.")
    if not found and in_order([set(step.after) for step in steps]) is None:
        found.append("The steps wait for one another in a circle.")
    return found


def in_order(after: Sequence[Iterable[int]]) -> list[int] | None:
    """Indexes so that each comes after what it waits for, otherwise as given; None where there is a circle."""
    waiting = {place: set(before) for place, before in enumerate(after)}
    order: list[int] = []
    while waiting:
        ready = next((place for place, before in waiting.items() if not before), None)
        if ready is None:
            return None
        order.append(ready)
        del waiting[ready]
        for before in waiting.values():
            before.discard(ready)
    return order


def sorted_steps(steps: Sequence[PlannedStep]) -> tuple[PlannedStep, ...]:
    """The same plan with every step behind those it waits for. The plan must have no circle."""
    order = in_order([step.after for step in steps])
    if order is None:
        raise ValueError("the steps wait for one another in a circle")
    place_of = {old: new for new, old in enumerate(order)}
    return tuple(_coming_after(steps[old], {place_of[i] for i in steps[old].after}) for old in order)


def _coming_after(step: PlannedStep, places: Iterable[int]) -> PlannedStep:
    after = tuple(sorted(places))
    return step if step.after == after else step.model_copy(update={"after": after})
