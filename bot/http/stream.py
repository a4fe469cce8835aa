"""`WS /api/v1/events`: a delegation's events, from its beginning, while they happen, and its words while they come."""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass

from starlette.routing import WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from adapters.assembly import Assembly
from bot.http.auth import Operator
from bot.http.delegations import load_own
from bot.http.metrics import Metrics
from bot.http.problems import Problem, invalid, to_problem, to_response
from bot.http.schemas import from_event, from_piece
from bot.http.waiting import end, follow
from core.errors import FlowMateError

NORMAL = 1000
GOING_AWAY = 1001
TRY_AGAIN_LATER = 1013
SEQUENCE = re.compile(r"[0-9]{1,9}\Z")


@dataclass(frozen=True)
class _Wanted:
    delegation_id: str
    after: int
    """Which event was seen last."""
    words: bool


def build(assembly: Assembly, operator: Operator, metrics: Metrics) -> WebSocketRoute:
    """The route."""

    async def events(socket: WebSocket) -> None:
        try:
            wanted = await _opened(socket, assembly, operator)
        except FlowMateError as error:
            await _deny(socket, to_problem(error))
            return
        except Problem as problem:
            await _deny(socket, problem)
            return
        await socket.accept()
        with metrics.streams.track_inprogress():
            await _stream(socket, assembly, wanted)

    return WebSocketRoute("/api/v1/events", events)


async def _opened(socket: WebSocket, assembly: Assembly, operator: Operator) -> _Wanted:
    """What is asked for. Raises Problem and FlowMateError."""
    operator.require(socket.headers)
    after = socket.query_params.get("after", "0")
    if not SEQUENCE.match(after):
        raise invalid("after", "give an event's sequence, such as 12.")
    if "delegation" not in socket.query_params:
        raise invalid("delegation", "name a delegation: ?delegation=ID.")
    words = socket.query_params.get("words", "false")
    if words not in ("true", "false"):
        raise invalid("words", "true also sends an answer's words while they are written; false doesn't.")
    found = await load_own(assembly, socket.query_params["delegation"])
    return _Wanted(found.id, after=int(after), words=words == "true")


async def _deny(socket: WebSocket, problem: Problem) -> None:
    """Refuse before the connection is taken, in the same words as every other route."""
    response = to_response(problem, correlation_id=socket.state.correlation_id)
    await socket.send_denial_response(response)


async def _stream(socket: WebSocket, assembly: Assembly, wanted: _Wanted) -> None:
    """Send until the answer is delivered, the other side is gone, or the service ends."""
    sending = asyncio.create_task(_send(socket, assembly, wanted))
    closing = asyncio.create_task(socket.app.state.closing.wait())
    tasks = [sending, asyncio.create_task(_gone(socket)), closing]
    if wanted.words:
        tasks.append(asyncio.create_task(_send_words(socket, assembly, wanted)))
    code, reason = NORMAL, ""
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        if closing.done():
            code, reason = GOING_AWAY, "FlowMate is stopping."
    finally:
        try:
            await end(tasks)
        except FlowMateError as error:
            code, reason = TRY_AGAIN_LATER, error.sentence[:120]
    try:
        await socket.close(code, reason)
    except (WebSocketDisconnect, RuntimeError):
        # Starlette raises RuntimeError for a word to a side that has gone.
        return


async def _send(socket: WebSocket, assembly: Assembly, wanted: _Wanted) -> None:
    async with follow(assembly, wanted.delegation_id, after=wanted.after) as events:
        async for event in events:
            try:
                await socket.send_json(from_event(event))
            except (WebSocketDisconnect, RuntimeError):
                return


async def _send_words(socket: WebSocket, assembly: Assembly, wanted: _Wanted) -> None:
    """Words are no events: nobody keeps them, and they have no place in the sequence."""
    with assembly.words.listen() as ears:
        ears.turn_to([wanted.delegation_id])
        while True:
            for delegation_id, piece in await ears.heard():
                try:
                    await socket.send_json(from_piece(delegation_id, piece, at=assembly.clock.now()))
                except (WebSocketDisconnect, RuntimeError):
                    return


async def _gone(socket: WebSocket) -> None:
    """Return once the other side has left; whatever it says before is of no interest."""
    while (await socket.receive())["type"] != "websocket.disconnect":
        pass
