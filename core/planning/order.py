"""What has to wait for what: from connecting words, and from words that stand for an earlier step's output."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from core.planning.clauses import Clause
from core.planning.content import Content
from core.planning.handing_on import names_several, says_nothing
from core.planning.judging import Judge
from core.planning.references import Reference, Refers, find_references
from core.planning.sequencing import Link
from core.planning.text import Kind, Token, stem
from core.planning.words import DELIVERY


@dataclass(slots=True)
class _Stage:
    """A clause while its place in the order is found."""

    tokens: tuple[Token, ...]
    command: tuple[Token, ...]
    """The words before a note's or an e-mail's own."""
    references: tuple[Reference, ...]
    passes_on: bool
    """Whether it hands its input on as it is, or keeps its own words: a later "it" means what came before."""
    after: set[int] = field(default_factory=set)


def predecessors(
    clauses: Sequence[Clause], *, judge: Judge, writes: Callable[[int], bool], acts: Callable[[int], bool]
) -> list[set[int]]:
    """For each clause the indexes of those that come directly before it.

    `writes` tells whose agent changes the world, `acts` whose agent has tools at all: one without can only make texts.
    """
    stages: list[_Stage] = []
    earlier: list[tuple[int, int]] = []
    said: set[str] = set()
    chained = in_given_order(judge.tokens)
    for place, clause in enumerate(clauses):
        content = Content(clause.tokens, judge=judge)
        references = find_references(clause.tokens, content, earlier=said)
        if place and not references and says_nothing(content, writes=writes(place), judge=judge):
            references = (Reference(Refers.ONE),)
        if len(set(references)) == 1 and writes(place) and names_several(content.command):
            references = (Reference(Refers.ALL),)
        head = judge.head(clause.tokens)
        delivers = acts(place) and head in DELIVERY and (head != "write" or "down" in _words(clause.tokens))
        kept = bool(references) or content.that or content.colon
        stage = _Stage(clause.tokens, content.command, references, writes(place) or (delivers and kept))
        if clause.link is Link.EARLIER and place:
            held = len(stages) - 1 if clause.anchor is None else clause.anchor
            if place - held > 1:
                stage.after = {one for one in _before(stage, Link.BESIDE, stages, anchor=None) if one > held}
            stages[held].after.add(place)
            earlier.append((held, place))
        elif place:
            link = Link.THEN if chained else clause.link
            stage.after = _before(stage, link, stages, anchor=clause.anchor)
        stages.append(stage)
        said.update(stem(word) for word in _words(stage.command))
    for held, place in earlier:
        if any(place in _all_before(other, stages) for other in stages[held].after - {place}):
            stages[held].after.discard(place)
    return [stage.after for stage in stages]


_MAKES = frozenset({"write", "put"})
_KEEPING = frozenset("down notes note notebook record file memo archive log".split())
"""What makes keeping of "write" and "put", which else make something new: "put it into plain words"."""


def in_given_order(tokens: tuple[Token, ...]) -> bool:
    """Whether the person says that the order of the words is the order of the work."""
    said = f" {' '.join(token.word for token in tokens if token.kind is Kind.WORD)} "
    return any(f" {phrase} " in said for phrase in _IN_ORDER)


_IN_ORDER = tuple(
    "in that order|in this order|one after the other|one after another|step by step|one by one|in sequence|sequentially"
    "|in the given order|in exactly this order|in order".split("|")
)


def _words(tokens: tuple[Token, ...]) -> set[str]:
    return {token.word for token in tokens if token.kind is Kind.WORD}


def _before(stage: _Stage, link: Link, stages: Sequence[_Stage], *, anchor: int | None) -> set[int]:
    """What a clause waits for directly; of a chain only its end, unless several outputs are named."""
    before = {len(stages) - 1 if anchor is None else anchor} if link is Link.THEN else set()
    if link is Link.AFTER_ALL:
        return _loose_ends(stages)
    makers = [place for place, one in enumerate(stages) if not one.passes_on] or [len(stages) - 1]
    for reference in sorted(stage.references, key=lambda one: one.kind is not Refers.BOTH):
        if reference.kind in (Refers.BOTH, Refers.ALL):
            return set(makers[-2:]) if reference.kind is Refers.BOTH else _loose_ends(stages)
        last = reference.kind is Refers.LAST
        source = len(stages) - 1 if last else _source(reference.noun, stages)
        before |= (
            _loose_ends(stages)
            if reference.kind is Refers.THEM and not _is_plural(stages[source])
            else {source}
        )
    return {place for place in before if not any(place in _all_before(other, stages) for other in before)}


def _all_before(place: int, stages: Sequence[_Stage]) -> set[int]:
    found: set[int] = set()
    waiting = [place]
    while waiting:
        for before in stages[waiting.pop()].after:
            if before < len(stages) and before not in found:
                found.add(before)
                waiting.append(before)
    return found


def _source(noun: str, stages: Sequence[_Stage]) -> int:
    """The clause whose output is meant: the last that made what is named, else the last that made anything."""
    makers = [i for i, one in enumerate(stages) if not one.passes_on]
    if noun:
        for place in reversed(makers):
            if any(_same(noun, word) for word in _words(stages[place].tokens)):
                return place
    return makers[-1] if makers else len(stages) - 1


def _same(noun: str, word: str) -> bool:
    """Whether a word has the noun's root: the summary of what was summarised."""
    a, b = stem(noun), stem(word)
    return a == b or (len(a) >= 5 and len(b) >= 5 and a[:5] == b[:5])


def _loose_ends(stages: Sequence[_Stage]) -> set[int]:
    """The clauses that nothing has used yet."""
    used = {place for stage in stages for place in stage.after}
    open_ends = {i for i, stage in enumerate(stages) if i not in used and not stage.passes_on}
    return open_ends or {len(stages) - 1}


_PLURALS = frozenset(
    "notes headlines entries items stories points news feeds numbers lines ideas options bullets slogans".split()
)


def _is_plural(stage: _Stage) -> bool:
    return any(token.word in _PLURALS for token in stage.tokens)
