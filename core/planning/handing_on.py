"""What is sent or kept where the words don't say it: then it is what came before."""

from __future__ import annotations

from itertools import pairwise

from core.planning.content import Content
from core.planning.judging import Judge
from core.planning.text import Kind, Token
from core.planning.words import FINITE, FUNCTION, HANDING_ON

NO_CONTENT = frozenset(
    "email emails mail mails message note notes copy send write drop shoot notification notice confirmation admin"
    " team boss me us address inbox short quick brief little save store keep file post by via to per as at list in"
    " with reply notify inform tell ping forward share put make let know about update report pass drop line shoot"
    " confirm please now deliver ship over along out off hand colleague colleagues everyone everybody word heads"
    " up find found get got comes come says learn learned record log jot write".split()
)

_SPEAKERS = frozenset({"i", "we", "he", "she", "they"})
_OWN_WORDS = frozenset(
    "subject ask invite congratulate thank remind request wish remember warn apologise apologize asking whether if"
    " why because following tell_them".split()
)
"""Signs that an e-mail's own words are there."""


def says_nothing(content: Content, *, writes: bool, judge: Judge) -> bool:
    """Whether something is to be handed on and the words don't say what: then it is what came before."""
    tokens = content.command
    head = judge.head(tokens)
    if content.open or not (
        writes or head in HANDING_ON or head in ("note", "jot", "write", "log", "record")
    ):
        return False
    if writes:
        return not _has_its_own_words(tokens)
    if any(
        token.kind in (Kind.QUOTE, Kind.NUMBER, Kind.PERCENT, Kind.DATE, Kind.CLOCK, Kind.URL)
        for token in tokens
    ):
        return False
    words = [part for token in tokens if token.kind is Kind.WORD for part in token.word.split()]
    left = [place for place, word in enumerate(words) if word not in NO_CONTENT and word not in FUNCTION]
    return all(_is_definite(words, place) for place in left)


def names_several(tokens: tuple[Token, ...]) -> bool:
    """Whether two known things are named: "mail ann@… the code and the area"."""
    words = [token.word for token in tokens if token.word != "and"]
    first = words.index("the") if "the" in words else len(words)
    # the "and" itself is gone where it was read as a boundary first
    return any(b == "the" and a not in FUNCTION for a, b in pairwise(words[first + 1 :]))


def _has_its_own_words(tokens: tuple[Token, ...]) -> bool:
    """Whether an e-mail's text stands in the words without a sign: "let ann@… know the door is open"."""
    if any(token.kind is Kind.QUOTE or token.word in _OWN_WORDS for token in tokens):
        return True
    to = next((place for place, token in enumerate(tokens) if token.kind is Kind.ADDRESS), len(tokens))
    told = [part for token in tokens[to + 1 :] if token.kind is Kind.WORD for part in token.word.split()]
    if not _SPEAKERS.isdisjoint(told[:1]):
        return True
    left = [word for word in told if word not in NO_CONTENT and word not in FUNCTION]
    return len(left) > 1 and not FINITE.isdisjoint(told)


def _is_definite(words: list[str], place: int) -> bool:
    """Whether a word belongs to "the key points": something that is known already."""
    return bool(
        {"the", "your", "this", "that", "these", "its", "all", "what"}.intersection(
            words[max(0, place - 3) : place]
        )
    )


def asks_on(words: list[str], before: tuple[Token, ...]) -> bool:
    """Whether it is what a message is to say: "email ann@example.org and ask her what time it is"."""
    if not any(token.kind is Kind.ADDRESS for token in before[-2:]) or len(words) < 3:
        return False
    return words[0] in ("ask", "say") or (words[0] in ("tell", "remind", "inform") and words[1] in _PERSONS)


_PERSONS = frozenset({"her", "him", "them"})
