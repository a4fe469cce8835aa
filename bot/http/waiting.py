"""Waiting for an answer without holding anything up: the caller may leave, and so may the service."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Coroutine
from contextlib import aclosing
from typing import Any, cast

from starlette.requests import Request

from adapters.assembly import Assembly
from core.errors import StoreUnavailable
from core.models import Event, EventKind


def follow(
    assembly: Assembly, delegation_id: str, *, after: int = 0
) -> aclosing[AsyncGenerator[Event, None]]:
    """The delegation's events, let go of in time: one that is left in the middle would go on listening."""
    events = assembly.events.follow(delegation_id, after=after)
    return aclosing(cast("AsyncGenerator[Event, None]", events))


async def wait_for_answer(
    request: Request, assembly: Assembly, delegation_id: str, *, seconds: float
) -> None:
    """Return once the delegation is answered, or the time is up, the caller has gone or the service ends.

    What is waited for goes on in any case.
    """
    if seconds > 0:
        closing = request.app.state.closing
        await first(answered(assembly, delegation_id), gone(request), closing.wait(), seconds=seconds)


async def first(*waits: Coroutine[Any, Any, Any], seconds: float | None = None) -> None:
    """Return once one of them has ended, or the time is up; the others are cancelled. Raises what one failed with."""
    tasks = [asyncio.create_task(wait) for wait in waits]
    try:
        await asyncio.wait(tasks, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    finally:
        await end(tasks)


async def gone(request: Request) -> None:
    """Return once the caller is no longer there; the body must have been read before."""
    while (await request.receive())["type"] != "http.disconnect":
        pass


async def end(tasks: list[asyncio.Task[None]]) -> None:
    """Cancel them, and wait until they have ended; raises what one of them failed with."""
    for task in tasks:
        task.cancel()
    for outcome in await asyncio.gather(*tasks, return_exceptions=True):
        if isinstance(outcome, Exception):
            raise outcome


async def answered(assembly: Assembly, delegation_id: str) -> None:
    """Return once the delegation is answered, or the database is out."""
    try:
        if await _is_answered(assembly, delegation_id):
            return
        async with follow(assembly, delegation_id) as events:
            async for event in events:
                # A delegation that was tried again has been answered before: its row knows whether it still is.
                if event.kind is EventKind.DELEGATION_ANSWERED and await _is_answered(
                    assembly, delegation_id
                ):
                    return
    except StoreUnavailable:
        # It is saved and goes on when the database is back; the caller learns where to look for it.
        return


async def _is_answered(assembly: Assembly, delegation_id: str) -> bool:
    return (await assembly.store.load(delegation_id)).status is not None
