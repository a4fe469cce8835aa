"""Short follow-ups in a conversation: "and in London?" after "what time is it in Tokyo"."""

from __future__ import annotations

from dataclasses import dataclass

from core.models import Exchange
from core.planning.courtesy import core_of
from core.planning.judging import FITS, Judge
from core.planning.text import SHAPES, Kind, Token

MOST_WORDS = 7
_PREPOSITIONS = frozenset("in on at for from to of by with into until about".split())
_OPENINGS = frozenset("what about how and or now the same but also for".split())


@dataclass(frozen=True, slots=True)
class FollowUp:
    """The instruction that a follow-up stands for, and who answered the one before."""

    agent: str
    text: str


def is_elliptic(tokens: tuple[Token, ...]) -> bool:
    """Whether these words only put another thing into the earlier question: "what about 20%?"."""
    words = [token.word for token in tokens if token.kind is Kind.WORD]
    things = [token for token in tokens if token.kind in SHAPES]
    return words in (["what", "about"], ["how", "about"], ["and"], ["or"]) and len(things) == 1


def resolve(judge: Judge, history: tuple[Exchange, ...], earlier: Judge | None) -> FollowUp | None:
    """What a short, incomplete clause means after the last instruction; None where it means nothing by itself."""
    if not history or earlier is None:
        return None
    rest = _after_opening(core_of(judge.tokens))
    if not rest or len(rest) > MOST_WORDS or judge.commands(rest):
        return None
    before = core_of(earlier.tokens)
    best = earlier.best(before)
    if best.score < FITS:
        return None
    text = _replaced(rest, before, judge=judge, earlier=earlier)
    if not text:
        return None
    return FollowUp(best.agent, text)


def _after_opening(tokens: tuple[Token, ...]) -> tuple[Token, ...]:
    start = 0
    while start < len(tokens) - 1 and tokens[start].kind is Kind.WORD and tokens[start].word in _OPENINGS:
        if tokens[start].word == "for" and tokens[start + 1].kind is not Kind.WORD:
            break
        start += 1
    return tokens[start:]


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
    for place in range(len(before) - 1, 0, -1):
        if before[place].word in _PREPOSITIONS and len(rest) <= 3:
            return f"{earlier.written(before[: place + 1])} {judge.written(rest)}"
    return ""
