"""Where one clause may end and another begin: marks, lines and connecting words."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

from core.planning.list_marks import bullet, numbered
from core.planning.order_phrases import EARLIER, THEN_ANYWHERE, Phrase
from core.planning.sequencing import (
    Link,
    counted_step,
    first_words,
    hands_on,
    last_words,
    starts_with,
    step_number,
    waiting_words,
)
from core.planning.signs import (
    commands_something,
    ends_a_subordinate,
    is_dash,
    joins_words,
    plus_connects,
    prepositional,
    spaced,
    stands_for_and,
)
from core.planning.text import Kind, Token
from core.planning.words import IMPERATIVES

MOST_TOKENS = 60


class Strength(IntEnum):
    """How sure a boundary is, whatever follows it."""

    COMMA = 1
    AND = 2
    SENTENCE = 3
    SEMICOLON = 4
    LINE = 5


@dataclass(frozen=True, slots=True)
class Piece:
    """Words between two boundaries, and the boundary before them."""

    tokens: tuple[Token, ...]
    strength: Strength
    link: Link = Link.BESIDE
    also: bool = False
    """Whether a word such as "also" says that something new begins."""
    blank: bool = False
    """Whether an empty line, or a bullet, sets it apart."""
    whole: tuple[Token, ...] = ()
    """These words and those after them up to the end of the sentence."""
    work: bool = False
    """Whether it names work, although it is a subordinate clause: "after creating a backup"."""

    @property
    def words(self) -> list[str]:
        return [part for token in self.tokens if token.kind is Kind.WORD for part in token.word.split()]


_ALSO = frozenset({"also", "additionally", "besides", "separately", "moreover"})

_ABBREVIATIONS = frozenset(
    {"e.g", "eg", "vs", "approx", "no", "mr", "mrs", "ms", "dr", "st", "etc", "i.e", "ca", "g", "e", "i"}
)


def pieces(tokens: tuple[Token, ...]) -> list[Piece]:
    """The text cut at everything that may be a boundary."""
    found: list[Piece] = []
    parts = numbered(tokens)
    start = place = 0 if 0 in parts else bullet(tokens)
    before = _Gap()
    while place < len(tokens):
        gap = (
            _gap_at(tokens, place, first=place == start)
            if place not in parts
            else _Gap(place + 2, Strength.LINE, blank=True)
        )
        if gap is None:
            place += 1
            continue
        _add(found, tokens[start:place], before)
        before = gap if place > start or not found else before.joined(gap)
        place = start = gap.end
    _add(found, tokens[start:], before)
    return _with_whole(found)


def _with_whole(found: list[Piece]) -> list[Piece]:
    """Each piece with all the words up to the next plain end of a sentence or line."""
    whole: tuple[Token, ...] = ()
    done: list[Piece] = []
    for piece in reversed(found):
        whole = piece.tokens + whole
        done.append(
            Piece(piece.tokens, piece.strength, piece.link, piece.also, piece.blank, whole[:MOST_TOKENS])
        )
        if piece.strength >= Strength.SENTENCE:
            whole = ()
    return done[::-1]


@dataclass(frozen=True, slots=True)
class _Gap:
    end: int = 0
    strength: Strength = Strength.LINE
    link: Link = Link.BESIDE
    also: bool = False
    blank: bool = False

    def joined(self, other: _Gap) -> _Gap:
        return _Gap(
            end=other.end,
            strength=max(self.strength, other.strength),
            link=other.link if self.link is Link.BESIDE else self.link,
            also=self.also
            or other.also
            or (self.strength is Strength.SENTENCE and other.strength is Strength.AND),
            blank=self.blank or other.blank,
        )


def _add(found: list[Piece], tokens: tuple[Token, ...], gap: _Gap) -> None:
    if not tokens:
        return
    link, taken = gap.link, 0
    if not found:
        tokens = tokens[step_number(tokens) or counted_step(tokens) :] or tokens
    if link is Link.BESIDE and found:
        link, taken = first_words(tokens)
        tokens = tokens[taken:] or tokens
    elif link is Link.THEN and found:
        tokens = tokens[waiting_words(tokens) :]
    if link is Link.BESIDE and found:
        link, tokens = last_words(tokens)
    if found and len(tokens) > 2 and tokens[0].word == "to" and tokens[1].word in IMPERATIVES:
        tokens = tokens[1:]
    found.append(Piece(tokens, gap.strength, link, gap.also, gap.blank))


def _gap_at(tokens: tuple[Token, ...], place: int, *, first: bool) -> _Gap | None:
    """The boundary that begins at this token, with all marks and words that belong to it."""
    gap = _one(tokens, place, inside=first)
    if gap is None:
        return None
    while gap.end < len(tokens):
        more = _one(tokens, gap.end, inside=True)
        if more is None:
            break
        gap = gap.joined(more)
    return _with_bullet(tokens, gap)


def _one(tokens: tuple[Token, ...], place: int, *, inside: bool = False) -> _Gap | None:
    """One mark or word that may end a clause; `inside` where another has just done so."""
    token = tokens[place]
    if token.kind is Kind.BREAK:
        blank = "\n" in token.word.strip(" \t\r").replace("\n", "", 1)
        return _Gap(place + 1, Strength.LINE, blank=blank)
    if token.kind is Kind.MARK:
        return _mark(tokens, place)
    if token.word not in _MAY_BEGIN:
        return None
    return (
        _sign(tokens, place)
        or _joining(tokens, place, inside=inside)
        or _ordering(tokens, place, inside=inside)
    )


def _sign(tokens: tuple[Token, ...], place: int) -> _Gap | None:
    word, after = tokens[place].word, place + 1
    if word in ("-", "=", "–") and after < len(tokens) and tokens[after].word == ">":
        return _Gap(after + 1, Strength.SEMICOLON, link=Link.THEN)
    if word in ("-", "–", "—") and is_dash(tokens, place):
        return _Gap(after, Strength.COMMA)
    joins = (word in ("+", "/") and joins_words(tokens, place)) or (word == "&" and spaced(tokens, place))
    return _Gap(after, Strength.AND) if joins else None


def _joining(tokens: tuple[Token, ...], place: int, *, inside: bool) -> _Gap | None:
    word, after = tokens[place].word, place + 1
    if word == "and" or (word == "an" and stands_for_and(tokens, place)):
        return _Gap(after, Strength.AND)
    aside = (
        next((len(phrase) for phrase in _ASIDES if starts_with(tokens, place, phrase)), 0) if inside else 0
    )
    if aside:
        return _Gap(place + aside, Strength.AND, also=True)
    also = word in _ALSO and inside and not prepositional(tokens, place)
    if also or (word == "plus" and (inside or plus_connects(tokens, place))):
        return _Gap(after, Strength.AND, also=True)
    if word == "but" and place and starts_with(tokens, after, ("also",)):
        return _Gap(after + 1, Strength.AND, also=True)
    if word == "but" and place and commands_something(tokens, after):
        return _Gap(after, Strength.AND)
    if word == "while" and place and starts_with(tokens, after, ("you",)):
        return _Gap(after + 1, Strength.AND, also=True)
    return (
        _Gap(place + 3, Strength.AND) if place and starts_with(tokens, place, ("as", "well", "as")) else None
    )


_GOES = frozenset({"goes", "gets", "comes"})
"""After "then" these go on with a sentence: "the letter then goes to …"."""
_ASIDES = tuple(
    tuple(phrase.split())
    for phrase in (
        "on a different note|on another note|on a separate note|on a side note|not related|unrelated|apart from that"
        "|other than that|independent of that|independently of that"
    ).split("|")
)


_ORDERING: dict[str, tuple[tuple[Phrase, Link], ...]] = {}
for _phrase, _link in (*((p, Link.THEN) for p in THEN_ANYWHERE), *((p, Link.EARLIER) for p in EARLIER)):
    _ORDERING[_phrase[0]] = (*_ORDERING.get(_phrase[0], ()), (_phrase, _link))
_MAY_BEGIN = frozenset(
    {
        *("- = – — + / & and an plus but while as".split()),
        *_ALSO,
        *(phrase[0] for phrase in _ASIDES),
        *_ORDERING,
    }
)
"""The first of all words and signs, marks apart, that may end a clause."""


def _ordering(tokens: tuple[Token, ...], place: int, *, inside: bool) -> _Gap | None:
    phrases = _ORDERING.get(tokens[place].word, ()) if place else ()
    if not phrases:
        return None
    if starts_with(tokens, place, ("then", "again")):
        return None
    if tokens[place].word == "then" and place + 1 < len(tokens) and tokens[place + 1].word in _GOES:
        return None
    for phrase, link in phrases:
        if link is Link.EARLIER and not inside:
            continue
        end = place + len(phrase)
        if starts_with(tokens, place, phrase) and (end < len(tokens) or link is Link.EARLIER):
            return _Gap(end, Strength.AND, link=link)
    return None


def _mark(tokens: tuple[Token, ...], place: int) -> _Gap | None:
    mark, after = tokens[place].word, place + 1
    if mark == ";":
        return _Gap(after, Strength.SEMICOLON)
    if mark == ",":
        return _Gap(after, Strength.COMMA)
    if mark == ":" and hands_on(tokens, place):
        return _Gap(after, Strength.SEMICOLON)
    if mark == ":" and ends_a_subordinate(tokens, place):
        return _Gap(after, Strength.COMMA)
    if mark in "→➜➔⇒➡»>":
        arrow = mark not in "»>" or tokens[place].start > tokens[max(0, place - 1)].end
        return _Gap(after, Strength.SEMICOLON, link=Link.THEN) if arrow else None
    if mark in "•·▪◦‣":
        return _Gap(after, Strength.LINE, blank=True)
    ends = after >= len(tokens) or tokens[after].start > tokens[place].end or tokens[after].kind is Kind.BREAK
    ends = ends or tokens[after].word in "?!.…"
    if mark in "?!…。？！":
        return _Gap(after, Strength.SENTENCE) if ends else None
    if mark == "." and ends and place and tokens[place - 1].word not in _ABBREVIATIONS:
        return _Gap(after, Strength.SENTENCE)
    return None


def _with_bullet(tokens: tuple[Token, ...], gap: _Gap) -> _Gap:
    """A list mark at the beginning of a line belongs to the boundary."""
    end = gap.end
    if gap.strength is not Strength.LINE or end + 1 >= len(tokens):
        return gap
    return _Gap(
        end + bullet(tokens[end:]), gap.strength, gap.link, gap.also, gap.blank or bool(bullet(tokens[end:]))
    )
