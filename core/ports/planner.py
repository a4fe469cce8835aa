"""Turning an instruction into a plan."""

from __future__ import annotations

from typing import Protocol

from core.models import Agent, Frozen, Plan, Task


class PlanRequest(Frozen):
    """What a planner may know: the words, the conversation before them, and the agents this person may use."""

    task: Task
    """`text` and `instruction` are the whole instruction; `history` is the conversation, oldest first."""
    agents: tuple[Agent, ...]
    preferred_agents: tuple[str, ...] = ()
    unnamed: frozenset[str] = frozenset()
    """Agents that may do a step, but stand in no list of agents: others read the answer, too, and may not use them."""


class Planner(Protocol):
    """Plans; never runs anything. Repeating is safe (a model planner pays again)."""

    async def plan(self, request: PlanRequest) -> Plan:
        """A valid plan (known agents, no cycles, 1 to 10 steps), or one without steps and with a question.

        Raises ModelUnavailable or PermanentError where it needs a model that does not answer; the rule
        planner never raises.
        """
        ...

    async def learn(self, request: PlanRequest) -> None:
        """Get to know the request's agents in advance: the first plan of a process needn't wait for it then."""
        ...
