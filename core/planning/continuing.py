"""Words behind a comma or an "and" that only go on with the task before them."""

from __future__ import annotations

from core.planning.boundaries import Piece, Strength
from core.planning.courtesy import without_opening
from core.planning.judging import NOBODY, Judge
from core.planning.sequencing import Link
from core.planning.text import Kind, Token, stem
from core.planning.words import DAYS, FINITE, IMPERATIVES, LANGUAGES, MONEY, OPERATORS, TIME_UNITS, UNITS

_LABELS = frozenset("to cc bcc subject text body message content title re attn message-text wording".split())
_OPERATIONS = OPERATORS | frozenset("squared cubed rounded".split())
_PREPOSITIONS = frozenset("in as for with by at on into per without within".split())
_HOW = (
    frozenset("percent percentage detail full short brief total".split())
    | UNITS
    | MONEY
    | TIME_UNITS
    | LANGUAGES
    | DAYS
)
_SPANS = frozenset("past last this next previous coming the of".split())
_ASKING = frozenset("which what how".split())


def continues(current: tuple[Token, ...], piece: Piece, *, judge: Judge) -> bool:
    """Whether a piece is more of the clause before it, whatever it would mean alone."""
    if piece.strength > Strength.SENTENCE or piece.link is not Link.BESIDE or piece.also:
        return False
    if _labelled(piece.tokens):
        return piece.strength <= Strength.AND and any(token.kind is Kind.ADDRESS for token in current)
    if piece.strength > Strength.AND:
        return False
    first, *rest = (token.word for token in piece.tokens)
    if first in _OPERATIONS and (
        rest[:1] == ["by"] or any(token.kind is Kind.NUMBER for token in piece.tokens[1:3])
    ):
        return True
    if first in _PREPOSITIONS and len(piece.tokens) <= 3 and any(word in _HOW for word in rest):
        return True
    if first in _SPANS and all(
        word in _SPANS or word in TIME_UNITS or word in DAYS or word.isdigit() for word in rest
    ):
        return True
    if _is_third_person(first) and judge.declares(current):
        return True
    if _says_one_thing(current, piece, judge=judge):
        return True
    if judge.best(piece.tokens).agent != judge.best(current).agent:
        return piece.strength is Strength.COMMA and _names_it_again(piece.tokens)
    return first in _ASKING and _only_states(current, judge=judge)


def _says_one_thing(current: tuple[Token, ...], piece: Piece, *, judge: Judge) -> bool:
    """Whether both together are one request: "the failure rate" and "cost of FlowMate"; figures, and "what's that?"."""
    best = judge.best(current)
    if piece.strength is Strength.AND:
        may_be = not (best.parsed or judge.commands(piece.tokens) or judge.asks(piece.tokens))
    else:
        points = judge.asks(piece.tokens) and not {"that", "it"}.isdisjoint(piece.words[2:])
        stated = not (judge.commands(current) or judge.asks(current))
        may_be = points and stated and best.agent != judge.best(piece.tokens).agent
    # Last, since it asks every tool once more.
    together = judge.best(current + piece.tokens) if may_be else NOBODY
    return together.parsed and together.agent == best.agent


def _is_third_person(word: str) -> bool:
    """Whether a verb goes on with what is told of somebody: "the train leaves at nine and takes three hours"."""
    return word in FINITE or (word.endswith("s") and word not in IMPERATIVES and stem(word) in _VERBS)


_VERBS = frozenset(stem(word) for word in IMPERATIVES)


def _labelled(tokens: tuple[Token, ...]) -> bool:
    return len(tokens) > 2 and tokens[0].word in _LABELS and tokens[1].word in (":", "=")


def _only_states(tokens: tuple[Token, ...], *, judge: Judge) -> bool:
    """Whether figures are given, and nothing is asked for yet: "net 2890, gross 4120, which percentage goes away?"."""
    if judge.commands(tokens) or judge.asks(tokens):
        return False
    return not judge.best(tokens).parsed or judge.declares(tokens)


def _names_it_again(tokens: tuple[Token, ...]) -> bool:
    """Whether these words are another name for what was just named: "4 May, the date of our last backup"."""
    bare = without_opening(tokens)
    words = [token.word for token in bare]
    return words[:1] == ["the"] and words[2:3] == ["of"] and all(token.kind is Kind.WORD for token in bare)
