"""What a page hears while it is open: turns that changed, words while they are written, the list of conversations."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Coroutine, Mapping, Sequence
from contextlib import aclosing
from datetime import datetime
from typing import TYPE_CHECKING, Any

from fastapi.sse import ServerSentEvent
from starlette.requests import Request

from adapters.assembly import Assembly
from adapters.operator import OPERATOR, PLATFORM, WORKSPACE
from bot.http.waiting import end, first
from bot.page.shown import SHOWN_CONVERSATIONS, SHOWN_TURNS, Turn
from core.errors import StoreUnavailable
from core.live_words import Piece
from core.live_words.hearing import Ears
from core.models import Address, Agent, Approval, ConversationOutline, Delegation

if TYPE_CHECKING:
    from bot.page.views import Views

LOOK_AGAIN_SECONDS = 3.0
"""How long a lost hint can stay unnoticed."""
GATHER_SECONDS = 0.05
"""Several steps that end at once are one change of the page."""


async def turns_of(assembly: Assembly, place: str) -> tuple[Delegation, ...]:
    """The newest turns of a conversation, oldest first. Raises StoreUnavailable."""
    return await assembly.store.in_conversation(to_address(place), limit=SHOWN_TURNS)


async def approvals_of(
    assembly: Assembly, delegations: Sequence[Delegation]
) -> Mapping[str, tuple[Approval, ...]]:
    """What these asked for, by delegation. Raises StoreUnavailable."""
    asked: dict[str, tuple[Approval, ...]] = {}
    if delegations:
        for one in await assembly.approvals.approvals.of([delegation.id for delegation in delegations]):
            asked[one.delegation_id] = (*asked.get(one.delegation_id, ()), one)
    return asked


async def outlines_of(assembly: Assembly, *, before: datetime | None = None) -> Sequence[ConversationOutline]:
    """The conversations that were talked in last. Raises StoreUnavailable."""
    return await assembly.store.conversations(
        platform=PLATFORM, workspace=WORKSPACE, before=before, limit=SHOWN_CONVERSATIONS
    )


async def agents_of(assembly: Assembly) -> Sequence[Agent]:
    """All agents that may be asked on the page, those that people made included. Raises StoreUnavailable."""
    crew = await assembly.roster.of(PLATFORM, WORKSPACE)
    return crew.usable_by(OPERATOR.id)


def to_address(place: str) -> Address:
    return Address(platform=PLATFORM, workspace=WORKSPACE, place=place)


async def changes(request: Request, views: Views, place: str) -> AsyncIterator[ServerSentEvent]:
    """Everything that the page shows and that changes, from all of it on, until the service ends.

    The first events say how things stand: a page that was away for a moment, or that was made a moment ago, has missed
    nothing. The stream ends where the database is out; browsers ask again by themselves.
    """
    assembly: Assembly = request.app.state.assembly
    closing: asyncio.Event = request.app.state.closing
    seen = _Seen(views, place)
    tracked = request.app.state.metrics.streams.track_inprogress()
    with assembly.events.listen() as rings, assembly.words.listen() as ears, tracked:
        while not closing.is_set():
            try:
                delegations = await turns_of(assembly, place)
                asked = await approvals_of(assembly, delegations)
                for event in seen.news(delegations, await outlines_of(assembly), asked):
                    yield event
            except StoreUnavailable:
                return
            ears.turn_to([one.id for one in delegations if one.reply is None])
            rung = first(closing.wait(), rings.heard(within_seconds=LOOK_AGAIN_SECONDS))
            async with aclosing(_words(ears, until=rung)) as words:
                async for event in words:
                    yield event
            await asyncio.sleep(GATHER_SECONDS)


async def _words(ears: Ears, *, until: Coroutine[Any, Any, None]) -> AsyncGenerator[ServerSentEvent, None]:
    """What is written meanwhile."""
    waiting = asyncio.create_task(until)
    try:
        while not waiting.done():
            hearing = asyncio.create_task(ears.heard())
            try:
                await asyncio.wait({waiting, hearing}, return_when=asyncio.FIRST_COMPLETED)
                for delegation_id, piece in hearing.result() if hearing.done() else ():
                    yield ServerSentEvent(event="words", data=_piece(delegation_id, piece))
            finally:
                hearing.cancel()
    finally:
        await end([waiting])


class _Seen:
    """What one page was told."""

    def __init__(self, views: Views, place: str) -> None:
        self._views = views
        self._place = place
        self._turns: dict[str, tuple[Delegation, tuple[Approval, ...], str]] = {}
        self._outlines: Sequence[ConversationOutline] | None = None

    def news(
        self,
        delegations: Sequence[Delegation],
        outlines: Sequence[ConversationOutline],
        approvals: Mapping[str, tuple[Approval, ...]],
    ) -> list[ServerSentEvent]:
        """What is new in these."""
        changed = (self._changed(one, approvals.get(one.id, ())) for one in delegations)
        news = [turn for turn in changed if turn is not None]
        self._turns = {one.id: self._turns[one.id] for one in delegations}
        events = [ServerSentEvent(event="turn", data=_message(turn)) for turn in news]
        if outlines != self._outlines:
            self._outlines = outlines
            html = self._views.side(outlines, place=self._place)
            events.append(ServerSentEvent(event="side", data={"html": html}))
        return events

    def _changed(self, delegation: Delegation, approvals: tuple[Approval, ...]) -> Turn | None:
        earlier, asked, version = self._turns.get(delegation.id, (None, (), ""))
        if (earlier, asked) == (delegation, approvals):
            return None
        turn = self._views.turn(delegation, approvals)
        self._turns[delegation.id] = (delegation, approvals, turn.version)
        return turn if turn.version != version else None


def _piece(delegation_id: str, piece: Piece) -> dict[str, Any]:
    said = {"agent": piece.agent, "from": piece.start, "text": piece.text}
    return {"id": delegation_id, "step": piece.step, **said}


def _message(turn: Turn) -> dict[str, Any]:
    return {
        "id": turn.id,
        "version": turn.version,
        "html": turn.html,
        "answered": turn.answered,
        "asks": turn.asks,
        "spoken": turn.spoken,
    }
