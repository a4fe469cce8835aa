"""A streamed chat completion put together again."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from adapters.llm.openai_errors import CUT
from adapters.llm.prices import Prices
from core.errors import ModelUnavailable
from core.models import Usage
from core.ports.language_model import FinishReason, ModelTurn, ToolCall


class _Lenient(BaseModel):
    """What we read of a chunk. Any field may be missing or null: not every server sends them all."""

    model_config = ConfigDict(extra="ignore")


class _Function(_Lenient):
    name: str | None = None
    arguments: str | None = None


class _CallPiece(_Lenient):
    index: int | None = None
    id: str | None = None
    function: _Function | None = None


class _Delta(_Lenient):
    content: str | None = None
    refusal: str | None = None
    tool_calls: list[_CallPiece] | None = None


class _Choice(_Lenient):
    delta: _Delta | None = None
    finish_reason: str | None = None


class _Details(_Lenient):
    cached_tokens: int | None = None


class _Tokens(_Lenient):
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    prompt_tokens_details: _Details | None = None


class Chunk(_Lenient):
    """One event of a stream, with what a server says instead where something went wrong."""

    model: str | None = None
    choices: list[_Choice] | None = None
    usage: _Tokens | None = None
    error: Any = None


def read(data: bytes) -> Chunk:
    """The chunk that an event holds. Raises ModelUnavailable where it holds none."""
    try:
        return Chunk.model_validate_json(data)
    except ValidationError:
        return _read_slowly(data)


def _read_slowly(data: bytes) -> Chunk:
    """As Python reads JSON, which takes twice as long: a pair of surrogates may be cut in two by a server."""
    try:
        return Chunk.model_validate(json.loads(data.decode()))
    except (ValueError, RecursionError) as error:
        raise ModelUnavailable(CUT, may_have_cost=True) from error


@dataclass
class _Call:
    id: str = ""
    name: str = ""
    arguments: list[str] = field(default_factory=list)


class TurnBuilder:
    """Takes chunks in their order; `turn()` at the end."""

    def __init__(self, *, model: str, prices: Prices) -> None:
        self._model = self._asked = model
        self._prices = prices
        self._text: list[str] = []
        self._refusal: list[str] = []
        self._calls: list[_Call] = []
        self._by_index: dict[int, _Call] = {}
        self._finish: str | None = None
        self._usage: _Tokens | None = None

    def add(self, chunk: Chunk) -> str:
        """Take one chunk in and return its piece of the answer's text."""
        self._model = chunk.model or self._model
        self._usage = chunk.usage or self._usage
        if not chunk.choices:
            return ""
        choice = chunk.choices[0]
        self._finish = choice.finish_reason or self._finish
        delta = choice.delta or _Delta()
        if delta.refusal:
            self._refusal.append(delta.refusal)
        for piece in delta.tool_calls or ():
            self._add_call(piece)
        text = delta.content or ""
        self._text.append(text)
        return text

    def turn(self) -> ModelTurn:
        """The whole turn. Raises ModelUnavailable for a stream that ended without saying why: it was cut."""
        if self._finish is None:
            raise ModelUnavailable(CUT, may_have_cost=True)
        calls: list[ToolCall] = []
        for number, call in enumerate(self._calls):
            # An answer is matched to its call by id, and some servers give none, or one id to all.
            taken = {earlier.id for earlier in calls}
            id = call.id if call.id and call.id not in taken else f"call_{number}_{len(taken)}"
            calls.append(ToolCall(id=id, name=call.name, arguments="".join(call.arguments)))
        refusal = "".join(self._refusal)
        return ModelTurn(
            text=refusal or "".join(self._text),
            tool_calls=() if refusal else tuple(calls),
            finish=self._finish_reason(refused=bool(refusal)),
            usage=self._priced(),
            model=self._model,
        )

    def _add_call(self, piece: _CallPiece) -> None:
        index = piece.index if piece.index is not None else len(self._calls)
        call = self._by_index.get(index)
        # Some servers send several whole calls under one index: a new id is a new call.
        if call is None or (piece.id and call.id and piece.id != call.id):
            call = _Call()
            self._calls.append(call)
            self._by_index[index] = call
        call.id = call.id or piece.id or ""
        if piece.function is not None:
            call.name = call.name or piece.function.name or ""
            call.arguments.append(piece.function.arguments or "")

    def _finish_reason(self, *, refused: bool) -> FinishReason:
        if self._finish == "content_filter":
            return FinishReason.CONTENT_FILTER
        if refused:
            return FinishReason.REFUSAL
        if self._finish == "length":
            return FinishReason.LENGTH
        # Whether there are calls is what counts: some servers say "stop" beside them.
        return FinishReason.TOOL_CALLS if self._calls else FinishReason.STOP

    def _priced(self) -> Usage:
        if self._usage is None:
            return Usage(cost_usd=None)
        details = self._usage.prompt_tokens_details
        given, made = self._usage.prompt_tokens or 0, self._usage.completion_tokens or 0
        cost = self._prices.cost_usd(
            self._model,
            asked=self._asked,
            input_tokens=given,
            output_tokens=made,
            cached_tokens=(details.cached_tokens or 0) if details else 0,
        )
        return Usage(input_tokens=given, output_tokens=made, cost_usd=cost)
