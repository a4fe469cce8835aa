"""Short follow-ups in a conversation: "and in London?" after "what time is it in Tokyo"."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from core.models import Exchange
from core.planning.courtesy import core_of, without_opening
from core.planning.judging import FITS, Judge
from core.planning.text import SHAPES, Kind, Token
from core.planning.words import FUNCTION, OPERATORS, QUESTION

MOST_WORDS = 7
MOST_REPLACING = 3
_PREPOSITIONS = frozenset("in on at for from to of by with into until about".split())
_OPENINGS = frozenset("and or now the same but also for".split())
_ABOUT = (["what", "about"], ["how", "about"])
_NO_THING = (
    FUNCTION | QUESTION | frozenset("why really nice ok okay yes no please thanks wow cool great".split())
)


@dataclass(frozen=True, slots=True)
class FollowUp:
    """The instruction that a follow-up stands for, and who answered the one before."""

    agent: str
    text: str


def is_elliptic(tokens: tuple[Token, ...]) -> bool:
    """Whether these words only put another thing into the earlier question: "what about 20%?"."""
    words = [token.word for token in tokens if token.kind is Kind.WORD]
    things = [token for token in tokens if token.kind in SHAPES]
    return words[:2] in _ABOUT or (words in (["and"], ["or"]) and len(things) == 1)


def resolve(judge: Judge, earlier: Judge) -> FollowUp | None:
    """What a short, incomplete clause means after an earlier instruction; None where it means nothing by itself."""
    rest = _after_opening(core_of(judge.tokens))
    if not rest or len(rest) > MOST_WORDS or judge.commands(rest):
        return None
    before = core_of(earlier.tokens)
    best = earlier.best(before)
    if best.score < FITS:
        return None
    if more := _on_the_result(judge.tokens):
        text = judge.written(more)
        text = text if judge.reads(best.agent, text) else ""
    else:
        text = _replaced(rest, before, judge=judge, earlier=earlier)
    if not text:
        return None
    return FollowUp(best.agent, text)


def meant(history: Sequence[Exchange], read: Callable[[str], Judge]) -> Judge:
    """The last of these instructions, in full where it was a follow-up itself: "and in London?"."""
    *before, last = history
    said = read(last.instruction)
    if not before or said.fits(without_opening(said.tokens)):
        return said
    found = resolve(said, meant(before, read))
    return said if found is None else read(found.text)


def _after_opening(tokens: tuple[Token, ...]) -> tuple[Token, ...]:
    start = 0
    while start < len(tokens) - 1 and tokens[start].kind is Kind.WORD and tokens[start].word in _OPENINGS:
        if tokens[start].word == "for" and tokens[start + 1].kind is not Kind.WORD:
            break
        start += 1
    if [token.word for token in tokens[start : start + 2]] in _ABOUT:
        return tokens[start + 2 :]
    # "How old are you" asks something else.
    return () if tokens[start].word in ("what", "how") else tokens[start:]


def _on_the_result(tokens: tuple[Token, ...]) -> tuple[Token, ...]:
    """The words of "and plus 6?", which go on with the figure before; here "plus" does not mean "and"."""
    start = next((n for n, token in enumerate(tokens) if token.word not in _OPENINGS), 0)
    goes_on = tokens[start].word in OPERATORS and any(token.kind in SHAPES for token in tokens[start:])
    return tokens[start:] if goes_on else ()


def _replaced(rest: tuple[Token, ...], before: tuple[Token, ...], *, judge: Judge, earlier: Judge) -> str:
    """The earlier instruction with the follow-up in the place of what it replaces."""
    first = rest[0]
    kinds = {token.kind for token in rest if token.kind in SHAPES}
    if first.word in _PREPOSITIONS:
        for place in range(len(before) - 1, 0, -1):
            if before[place].word == first.word:
                return f"{earlier.written(before[:place])} {judge.written(rest)}"
        return f"{earlier.written(before)} {judge.written(rest)}" if not kinds else ""
    for place in range(len(before) - 1, -1, -1):
        if len(rest) == 1 and before[place].kind in kinds:
            end = before[place].end
            return (
                earlier.text[before[0].start : before[place].start]
                + judge.written(rest)
                + earlier.text[end : before[-1].end]
            )
    if kinds:
        return ""
    if len(rest) > MOST_REPLACING or any(token.word in _NO_THING for token in rest):
        return ""
    for place in range(len(before) - 2, 0, -1):
        # A word takes the place of words: no "how nice" is an address that something goes to.
        if before[place].word in _PREPOSITIONS and before[place + 1].kind is Kind.WORD:
            return f"{earlier.written(before[: place + 1])} {judge.written(rest)}"
    return ""
