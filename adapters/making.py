"""The parts of a process that let people make agents."""

from __future__ import annotations

from collections.abc import Collection

from adapters.configured import routine_rules
from adapters.settings import Settings
from core.integrations.needs import Needs
from core.making import MakingLimits, Shop
from core.making.routine import MadeRoutines
from core.ports.clock import Clock
from core.ports.made_agents import MadeAgents
from core.schedules.desk import Desk
from core.step_runner import StepRunner


def build_shop(
    settings: Settings,
    *,
    made: MadeAgents,
    runner: StepRunner,
    tools: Collection[str],
    desk: Desk,
    clock: Clock,
    needs: Needs,
) -> Shop:
    """Where agents are made, within what this deployment's steps may take."""
    return Shop(
        made=made,
        roster=runner.roster,
        tools=tools,
        clock=clock,
        needs=needs,
        limits=MakingLimits(timeout_seconds=runner.longest_attempt_seconds),
        routines=MadeRoutines(desk=desk, clock=clock, rules=routine_rules(settings)),
    )
