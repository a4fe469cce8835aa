"""The RQ jobs: each names a stage and hands it the id. Everything else is the coordinator's."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from adapters.assembly import assembled
from adapters.settings import Settings
from core.coordinator import Coordinator
from core.schedules.firing import Alarm


class _Bound:
    """The coordinator of this worker process, built once at its start."""

    coordinator: Coordinator | None = None
    alarm: Alarm | None = None


def bind(coordinator: Coordinator | None, alarm: Alarm | None = None) -> None:
    """Let the jobs of this process use this coordinator, and this alarm for what is due by the clock."""
    _Bound.coordinator = coordinator
    _Bound.alarm = alarm


@asynccontextmanager
async def _coordinator() -> AsyncIterator[Coordinator]:
    if _Bound.coordinator is not None:
        yield _Bound.coordinator
        return
    # A stock RQ worker runs every job on an event loop of its own: nothing can outlive the job there.
    async with assembled(Settings()) as assembly:
        yield assembly.coordinator


async def plan(delegation_id: str) -> None:
    """Stage 2."""
    async with _coordinator() as coordinator:
        await coordinator.plan(delegation_id)


async def step(step_id: str) -> None:
    """Stage 3."""
    async with _coordinator() as coordinator:
        await coordinator.run_step(step_id)


async def finish(delegation_id: str) -> None:
    """Stage 4."""
    async with _coordinator() as coordinator:
        await coordinator.finish(delegation_id)


async def deliver(delegation_id: str) -> None:
    """Stage 5."""
    async with _coordinator() as coordinator:
        await coordinator.advance(delegation_id, here=True)


async def ring() -> None:
    """A slot's instant has come: begin everything that is due."""
    if _Bound.alarm is not None:
        await _Bound.alarm.ring()
        return
    async with assembled(Settings()) as assembly:
        await assembly.alarm.ring()
