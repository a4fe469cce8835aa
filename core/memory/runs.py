"""Runs in memory."""

from __future__ import annotations

from core.ports.budgets import Budgets
from core.ports.language_model import ModelTurn
from core.ports.runs import CallOutcome, CallState, CallStatus, SavedTurn
from core.ports.tool import Effect


class InMemoryRuns:
    """`Runs` that live as long as the process; every value passes through JSON, as it does in a database."""

    def __init__(self, *, budgets: Budgets | None = None) -> None:
        self._budgets = budgets
        self._turns: dict[tuple[str, int], str] = {}
        self._attempting: set[tuple[str, str]] = set()
        self._done: dict[tuple[str, str], str] = {}

    async def turns(self, step_id: str) -> tuple[SavedTurn, ...]:
        mine = sorted((index, text) for (step, index), text in self._turns.items() if step == step_id)
        return tuple(SavedTurn(index=i, turn=ModelTurn.model_validate_json(text)) for i, text in mine)

    async def save_turn(self, step_id: str, index: int, turn: ModelTurn) -> ModelTurn:
        if turn.charge is not None and self._budgets is not None:
            await self._budgets.settle(turn.charge)
        return ModelTurn.model_validate_json(self._turns.setdefault((step_id, index), turn.model_dump_json()))

    async def begin_call(self, step_id: str, call_key: str, effect: Effect) -> CallState:
        key = (step_id, call_key)
        if key in self._done:
            outcome = CallOutcome.model_validate_json(self._done[key])
            return CallState(status=CallStatus.DONE, outcome=outcome)
        if key in self._attempting:
            return CallState(status=CallStatus.ATTEMPTING)
        if effect is Effect.WRITE:
            self._attempting.add(key)
        return CallState(status=CallStatus.NEW)

    async def finish_call(self, step_id: str, call_key: str, outcome: CallOutcome) -> None:
        self._done.setdefault((step_id, call_key), outcome.model_dump_json())
        self._attempting.discard((step_id, call_key))

    async def abandon_call(self, step_id: str, call_key: str) -> None:
        self._attempting.discard((step_id, call_key))
