"""What an agent's own words are worth, whatever agents stand beside it: learned once, and kept.

Whoever makes an agent gives everybody's planner a new set of agents; nearly all of them are known already.
"""

from __future__ import annotations

from collections import Counter, OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from core.models import Agent, Task
from core.planning.features import LEARNED_FROM, features, kindred
from core.planning.text import normalise, stem, tokenise
from core.planning.words import GENERIC
from core.ports.tool import Tool

PRESENCE = 0.05
KEPT_AGENTS = 1000
KEPT_EXAMPLES = 4000


@dataclass(frozen=True, slots=True)
class Learned:
    """How often an agent's own words hold each piece of evidence, and what it is told to do in them."""

    rates: Mapping[str, float]
    told: frozenset[str]


class Lexicon:
    """Learns from agents, each by itself, and from what the tools can read."""

    def __init__(self, tools: Mapping[str, Tool[Any]]) -> None:
        self._tools = tools
        self._agents: OrderedDict[Agent, Learned] = OrderedDict()
        self._read: OrderedDict[str, frozenset[str]] = OrderedDict()

    def of(self, agent: Agent) -> Learned:
        """What is learned of one agent."""
        found = self._agents.get(agent)
        if found is None:
            found = self._agents[agent] = _learn(agent)
            if len(self._agents) > KEPT_AGENTS:
                self._agents.popitem(last=False)
        return found

    def parses(self, example: str, *, task: Task) -> frozenset[str]:
        """The tools that can read their arguments from an example."""
        found = self._read.get(example)
        if found is None:
            asked = task.model_copy(update={"text": example})
            found = frozenset(name for name, tool in self._tools.items() if reads(tool, asked))
            self._read[example] = found
            if len(self._read) > KEPT_EXAMPLES:
                self._read.popitem(last=False)
        return found


def reads(tool: Tool[Any], task: Task) -> bool:
    """Whether the tool can read its arguments from the task's words."""
    try:
        return tool.parse(task) is not None
    except (
        Exception
    ):  # a tool is others' code: one that trips over a text can't speak for its agent, that is all
        return False


def _learn(agent: Agent) -> Learned:
    counts: Counter[str] = Counter()
    meant: set[str] = set()
    heads: set[str] = set()
    for example in agent.examples:
        learned = _evidence(example)
        counts.update(learned.keys())
        meant.update(name for name, aside in learned.items() if not aside)
        heads.update(name for name in learned if name[0] == "^")
    size = len(agent.examples) + 3
    own = {
        name: count / size + _presence(name) for name, count in counts.items() if count > 1 or name in meant
    }
    for name in _evidence(agent.description):
        if not name.startswith(("^", "<")) and "_" not in name:
            own[name] = own.get(name, 0.0) + 0.12
    for name in _evidence(agent.name.replace("-", " ").replace("_", " ")):
        if not name.startswith("~"):
            own[name] = own.get(name, 0.0) + 0.5
    heads |= {f"^{stem(word)}" for word in agent.description.lower().split() if word.endswith("s")}
    told = frozenset(heads | {f"^~{group}" for head in heads for group in kindred(head[1:])})
    return Learned(rates=own, told=told)


def _evidence(text: str) -> dict[str, bool]:
    """The evidence in an agent's own words, and whether it only stands where a subject stands."""
    found: dict[str, bool] = {}
    for feature in features(tokenise(normalise(text), correct=str)):
        if feature.weight >= LEARNED_FROM * 0.6:
            found[feature.name] = found.get(feature.name, True) and feature.aside
    return found


def _presence(name: str) -> float:
    """What a single example is worth: much for a word with a meaning of its own, nothing for one that"
    " goes with everything."""
    plain = name.lstrip("^~") in GENERIC or name.startswith("~")
    return 0.0 if plain else PRESENCE
