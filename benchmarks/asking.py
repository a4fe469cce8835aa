"""Asking as a person would, and how long the answers took, as the rows say."""

from __future__ import annotations

import asyncio
import secrets

from adapters.assembly import Assembly
from core.models import Address, EventKind, Instruction, Person, Status


async def ask(assembly: Assembly, text: str, *, person: str) -> str:
    """Receive one instruction in a conversation of its own; returns the delegation's id."""
    key = secrets.token_hex(8)
    address = Address(platform="local", workspace="local", place=key)
    instruction = Instruction(
        key=key, text=text, person=Person(id=f"local:local:{person}"), address=address, origin="api"
    )
    return (await assembly.reception.receive(instruction)).delegation_id


async def milliseconds(
    assembly: Assembly, text: str, *, person: str, count: int, patience_seconds: float
) -> list[float]:
    """From received to delivered, one after the other; infinity, and no more, where one isn't answered in time."""
    times: list[float] = []
    for _ in range(count):
        found = await ask(assembly, text, person=person)
        try:
            async with asyncio.timeout(patience_seconds):
                async for event in assembly.events.follow(found):
                    if event.kind is EventKind.DELEGATION_DELIVERED:
                        break
        except TimeoutError:
            # It stands still behind the others: how long it would have taken doesn't matter any more.
            return [*times, float("inf")]
        delegation = await assembly.store.load(found)
        assert delegation.delivered_at is not None
        assert delegation.status is Status.SUCCESS
        times.append((delegation.delivered_at - delegation.received_at).total_seconds() * 1000)
    return times
