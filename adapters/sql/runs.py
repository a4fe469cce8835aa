"""`SqlRuns`: the saved turns and calls of agents' runs."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, bindparam, delete, insert, select, update

from adapters.sql import tables
from adapters.sql.charging import settle
from adapters.sql.database import Database
from core.ports.language_model import ModelTurn
from core.ports.runs import CallOutcome, CallState, CallStatus, SavedTurn
from core.ports.tool import Effect

T = tables.turns
C = tables.calls
# Statements of the path are built once: that takes SQLAlchemy longer than running them.
_TURNS = select(T).where(T.c.run_id == bindparam("run")).order_by(T.c.index)
_TURN = select(T.c.turn).where(T.c.run_id == bindparam("run"), T.c.index == bindparam("at"))
_NEW_TURN = insert(T)
_HERE = (C.c.run_id == bindparam("run"), C.c.call_key == bindparam("call"))
_OUTCOME = select(C.c.outcome).where(*_HERE)
_NEW_CALL = insert(C)
_FINISHED = update(C).where(*_HERE).values(outcome=bindparam("outcome", type_=C.c.outcome.type))
_ABANDONED = delete(C).where(*_HERE, C.c.outcome.is_(None))


class SqlRuns:
    """The Runs port in the database; the port's `step_id` is the run's id here."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def turns(self, step_id: str) -> tuple[SavedTurn, ...]:
        return await self._database.read(lambda c: _turns(c, step_id))

    async def save_turn(self, step_id: str, index: int, turn: ModelTurn) -> ModelTurn:
        return await self._database.write(lambda c: _save_turn(c, step_id, index, turn))

    async def begin_call(self, step_id: str, call_key: str, effect: Effect) -> CallState:
        if effect is Effect.READ:
            return await self._database.read(lambda c: _known(c, step_id, call_key))
        return await self._database.write(lambda c: _begin(c, step_id, call_key, effect))

    async def finish_call(self, step_id: str, call_key: str, outcome: CallOutcome) -> None:
        await self._database.write(lambda c: _finish(c, step_id, call_key, outcome))

    async def abandon_call(self, step_id: str, call_key: str) -> None:
        await self._database.write(lambda c: c.execute(_ABANDONED, _here(step_id, call_key)).close())


def _turns(c: Connection, run_id: str) -> tuple[SavedTurn, ...]:
    rows = c.execute(_TURNS, {"run": run_id})
    return tuple(
        SavedTurn(index=row._mapping["index"], turn=ModelTurn.model_validate(row.turn, extra="ignore"))
        for row in rows
    )


def _save_turn(c: Connection, run_id: str, index: int, turn: ModelTurn) -> ModelTurn:
    if turn.charge is not None:
        settle(c, turn.charge)
    found = c.execute(_TURN, {"run": run_id, "at": index}).scalar_one_or_none()
    if found is not None:
        return ModelTurn.model_validate(found, extra="ignore")
    c.execute(_NEW_TURN, {"run_id": run_id, "index": index, "turn": turn.model_dump(mode="json")}).close()
    return turn


def _known(c: Connection, run_id: str, call_key: str) -> CallState:
    row = c.execute(_OUTCOME, _here(run_id, call_key)).first()
    if row is None:
        return CallState(status=CallStatus.NEW)
    if row.outcome is None:
        return CallState(status=CallStatus.ATTEMPTING)
    return CallState(status=CallStatus.DONE, outcome=CallOutcome.model_validate(row.outcome, extra="ignore"))


def _begin(c: Connection, run_id: str, call_key: str, effect: Effect) -> CallState:
    known = _known(c, run_id, call_key)
    if known.status is CallStatus.NEW:
        c.execute(_NEW_CALL, {"run_id": run_id, "call_key": call_key, "effect": effect.value}).close()
    return known


def _finish(c: Connection, run_id: str, call_key: str, outcome: CallOutcome) -> None:
    known = _known(c, run_id, call_key)
    data = outcome.model_dump(mode="json")
    if known.status is CallStatus.NEW:
        row = {"run_id": run_id, "call_key": call_key, "effect": Effect.READ.value, "outcome": data}
        c.execute(_NEW_CALL, row).close()
    elif known.status is CallStatus.ATTEMPTING:
        c.execute(_FINISHED, {**_here(run_id, call_key), "outcome": data}).close()


def _here(run_id: str, call_key: str) -> dict[str, Any]:
    return {"run": run_id, "call": call_key}
