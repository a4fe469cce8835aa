"""What agents can call."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any, Generic, NamedTuple, Protocol, TypeVar, runtime_checkable

from pydantic import BaseModel

from core.models import Artifact, Frozen, Task


class Effect(StrEnum):
    READ = "read"
    WRITE = "write"
    """Changes the world outside the workspace's own data: never silently repeated, and after untrusted text only with a
    person's yes."""


class ToolOutput(Frozen):
    """What a call gave, as Markdown for people and models alike."""

    text: str
    artifacts: tuple[Artifact, ...] = ()


Arguments = TypeVar("Arguments", bound=BaseModel)


class Tool(Protocol, Generic[Arguments]):
    """One typed function that an agent may call. One file in adapters/tools exports one."""

    name: str
    """snake_case, unique."""
    description: str
    """For the model: what it does, in one or two sentences."""
    arguments: type[Arguments]
    """A pydantic model (extra fields forbidden) whose field descriptions the model reads."""
    effect: Effect
    untrusted: bool
    """Whether its output holds text from outside (a page, a feed, a file, another service's reply)."""
    integration: str | None
    """The integration it needs, if any."""

    def parse(self, task: Task) -> Arguments | None:
        """Arguments from plain words, without a model; None where this tool is not what is asked for. Pure, fast.

        Also how the rule planner recognises a task: a tool that can parse a clause's arguments speaks for
        its agent.
        """
        ...

    def named_by(self, arguments: Arguments) -> tuple[str, ...]:
        """For `write` tools: the targets (recipients, addresses); whoever is asked is told which ones nobody named."""
        ...

    async def run(self, arguments: Arguments, *, task: Task, idempotency_key: str) -> ToolOutput:
        """Do it. Raises TransientError (the step is retried), ToolFailed with a sentence for the person, and
        Denied where it is not the agent's to call after all.

        `idempotency_key` is the same for every repeat of the same call of the same step.
        """
        ...


_FOUND_LATER = re.compile(r"mcp:([a-z][a-z0-9_-]{0,39}):(\*|[^\s:*]{1,128})")


class Sourced(NamedTuple):
    """Tools of one integration that an agent lists: one of them, or with `*` each that there is."""

    integration: str
    tool: str


def to_sourced(entry: str) -> Sourced | None:
    """Read `mcp:INTEGRATION:TOOL` or `mcp:INTEGRATION:*`; None for any other entry of an agent's tools. Pure."""
    found = _FOUND_LATER.fullmatch(entry)
    return Sourced(found[1], found[2]) if found else None


class Unusable(NamedTuple):
    """Why an entry of an agent's tools can't be called as things are."""

    reason: str
    """What a call of it would be denied with."""
    known: tuple[str, ...] | None = None
    """Where its integration is connected and has no such tool: the names of those that there are."""


class ToolSource(Protocol):
    """Tools that are found while FlowMate runs, and differ from one workspace to another: `to_sourced` reads them."""

    async def found(self, names: Sequence[str], *, workspace: str) -> Mapping[str, Tool[Any]]:
        """The tools that these entries name in this workspace, by the name that a model calls them by.

        One that can't be used is there all the same, and raises Denied with the reason when it is called: what an
        agent lists never vanishes silently. Safe to repeat. Raises StoreUnavailable.
        """
        ...

    async def unusable(self, names: Sequence[str], *, workspace: str) -> Mapping[str, Unusable]:
        """Of these entries, those that can't be called in this workspace. Safe to repeat. Raises StoreUnavailable."""
        ...


@runtime_checkable
class DoesWithout(Protocol):
    """A tool that uses its integration where the agent was given it, and does its work without one, too."""

    does_without: bool


@runtime_checkable
class Fetching(Protocol):
    """A tool that may ask servers anywhere for something: an address by itself can carry something out."""

    verbatim: bool
    """Whether what it gives holds addresses as the documents do that it got, and none that only the call held."""

    def reaches(self, arguments: Any) -> tuple[str, ...]:
        """The addresses that this call asks for, as they were given. Pure."""
        ...


@runtime_checkable
class Keeping(Protocol):
    """A tool that keeps text in the workspace's own data: no `write`, but later runs will read it."""

    def as_asked(self, arguments: Any, *, task: Task) -> bool:
        """Whether the text is what the person said, or an earlier step's output as it is. After untrusted text
        anything else needs a person's yes. Pure."""
        ...


@runtime_checkable
class Preparing(Protocol):
    """A tool that takes something from the task as well: people approve what it will do, not what it was told."""

    def prepare(self, arguments: Any, *, task: Task) -> Any:
        """The arguments with all that `run` would take from the task filled in. Pure; the same when repeated.

        Raises ToolFailed where the call can't succeed: nobody is asked then.
        """
        ...
