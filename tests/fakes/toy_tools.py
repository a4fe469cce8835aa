"""Small tools for tests of the agent loop: they record what they were asked, and do what they are told to."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from core.models import Task
from core.ports.tool import Effect, ToolOutput


class Words(BaseModel):
    model_config = ConfigDict(extra="forbid")

    words: str = Field(description="what to look for")
    limit: int = Field(5, description="how many to give at most")


class Letter(BaseModel):
    model_config = ConfigDict(extra="forbid")

    to: str = Field(description="who gets it")
    body: str = Field(description="what it says")


class ToyTool:
    """A tool whose behaviour is set from outside; `made` holds (arguments, idempotency key) of every run."""

    def __init__(
        self,
        name: str,
        *,
        arguments: type[BaseModel] = Words,
        effect: Effect = Effect.READ,
        untrusted: bool = False,
        gives: ToolOutput | str = "found it",
        parses: Callable[[Task], BaseModel | None] = lambda task: None,
    ) -> None:
        self.name = name
        self.description = f"Does what {name} does."
        self.arguments: type[Any] = arguments
        self.effect = effect
        self.untrusted = untrusted
        self.integration: str | None = None
        self.gives = gives
        self.raises: list[BaseException | None] = []
        """What the next runs raise, in order; None: nothing."""
        self.made: list[tuple[dict[str, Any], str]] = []
        self.running = 0
        self.most_at_once = 0
        self._parses = parses

    def parse(self, task: Task) -> Any:
        return self._parses(task)

    def named_by(self, arguments: Any) -> tuple[str, ...]:
        return (arguments.to,) if isinstance(arguments, Letter) else ()

    async def run(self, arguments: Any, *, task: Task, idempotency_key: str) -> ToolOutput:
        self.made.append((arguments.model_dump(), idempotency_key))
        self.running += 1
        self.most_at_once = max(self.most_at_once, self.running)
        try:
            await asyncio.sleep(0)
            error = self.raises.pop(0) if self.raises else None
            if error is not None:
                raise error
        finally:
            self.running -= 1
        return self.gives if isinstance(self.gives, ToolOutput) else ToolOutput(text=self.gives)


def mail(**options: Any) -> ToyTool:
    """A tool that changes the world: it names its recipient."""
    return ToyTool("send_email", arguments=Letter, effect=Effect.WRITE, gives="sent", **options)


def page(**options: Any) -> ToyTool:
    """A tool that brings text from outside."""
    return ToyTool("read_page", untrusted=True, **options)
