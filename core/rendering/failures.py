"""Why something that was begun gave no result: the sentences of failed steps."""

from __future__ import annotations

from collections.abc import Iterable

from core.rendering.grammar import counted, listed
from core.rendering.times import in_seconds


def reference(delegation_id: str) -> str:
    """The correlation id as people see it."""
    return delegation_id[:8]


def not_planned(delegation_id: str) -> str:
    """The sentence for a mistake of FlowMate's own before anything ran."""
    return f"Something went wrong while that was planned; ask again, please (reference {reference(delegation_id)})."


def went_wrong(agent: str, delegation_id: str) -> str:
    """The sentence for a mistake of FlowMate's own."""
    return f"Something went wrong inside {agent} (reference {reference(delegation_id)})."


def took_too_long(seconds: float) -> str:
    return f"It took longer than {in_seconds(seconds)} and was stopped."


def gave_up(sentence: str, *, attempts: int) -> str:
    """The reason of the last attempt, and how many there were."""
    return sentence if attempts <= 1 else f"{sentence} It was tried {attempts} times."


def not_run(agents: Iterable[str]) -> str:
    return f"Not run, since {listed(agents)} did not succeed."


def keeps_crashing(times: int) -> str:
    died = counted(
        times, "the worker died while running it", "the worker died {count} times while running it"
    )
    return f"It was stopped for good: {died}."


def unknown_agent(name: str) -> str:
    return f"There is no agent called {name} any more."


def not_connected(platform: str, *, setup: str) -> str:
    """Why an answer waits, and what to set so that it no longer does."""
    return f"{platform} is not connected in this process; {setup}."


def not_scheduled(lacking: str) -> str:
    """For a schedule whose every run would fail."""
    return f"I understood when, but it would fail each time, so nothing was saved. {lacking}"
