"""`SqlRuns`: the saved turns and calls of agents' runs."""

from __future__ import annotations

from sqlalchemy import ColumnElement, Connection, delete, insert, select, update

from adapters.sql import tables
from adapters.sql.charging import settle
from adapters.sql.database import Database
from core.ports.language_model import ModelTurn
from core.ports.runs import CallOutcome, CallState, CallStatus, SavedTurn
from core.ports.tool import Effect

T = tables.turns
C = tables.calls


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
        await self._database.write(
            lambda c: c.execute(delete(C).where(*_here(step_id, call_key), C.c.outcome.is_(None))).close()
        )


def _turns(c: Connection, run_id: str) -> tuple[SavedTurn, ...]:
    rows = c.execute(select(T).where(T.c.run_id == run_id).order_by(T.c.index))
    return tuple(
        SavedTurn(index=row._mapping["index"], turn=ModelTurn.model_validate(row.turn, extra="ignore"))
        for row in rows
    )


def _save_turn(c: Connection, run_id: str, index: int, turn: ModelTurn) -> ModelTurn:
    if turn.charge is not None:
        settle(c, turn.charge)
    found = c.execute(select(T.c.turn).where(T.c.run_id == run_id, T.c.index == index)).scalar_one_or_none()
    if found is not None:
        return ModelTurn.model_validate(found, extra="ignore")
    c.execute(insert(T).values(run_id=run_id, index=index, turn=turn.model_dump(mode="json")))
    return turn


def _known(c: Connection, run_id: str, call_key: str) -> CallState:
    row = c.execute(select(C.c.outcome).where(*_here(run_id, call_key))).first()
    if row is None:
        return CallState(status=CallStatus.NEW)
    if row.outcome is None:
        return CallState(status=CallStatus.ATTEMPTING)
    return CallState(status=CallStatus.DONE, outcome=CallOutcome.model_validate(row.outcome, extra="ignore"))


def _begin(c: Connection, run_id: str, call_key: str, effect: Effect) -> CallState:
    known = _known(c, run_id, call_key)
    if known.status is CallStatus.NEW:
        c.execute(insert(C).values(run_id=run_id, call_key=call_key, effect=effect.value))
    return known


def _finish(c: Connection, run_id: str, call_key: str, outcome: CallOutcome) -> None:
    known = _known(c, run_id, call_key)
    data = outcome.model_dump(mode="json")
    if known.status is CallStatus.NEW:
        c.execute(insert(C).values(run_id=run_id, call_key=call_key, effect=Effect.READ.value, outcome=data))
    elif known.status is CallStatus.ATTEMPTING:
        c.execute(update(C).where(*_here(run_id, call_key)).values(outcome=data))


def _here(run_id: str, call_key: str) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return (C.c.run_id == run_id, C.c.call_key == call_key)
