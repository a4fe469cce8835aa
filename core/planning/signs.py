"""Signs and small words that may join two requests, or belong to a sum: "+", "-", "plus", and "an" for "and"."""

from __future__ import annotations

from core.planning.text import Kind, Token
from core.planning.words import IMPERATIVES, QUESTION


def spaced(tokens: tuple[Token, ...], place: int) -> bool:
    return 0 < place < len(tokens) - 1 and tokens[place].start > tokens[place - 1].end


def is_dash(tokens: tuple[Token, ...], place: int) -> bool:
    """Whether a dash between spaces stands before a new request."""
    after = place + 1
    if not place or after >= len(tokens) or not spaced(tokens, place):
        return False
    return tokens[after].word in IMPERATIVES or tokens[after].word in ("-", "–", "then", "and", "but")


def joins_words(tokens: tuple[Token, ...], place: int) -> bool:
    """Whether a sign stands between two requests, and no numbers."""
    if (
        not 0 < place < len(tokens) - 1
        or not spaced(tokens, place)
        or tokens[place + 1].start == tokens[place].end
    ):
        return False
    numbers = (Kind.NUMBER, Kind.PERCENT)
    if tokens[place + 1].kind in numbers:
        return tokens[place - 1].kind is Kind.WORD
    return tokens[place + 1].kind is Kind.WORD


def commands_something(tokens: tuple[Token, ...], place: int) -> bool:
    """Whether a verb with an object begins here; "friendly but clear" has none."""
    behind = tokens[place + 1 : place + 2]
    return bool(behind) and behind[0].kind is not Kind.MARK and tokens[place].word in IMPERATIVES


def plus_connects(tokens: tuple[Token, ...], place: int) -> bool:
    """Whether "plus" joins clauses and adds no numbers."""
    if not 0 < place < len(tokens) - 1 or tokens[place + 1].kind is not Kind.WORD:
        return False
    if tokens[place - 1].word == ",":
        return True
    named = tokens[place + 1].word in _NAMING
    numbers = (Kind.NUMBER, Kind.PERCENT, Kind.SUM)
    return named and all(
        token.kind not in numbers for token in (*tokens[place - 1 : place], *tokens[place + 1 : place + 5])
    )


def stands_for_and(tokens: tuple[Token, ...], place: int) -> bool:
    """Whether "an" is a slip: no article stands before a verb or a question that begins with a consonant."""
    if not 0 < place < len(tokens) - 1 or tokens[place + 1].kind is not Kind.WORD:
        return False
    following = tokens[place + 1].word
    return following[0] not in "aeiouh" and following in _ASKING


_ARTICLES = frozenset({"a", "an", "the", "my", "our"})
_NAMING = IMPERATIVES | _ARTICLES

_ASKING = IMPERATIVES | QUESTION


def ends_a_subordinate(tokens: tuple[Token, ...], place: int) -> bool:
    """Whether a colon stands where a comma should: "once the backup is complete: …"."""
    start = place
    while start and tokens[start - 1].kind is Kind.WORD and tokens[start - 1].word not in ("and", "then"):
        start -= 1
    return 1 < place - start <= 8 and tokens[start].word in ("once", "after", "when", "before", "if", "as")


def prepositional(tokens: tuple[Token, ...], place: int) -> bool:
    """Whether "besides" has an object: "besides a backup I need …"."""
    return (
        tokens[place].word == "besides"
        and place + 1 < len(tokens)
        and (tokens[place + 1].word in ("a", "an", "the", "my", "our"))
    )
