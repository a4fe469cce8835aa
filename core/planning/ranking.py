"""Which agent a clause is for: learned from the agents' own names, descriptions, examples and tools."""

from __future__ import annotations

import asyncio
from collections import Counter, OrderedDict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from threading import Lock
from typing import Any

from core.models import Agent, Task
from core.planning.features import Feature, features, kindred
from core.planning.lexicon import Lexicon, reads
from core.planning.spelling import Spelling
from core.planning.text import Token, stem, tokenise
from core.planning.words import EXTRACTING, IMPERATIVES
from core.ports.tool import Tool

NOISE = 0.03
TOOL_WEIGHT = 2.6
LACKING = 0.34
UNREAD = 0.4
DOUBT = 0.8
STRANGE = 0.6
MOST_STRANGE = 2.0
REFUSED = 0.6
REFUSED_UNREAD = 0.45
"""A verb that an agent was never told costs it more where its tools can't read the clause either."""
SAMPLED_EXAMPLES = 240
"""How many examples at most are shown to the tools to learn what their word is worth."""
NEEDED_SHAPES = ("<address>", "<number>", "<quote>", "<link>")
"""Things that nearly all instructions for an agent hold, if its examples do; without one it is hardly meant."""
KEPT_INDEXES = 32
_LIGHT = frozenset(
    "ask begin bring check do find get give go have help keep let look make need open perform prepare pull run see"
    " show start tell think try use want work".split()
)
"""Verbs that any request may begin with; what is wanted stands behind them."""
_OF_THE_WORLD = frozenset("when who where why".split())
"""What is asked with one of these can be known only by an agent that is made to know such things."""
_PARTICLES = frozenset("on off up down out over away".split())
"""With one of these a verb is another verb: "turn off the light" asks for nothing that "turn it into …" does."""
_TELLING = frozenset(stem(word) for word in IMPERATIVES - _LIGHT - EXTRACTING)


@dataclass(frozen=True, slots=True)
class Ranked:
    """How well an agent fits a clause, from 0 to 1, and whether one of its tools can read its arguments from it."""

    agent: str
    score: float
    parsed: bool


