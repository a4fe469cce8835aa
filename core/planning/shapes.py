"""What tokens say together: a sum, a text to work on, a thing with a subject of its own."""

from __future__ import annotations

from itertools import pairwise

from core.planning.text import Kind, Token
from core.planning.words import DAYS, ENGLISH_NUMBERS, FUNCTION, REPORTING, TIME_UNITS

TOLD = frozenset({"<story>", "<span>"})
"""Shapes of a task told in sentences of any subject."""


def shapes_of(tokens: tuple[Token, ...]) -> list[tuple[str, float]]:
    """The shapes in a clause, each with what it weighs as evidence."""
    found = _sums(tokens)
    for name, weight, holds in (
        ("<text>", 0.9, _gives_text),
        ("<this>", 0.8, _gives_this),
        ("<piece>", 0.8, _is_a_piece),
        ("<remake>", 1.2, _makes_it_other),
        ("<out-of-it>", 1.0, _makes_something_of_it),
        ("<story>", 2.4, _tells_amounts),
        ("<span>", 2.4, _counts_from_a_day),
    ):
        if holds(tokens):
            found.append((name, weight))
    return found


def _sums(tokens: tuple[Token, ...]) -> list[tuple[str, float]]:
    """Evidence from tokens that stand together: a sum, a percentage of something."""
    found: list[tuple[str, float]] = []
    numbers = (Kind.NUMBER, Kind.PERCENT)
    for before, token, after in zip(tokens, tokens[1:], tokens[2:], strict=False):
        if token.kind is Kind.SUM and token.word != "&" and (before.kind in numbers or before.word == ")"):
            if after.kind in numbers or after.word in "(-":
                found.append(("<sum>", 1.5))
        elif (
            before.kind is Kind.PERCENT
            and token.word in ("of", "on", "off", "from")
            and after.kind in numbers
        ):
            found.append(("<share>", 1.5))
        elif before.kind in numbers and token.word in ("plus", "minus", "times", "x", "over", "mod"):
            if after.kind in numbers:
                found.append(("<sum>", 1.5))
    return found[:2]


def _gives_text(tokens: tuple[Token, ...]) -> bool:
    """Whether a colon is followed by words of some length: a text to keep, to send or to work on."""
    place = next((i for i, t in enumerate(tokens[:12]) if i and t.word == ":" and t.kind is Kind.MARK), 0)
    return place > 0 and sum(token.kind is Kind.WORD for token in tokens[place + 1 : place + 6]) > 1


def _gives_this(tokens: tuple[Token, ...]) -> bool:
    """Whether a text to work on is announced: "… this: …", "… the following …: …"."""
    if not _gives_text(tokens):
        return False
    place = next(i for i, token in enumerate(tokens) if i and token.word == ":")
    return any(token.word in ("this", "following", "these") for token in tokens[:place])


def _is_a_piece(tokens: tuple[Token, ...]) -> bool:
    """Whether it names a thing with a subject of its own: "a sonnet about …", "three riddles about …"."""
    words = [token.word for token in tokens[:10]]
    place = words.index("about") if "about" in words else 0
    return any(
        word in _COUNTED or token.kind is Kind.NUMBER
        for word, token in zip(
            words[max(0, place - 4) : max(0, place - 1)], tokens[max(0, place - 4) :], strict=False
        )
    )


def _makes_it_other(tokens: tuple[Token, ...]) -> bool:
    """Whether something that is there already is to become other: "make it clearer", "make that easy to read"."""
    words = [token.word for token in tokens[:3]]
    return len(words) == 3 and words[0] == "make" and words[1] in _POINTING and words[2] not in FUNCTION


def _makes_something_of_it(tokens: tuple[Token, ...]) -> bool:
    """Whether a new thing is to come of what is there already: "work a pitch out of it"."""
    words = [token.word for token in tokens]
    if not words or not {"a", "an", "some"}.intersection(words[1:3]):
        return False
    return any(
        before in ("of", "from", "with", "around") and word in _POINTING
        for before, word in pairwise(words[2:])
    )


_POINTING = frozenset("it that this them these those".split())


def _tells_amounts(tokens: tuple[Token, ...]) -> bool:
    """Whether amounts are told and a number is asked for: "the tank holds 50 litres … how far can I drive?"."""
    if tokens[0].word in REPORTING or any(t.kind in _NO_AMOUNTS for t in tokens) or _names_a_day(tokens):
        return False
    amounts = [place for place, token in enumerate(tokens) if _is_amount(token)]
    priced = any(tokens[place - 1].word in ("at", "for") and place - amounts[0] <= 5 for place in amounts[1:])
    for place, token in enumerate(tokens):
        if token.word not in _ASKING or (place and not _begins_anew(tokens[place - 1], token)):
            continue
        following = tokens[place + 1].word if place + 1 < len(tokens) else ""
        if token.word == "how" and following in _MEASURES:
            return bool(amounts)
        told = sum(amount < place for amount in amounts)
        return following not in _OF_THE_CALENDAR and (told > 1 or priced)
    return False


def _is_amount(token: Token) -> bool:
    return token.kind in (Kind.NUMBER, Kind.PERCENT) or (
        token.word in ENGLISH_NUMBERS and token.word != "one"
    )


def _begins_anew(before: Token, token: Token) -> bool:
    """Whether a clause begins here; a clause's tokens may lack the marks that stood between them."""
    marked = before.kind in (Kind.MARK, Kind.BREAK) or token.start - before.end > 1
    return marked or before.word in ("and", "so", "then", "but")


def _counts_from_a_day(tokens: tuple[Token, ...]) -> bool:
    """Whether a day and a length of time are given, and a day is asked for: "issued on 2 May, valid for 90 days …"."""
    if tokens[0].word in REPORTING or any(token.kind in _NO_AMOUNTS - _DAYTIMES for token in tokens):
        return False
    day = any(token.kind in _DAYTIMES for token in tokens) or _names_a_day(tokens)
    length = any(_is_amount(one) and two.word in TIME_UNITS for one, two in pairwise(tokens))
    asked = any(token.word in ("what", "which", "when") for token in tokens)
    return day and length and asked


def _names_a_day(tokens: tuple[Token, ...]) -> bool:
    """Whether "3 May" or a day's own name stands in the words."""
    return any(token.word in DAYS for token in tokens) or any(
        (_is_amount(one) and two.word == "may") or (one.word == "may" and _is_amount(two))
        for one, two in pairwise(tokens)
    )


_DAYTIMES = frozenset({Kind.DATE, Kind.CLOCK})
_NO_AMOUNTS = frozenset({Kind.CLOCK, Kind.DATE, Kind.URL, Kind.ADDRESS, Kind.QUOTE})
_ASKING = frozenset({"how", "what", "which", "what is"})
_MEASURES = frozenset("much many far long fast heavy big high tall large".split())
_OF_THE_CALENDAR = frozenset("time date day weekday hour month year week late".split())
_COUNTED = frozenset("a an some another one two three four five six ten few several couple".split())
