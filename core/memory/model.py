"""A language model that follows a script."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

from core.models import Usage
from core.ports.language_model import FinishReason, ModelRequest, ModelTurn, OnText, ToolCall

Check = Callable[[ModelRequest], bool]
USAGE = Usage(input_tokens=100, output_tokens=10, cost_usd=0.001)


def says(text: str, *, finish: FinishReason = FinishReason.STOP, usage: Usage = USAGE) -> ModelTurn:
    """A turn that is only text."""
    return ModelTurn(text=text, finish=finish, usage=usage, model="scripted")


def calls(*wanted: tuple[str, dict[str, Any] | str], finish: FinishReason | None = None) -> ModelTurn:
    """A turn that calls tools: each a name with its arguments, or with the raw text of its arguments."""
    return ModelTurn(
        tool_calls=tuple(
            ToolCall(
                id=f"call_{n}", name=name, arguments=given if isinstance(given, str) else json.dumps(given)
            )
            for n, (name, given) in enumerate(wanted)
        ),
        finish=finish or FinishReason.TOOL_CALLS,
        usage=USAGE,
        model="scripted",
    )


@dataclass(frozen=True)
class _Scripted:
    turn: ModelTurn | Exception
    check: Check | None
    contains: str | None


class ScriptedModel:
    """Answers with its turns in their order; unexpected requests and unused turns fail the test.

    Used as `async with ScriptedModel(says("Hello.")) as model`, or with `assert_done()` at the end.
    """

    def __init__(self, *turns: ModelTurn | Exception, name: str = "scripted") -> None:
        self._name = name
        self._script: deque[_Scripted] = deque()
        self._wrong: list[str] = []
        self.requests: list[ModelRequest] = []
        for turn in turns:
            self.expect(turn)

    def expect(
        self, turn: ModelTurn | Exception, *, check: Check | None = None, contains: str | None = None
    ) -> Self:
        """Add a turn (or an error to raise); `contains` is text that the request's messages must hold."""
        self._script.append(_Scripted(turn=turn, check=check, contains=contains))
        return self

    @property
    def name(self) -> str:
        return self._name

    async def complete(self, request: ModelRequest, *, on_text: OnText | None = None) -> ModelTurn:
        self.requests.append(request)
        number = len(self.requests)
        if not self._script:
            self._fail(f"request {number} was not expected: {request.messages[-1].text[:200]!r}")
        scripted = self._script.popleft()
        if scripted.check is not None and not scripted.check(request):
            self._fail(f"request {number} is not the expected one")
        if scripted.contains is not None and not any(scripted.contains in m.text for m in request.messages):
            self._fail(f"request {number} does not hold {scripted.contains!r}")
        if isinstance(scripted.turn, Exception):
            raise scripted.turn
        if on_text is not None:
            for word in scripted.turn.text.splitlines(keepends=True):
                await on_text(word)
        return scripted.turn

    async def aclose(self) -> None:
        return None

    def assert_done(self) -> None:
        """Raise AssertionError unless every turn was used and nothing else was asked."""
        problems = list(self._wrong)
        if self._script:
            problems.append(f"{len(self._script)} scripted turns were not used")
        if problems:
            raise AssertionError("; ".join(problems))

    def _fail(self, problem: str) -> None:
        # Kept too, since the code under test may swallow the error.
        self._wrong.append(problem)
        raise AssertionError(problem)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None:
            self.assert_done()