class Index:
    """What these agents' words are worth. Built once for a set of agents; reading it is cheap."""

    def __init__(
        self,
        agents: tuple[Agent, ...],
        *,
        tools: Mapping[str, Tool[Any]],
        task: Task,
        lexicon: Lexicon | None = None,
    ) -> None:
        self.agents = agents
        self._lexicon = lexicon or Lexicon(tools)
        self.names = tuple(agent.name for agent in agents)
        self.known = frozenset(self.names)
        self._places = {name: place for place, name in enumerate(self.names)}
        self._tools = {name: tools[name] for agent in agents for name in agent.tools if name in tools}
        self._tools_of = {agent.name: tuple(t for t in agent.tools if t in self._tools) for agent in agents}
        texts = [line for agent in agents for line in (agent.name, agent.description, *agent.examples)]
        self.spelling = Spelling(texts)
        rates = self._learn(task)
        self._read = {name: self._read_rate(name, rates) for name in self.names}
        """How many of an agent's examples its tools can read: where that is most, not being read is a sign."""
        self._needed = {
            name: frozenset(shape for shape in NEEDED_SHAPES if rates.get(shape, {}).get(name, 0.0) >= 0.8)
            for name in self.names
        }
        self._told = {agent.name: self._lexicon.of(agent).told for agent in agents}
        self._rates = {name: tuple(by_agent.items()) for name, by_agent in rates.items()}

    def tools_of(self, agent: str) -> tuple[str, ...]:
        """The agent's own tools that are here."""
        return self._tools_of.get(agent, ())

    def read(self, text: str) -> tuple[Token, ...]:
        return tokenise(text, correct=self.spelling.correct)

    def rank(
        self,
        tokens: tuple[Token, ...],
        *,
        parses: frozenset[str] = frozenset(),
        given: frozenset[str] = frozenset(),
    ) -> list[Ranked]:
        """All agents that anything speaks for, the best first, ties in the agents' order."""
        found = features(tokens)
        names = given.union(feature.name for feature in found)
        belief = _Belief(self, names, parses, self._refused(found))
        evidence: dict[str, float] = {}
        familiar: dict[str, float] = {}
        strange = foreign = 0.0
        seen: set[str] = set()
        for name, weight, unknown in [*((f.name, f.weight, f.unknown) for f in found), *_heard(parses)]:
            known = self._rates.get(name)
            if known is None:
                strange += unknown
            elif name not in seen:
                seen.add(name)
                _add(evidence, known, weight, belief)
                if unknown:
                    foreign += unknown
                    for agent, _ in known:
                        familiar[agent] = familiar.get(agent, 0.0) + unknown
        ranked = []
        for agent in sorted(evidence, key=self._places.__getitem__):
            score = evidence[agent]
            if score > 0:
                unheard = strange + foreign - familiar.get(agent, 0.0)
                doubt = DOUBT + STRANGE * min(unheard, MOST_STRANGE)
                parsed = not parses.isdisjoint(self._tools_of[agent])
                ranked.append(Ranked(agent, score / (score + doubt), parsed=parsed))
        return sorted(ranked, key=lambda one: -one.score)

    def _refused(self, found: list[Feature]) -> Callable[[str], bool]:
        """Whether an agent has never been told to do what the first word says, if it is a verb with a meaning of
        its own."""
        head = next((feature.name[1:] for feature in found if feature.name[0] == "^"), "")
        if head not in _TELLING and head not in _OF_THE_WORLD:
            return _refuses_nothing
        phrasal = next((f.name for f in found if f.name.startswith(f"{head}_")), "").partition("_")[2]
        if phrasal in _PARTICLES:
            told = {agent for agent, _ in self._rates.get(f"{head}_{phrasal}", ())}
            return lambda agent: agent not in told
        heard = {f"^{head}", *(f"^~{group}" for group in kindred(head))}
        return lambda agent: heard.isdisjoint(self._told[agent])

    def doubt(
        self, agent: str, names: frozenset[str], parses: frozenset[str], *, refused: Callable[[str], bool]
    ) -> float:
        """How far to believe in an agent, 1 being wholly: less where it lacks something, or where its tools can't
        read what they usually can."""
        factor = 1.0 if self._needed[agent] <= names or self._stand(agent, names) else LACKING
        read = not parses.isdisjoint(self._tools_of[agent])
        if refused(agent):
            factor *= REFUSED if read else REFUSED_UNREAD
        return factor if read else factor * (1.0 - UNREAD * self._read[agent])

    def _stand(self, agent: str, names: frozenset[str]) -> bool:
        """Whether "them" stands for the figures that the agent needs: "add them up"."""
        return self._needed[agent] == {"<number>"} and not names.isdisjoint(("them", "those", "these"))

    def parses(self, text: str, *, task: Task) -> frozenset[str]:
        """The tools that can read their arguments from this text."""
        asked = task.model_copy(update={"text": text})
        return frozenset(name for name, tool in self._tools.items() if reads(tool, asked))

    def reads(self, agent: str, text: str, *, task: Task) -> bool:
        """Whether one of the agent's own tools can read its arguments from this text."""
        own = self.tools_of(agent)
        if not own:
            return False
        asked = task.model_copy(update={"text": text})
        return any(reads(self._tools[name], asked) for name in own)

    def knows(self, word: str) -> bool:
        """Whether an agent's own words hold this one."""
        return stem(word) in self._rates

    def agents_of(self, tools: Iterable[str]) -> frozenset[str]:
        wanted = set(tools)
        return frozenset(agent for agent, own in self._tools_of.items() if wanted.intersection(own))

    def _learn(self, task: Task) -> dict[str, dict[str, float]]:
        """For each piece of evidence, how often each agent's examples hold it."""
        rates: dict[str, dict[str, float]] = {}
        sample = max(1, SAMPLED_EXAMPLES // max(1, len(self.agents)))
        for agent in self.agents:
            for name, rate in self._lexicon.of(agent).rates.items():
                rates.setdefault(name, {})[agent.name] = rate
            for name, rate in self._tool_rates(agent, task=task, sample=sample).items():
                rates.setdefault(f"!{name}", {})[agent.name] = rate
        return rates

    def _read_rate(self, agent: str, rates: dict[str, dict[str, float]]) -> float:
        return min(1.0, sum(rates.get(f"!{tool}", {}).get(agent, 0.0) for tool in self._tools_of[agent]))

    def _tool_rates(self, agent: Agent, *, task: Task, sample: int) -> dict[str, float]:
        """How often each tool understands this agent's examples; its own tools get some credit in advance."""
        step = max(1, -(-len(agent.examples) // sample))
        examples = agent.examples[::step]
        heard: Counter[str] = Counter()
        for example in examples:
            heard.update(self._lexicon.parses(example, task=task).intersection(self._tools))
        own = set(self._tools_of[agent.name])
        size = len(examples) + 2
        return {
            name: (heard[name] + (1.5 if name in own else 0.0)) / size
            for name in self._tools
            if heard[name] or name in own
        }


class _Belief(dict[str, float]):
    """How far to believe in each agent, worked out for those that anything speaks for: of hundreds these are few."""

    def __init__(
        self,
        index: Index,
        names: frozenset[str],
        parses: frozenset[str],
        refused: Callable[[str], bool],
    ) -> None:
        super().__init__()
        self._index, self._names, self._parses, self._refused = index, names, parses, refused

    def __missing__(self, agent: str) -> float:
        factor = self[agent] = self._index.doubt(agent, self._names, self._parses, refused=self._refused)
        return factor


def _refuses_nothing(agent: str) -> bool:
    return False


def _heard(parses: frozenset[str]) -> list[tuple[str, float, float]]:
    return [(f"!{tool}", TOOL_WEIGHT, 0.0) for tool in sorted(parses)]


def _add(
    evidence: dict[str, float],
    rates: tuple[tuple[str, float], ...],
    weight: float,
    belief: Mapping[str, float],
) -> None:
    """Give each agent its share of what a piece of evidence is worth: much, where it is the one agent's alone."""
    believed = [rate * belief[agent] for agent, rate in rates]
    total = sum(believed) + NOISE
    worth = weight * (max(believed) / total) ** 1.5
    for (agent, _), rate in zip(rates, believed, strict=True):
        evidence[agent] = evidence.get(agent, 0.0) + worth * rate / total * belief[agent]


class Indexes:
    """The indexes of the sets of agents that were asked about last."""

    def __init__(self, tools: Mapping[str, Tool[Any]]) -> None:
        self._tools = tools
        self._lexicon = Lexicon(tools)
        self._kept: OrderedDict[tuple[Agent, ...], Index] = OrderedDict()
        self._last: Index | None = None
        self._learning = Lock()

    async def learn(self, agents: tuple[Agent, ...], *, task: Task) -> None:
        """Have their index, made on a thread: that of a process's first agents takes most of a second."""
        if self._known(agents) is None:
            await asyncio.to_thread(self.of, agents, task=task)

    def of(self, agents: tuple[Agent, ...], *, task: Task) -> Index:
        """Their index. From any thread."""
        if (known := self._known(agents)) is not None:
            return known
        with self._learning:
            # Somebody else may just have learned the same.
            index = self._kept.get(agents)
            if index is None:
                index = Index(agents, tools=self._tools, task=_blank(task), lexicon=self._lexicon)
                self._kept[agents] = index
                if len(self._kept) > KEPT_INDEXES:
                    self._kept.popitem(last=False)
        self._last = index
        return index

    def _known(self, agents: tuple[Agent, ...]) -> Index | None:
        # Nearly always the very agents of the last time: equal as a whole before any of them is hashed.
        last = self._last
        if last is not None and last.agents == agents:
            return last
        kept = self._kept.get(agents)
        if kept is not None:
            self._last = kept
        return kept


def _blank(task: Task) -> Task:
    """The task without anything of this conversation: an index must not depend on who asked first."""
    return task.model_copy(update={"history": (), "upstream": ()})
