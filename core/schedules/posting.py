"""Where the answers of schedules go that don't go where they are listed: as an agent's file says, or their maker."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from core.models import Address, Agent, Schedule


@dataclass(frozen=True)
class Posting:
    """A schedule stays where it is listed and numbered, wherever its answers go. What files say is no part of rows."""

    own_place: Callable[[str], Address]
    """By an agent's name: the conversation of its own."""
    targets: Mapping[str, Address]
    """By an agent's name: its `post_to`."""

    def aimed(self, schedule: Schedule) -> Schedule:
        """The schedule with the address that its next answer goes to."""
        target = self.targets.get(schedule.agent or "") or to_address(schedule.post_to or "")
        return schedule if target is None else schedule.model_copy(update={"address": target})

    def listed_at(self, address: Address) -> tuple[Address, ...]:
        """Where the schedules are listed whose answers go to this place, beside those whose rows say so."""
        place = (address.platform, address.workspace, address.place)
        there = [n for n, t in self.targets.items() if (t.platform, t.workspace, t.place) == place]
        return (address, *(self.own_place(name) for name in there))


def to_targets(agents: Iterable[Agent]) -> dict[str, Address]:
    """By name: where each agent's file wants its answers. Pure."""
    targets = {agent.name: to_address(agent.post_to or "") for agent in agents}
    return {name: target for name, target in targets.items() if target is not None}


def to_address(post_to: str) -> Address | None:
    """`platform:workspace:place` as an address; None where it is something else."""
    parts = post_to.split(":")
    if len(parts) != 3 or not all(parts) or any(part != part.strip() for part in parts):
        return None
    return Address(platform=parts[0], workspace=parts[1], place=parts[2])
