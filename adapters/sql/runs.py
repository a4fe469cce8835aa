"""`SqlRuns`: the saved turns and calls of agents' runs."""

from __future__ import annotations

from sqlalchemy import Connection, bindparam, delete, select

from adapters.sql import tables
from adapters.sql.charging import settle
from adapters.sql.database import Database
from adapters.sql.prepared import Prepared, Statement, Upsert, in_each_dialect
from core.ports.language_model import ModelTurn
from core.ports.runs import CallOutcome, CallState, CallStatus, SavedTurn
from core.ports.tool import Effect

T = tables.turns
C = tables.calls
# Each does its work in one go: of what a turn and a call cost, most is by the statement.
_TURNS = Prepared(select(T).where(T.c.run_id == bindparam("run")).order_by(T.c.index))
_TURN = Prepared(select(T.c.turn).where(T.c.run_id == bindparam("run"), T.c.index == bindparam("number")))
_HERE = (C.c.run_id == bindparam("run"), C.c.call_key == bindparam("key"))
_OUTCOME = Prepared(select(C.c.outcome).where(*_HERE))
_TAKE_BACK = Prepared(delete(C).where(*_HERE, C.c.outcome.is_(None)))
_NEW_TURN = Prepared(in_each_dialect(T, lambda new: new.on_conflict_do_nothing().returning(T.c.index)))
_NEW_CALL = Prepared(in_each_dialect(C, lambda new: new.on_conflict_do_nothing().returning(C.c.call_key)))


def _ended(made: Upsert) -> Statement:
    """How a call ended, begun or not; the first outcome stays."""
    return made.on_conflict_do_update(
        index_elements=[C.c.run_id, C.c.call_key],
        set_={"outcome": made.excluded.outcome},
        where=C.c.outcome.is_(None),
    )


_ENDED = Prepared(in_each_dialect(C, _ended))


class SqlRuns:
    """The Runs port in the database; the port's `step_id` is the run's id here."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def turns(self, step_id: str) -> tuple[SavedTurn, ...]:
        return await self._database.read(lambda c: _turns(c, step_id))

    async def save_turn(self, step_id: str, index: int, turn: ModelTurn) -> ModelTurn:
        return await self._database.write(lambda c: save_turn(c, step_id, index, turn))

    async def begin_call(self, step_id: str, call_key: str, effect: Effect) -> CallState:
        if effect is Effect.READ:
            return await self._database.read(lambda c: _known(c, step_id, call_key))
        return await self._database.write(lambda c: _begin(c, step_id, call_key, effect))

    async def finish_call(self, step_id: str, call_key: str, outcome: CallOutcome) -> None:
        await self._database.write(lambda c: _finish(c, step_id, call_key, outcome))

    async def abandon_call(self, step_id: str, call_key: str) -> None:
        here = {"run": step_id, "key": call_key}
        await self._database.write(lambda c: _TAKE_BACK.run(c, here))


def _turns(c: Connection, run_id: str) -> tuple[SavedTurn, ...]:
    rows = _TURNS.all(c, {"run": run_id})
    return tuple(
        SavedTurn(index=row.index, turn=ModelTurn.model_validate(row.turn, extra="ignore")) for row in rows
    )


def save_turn(c: Connection, run_id: str, index: int, turn: ModelTurn) -> ModelTurn:
    if turn.charge is not None:
        settle(c, turn.charge)
    values = {"run_id": run_id, "index": index, "turn": turn.model_dump(mode="json")}
    if _NEW_TURN.first(c, values) is not None:
        return turn
    found = _TURN.all(c, {"run": run_id, "number": index})[0]
    return ModelTurn.model_validate(found.turn, extra="ignore")


def _known(c: Connection, run_id: str, call_key: str) -> CallState:
    row = _OUTCOME.first(c, {"run": run_id, "key": call_key})
    if row is None:
        return CallState(status=CallStatus.NEW)
    if row.outcome is None:
        return CallState(status=CallStatus.ATTEMPTING)
    return CallState(status=CallStatus.DONE, outcome=CallOutcome.model_validate(row.outcome, extra="ignore"))


def _begin(c: Connection, run_id: str, call_key: str, effect: Effect) -> CallState:
    values = {"run_id": run_id, "call_key": call_key, "effect": effect.value, "outcome": None}
    if _NEW_CALL.first(c, values) is not None:
        return CallState(status=CallStatus.NEW)
    return _known(c, run_id, call_key)


def _finish(c: Connection, run_id: str, call_key: str, outcome: CallOutcome) -> None:
    values = {"run_id": run_id, "call_key": call_key, "effect": Effect.READ.value}
    _ENDED.run(c, {**values, "outcome": outcome.model_dump(mode="json")})
