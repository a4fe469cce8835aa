"""What a clause is made of, as evidence for or against an agent: words, pairs of words, and shapes."""

from __future__ import annotations

import re
from typing import NamedTuple

from core.planning.courtesy import core_of
from core.planning.shapes import TOLD, shapes_of
from core.planning.text import SHAPES, Kind, Token, stem
from core.planning.thesaurus import GROUPS
from core.planning.words import (
    DAYS,
    DERIVED,
    FUNCTION,
    GENERIC,
    HANDING_ON,
    IMPERATIVES,
    LANGUAGES,
    MONEY,
    NEUTRAL,
    PAST,
    REPORTING,
    SPEECH,
    SUBORDINATE,
    TIME_UNITS,
    TOPIC,
    UNITS,
)

HEAD_COST = 0.6
ASIDE_COST = 0.2
OBJECT_COST = 1.5
"""An unknown verb, or an unknown subject ("about …"), costs less than an unknown thing that something is done to."""
KINDRED_WEIGHT = 0.7
KINDRED_COST = 0.4
"""What a word is worth that stands for others, and what it costs if only those others are known."""
CONTENT_WEIGHT = 0.08
TOPIC_WEIGHT = 0.25
KNOWN_WEIGHT = 0.3
"""In "save the translation" the verb says what is to be done; the thing only says with what."""
LEARNED_FROM = 0.5
"""Only words that weigh at least this much are learned: what a note says is no sign of a note."""

_FEED = re.compile(
    r"(?:^|[/.\-_=?])(?:rss|atom|feeds?|rdf)\d?(?=$|[/.?&=#])|\.(?:xml|rss|atom|rdf)(?=$|[?#])",
    re.IGNORECASE,
)
_GROUP_OF: dict[str, tuple[int, ...]] = {}
for _number, _words in enumerate(GROUPS):
    for _word in _words:
        for _form in {_word, stem(_word)}:
            _GROUP_OF[_form] = (*_GROUP_OF.get(_form, ()), _number)


class Feature(NamedTuple):
    """One piece of evidence; `unknown` is what it costs if no agent has ever seen it."""

    name: str
    weight: float
    unknown: float = 0.0
    aside: bool = False
    """Whether it stands where a subject stands ("a card for the interns"): seen once, it says nothing"
    " about an agent."""


def kindred(name: str) -> tuple[int, ...]:
    """The groups of words that this one stands in."""
    return _GROUP_OF.get(name, ())


def _pair(before: tuple[str, float], after: tuple[str, float], *, aside: bool) -> Feature:
    plain = before[0] in _GENERIC and after[0] in _GENERIC
    return Feature(f"{before[0]}_{after[0]}", (0.4 if plain else 0.9) * min(before[1], after[1]), aside=aside)


def looks_like_a_feed(address: str) -> bool:
    return _FEED.search(address) is not None


def features(tokens: tuple[Token, ...]) -> list[Feature]:
    """The evidence in a clause, most of it from the words that come first."""
    found: list[Feature] = []
    previous: tuple[str, float] | None = None
    previous_token: Token | None = None
    head, first, aside = True, True, 0
    tokens = core_of(tokens)
    for token, weight in weighted(tokens):
        aside = 3 if not head and _opens_a_subject(token, previous_token) else max(0, aside - 1)
        for name, unknown in _names(token, previous_token):
            if name == _NAME:
                found.append(Feature(name, 0.0, unknown * weight))
                previous = None
                continue
            plain = name in _GENERIC
            place = HEAD_COST if head else ASIDE_COST if aside else OBJECT_COST if first else 1.0
            cost = unknown * weight * place * (KINDRED_COST if name in _GROUP_OF else 1.0)
            first = first and (head or unknown == 0.0)
            if head:
                found.append(Feature(f"^{name}", weight * (0.4 if plain else 1.2)))
                head = False
            found.append(Feature(name, weight * (0.3 if plain else 1.0), cost, aside=aside > 0))
            if not plain:
                found.extend(
                    Feature(f"~{group}", weight * KINDRED_WEIGHT) for group in _GROUP_OF.get(name, ())
                )
            if name in _ARTICLES:
                continue
            if previous is not None:
                found.append(_pair(previous, (name, weight), aside=aside > 0))
            previous = (name, weight)
        if token.kind is not Kind.MARK:
            previous_token = token
    return _with_shapes(found, tokens)


def _with_shapes(found: list[Feature], tokens: tuple[Token, ...]) -> list[Feature]:
    shapes = shapes_of(tokens)
    if any(name in TOLD for name, _ in shapes):
        # what a story is about says nothing: mugs, roommates or a leaking tap
        found = [feature._replace(unknown=0.0) for feature in found]
    found.extend(Feature(name, weight) for name, weight in shapes)
    if any(feature.name in ("<url>", "<feed>") for feature in found):
        found.append(Feature("<link>", 0.3))
    return found


def _opens_a_subject(token: Token, before: Token | None) -> bool:
    """Whether what follows is what a task is about; "come up with …" and "help me with …" go on to the task itself."""
    with_it = token.word == "with" and before is not None and before.word in ("up", "me", "us")
    return token.word in _BEFORE_A_SUBJECT and not with_it


_THE = frozenset({"the", "that", "this", "both"})
_NAME = "<name>"
"""Any name of a person or place; which one is no evidence."""
_BEFORE_A_SUBJECT = frozenset("about on for in at with from by of to between over into".split())
_GENERIC = GENERIC | frozenset(stem(word) for word in GENERIC)
_ARTICLES = frozenset("a an the my our your his her their all me us some any of".split())


def _names(token: Token, before: Token | None) -> list[tuple[str, float]]:
    """The names of a token's evidence, each with what it costs when unknown."""
    if token.kind is Kind.WORD:
        if before is not None and token.name:
            return [(_NAME, 0.15)]
        after_number = before is not None and before.kind in (Kind.NUMBER, Kind.PERCENT)
        return [_of_word(word, after_number=after_number) for word in token.word.split()]
    if token.kind is Kind.URL:
        return [("<feed>" if looks_like_a_feed(token.word) else "<url>", 0.0)]
    if token.kind in SHAPES:
        return [(f"<{token.kind.value}>", 0.0)]
    return []


def _of_word(word: str, *, after_number: bool) -> tuple[str, float]:
    if word == "times":
        return word, 0.0
    if word in TIME_UNITS:
        return stem(word), 0.0
    if word in DAYS:
        return "<day>", 0.0
    if word in UNITS and (after_number or len(word) > 2):
        return "<unit>", 0.0
    if word in LANGUAGES:
        return "<language>", 0.0
    if word in MONEY:
        return "<money>", 0.0
    if word in FUNCTION:
        return word, 0.0
    return stem(PAST.get(word, word)), 0.15 if word in NEUTRAL else 0.6


def weighted(tokens: tuple[Token, ...]) -> list[tuple[Token, float]]:
    """Each token with how much it says about the task: what is to be noted, sent or written about says little."""
    weights: list[tuple[Token, float]] = []
    zone, reporting, subordinate = 1.0, -9, False
    for place, token in enumerate(tokens):
        word = token.word
        if token.kind is Kind.MARK:
            if word == ":" and place and reporting >= 0:
                zone = min(zone, CONTENT_WEIGHT)
            elif word == ":" and place:
                zone = min(zone, TOPIC_WEIGHT)
            elif word == "," and subordinate:
                zone, subordinate = 1.0, False
            continue
        if token.kind is Kind.WORD and zone == 1.0 and not subordinate:
            if word in SUBORDINATE and place == 0:
                subordinate, zone = True, TOPIC_WEIGHT
        known = tokens[0].word in HANDING_ON and _is_known(tokens, place)
        weights.append((token, _weight(token, place, zone) * (KNOWN_WEIGHT if known else 1.0)))
        if token.kind is Kind.WORD and not subordinate:
            zone = min(zone, _zone_after(token, tokens, place=place, reporting=reporting))
            if opens_content(token):
                reporting = place
    return weights


def _is_known(tokens: tuple[Token, ...], place: int) -> bool:
    """Whether this word belongs to "the Spanish text": to something that an earlier step made."""
    words = [token.word for token in tokens[max(0, place - 2) : place + 2]]
    at = min(place, 2)
    if place > 1 and words[at] in DERIVED:
        return not _THE.isdisjoint(words[:at])
    return 0 < place < len(tokens) - 1 and words[at - 1] in _THE and words[at + 1] in DERIVED


_REPORTING = frozenset(stem(word) for word in REPORTING)
_THINGS = {Kind.URL: 1.7, Kind.ADDRESS: 1.3}
"""What a request turns on counts wherever it stands, unless it is part of a note or a message."""


def _weight(token: Token, place: int, zone: float) -> float:
    if token.kind in _THINGS and zone > CONTENT_WEIGHT:
        return _THINGS[token.kind]
    return zone * max(0.35, 1.06 - 0.06 * place)


def opens_content(token: Token) -> bool:
    """Whether "that …" after this word says what is to be kept or passed on."""
    if token.kind is Kind.ADDRESS:
        return True
    return token.kind is Kind.WORD and (token.word in REPORTING or stem(token.word) in _REPORTING)


def _zone_after(token: Token, tokens: tuple[Token, ...], *, place: int, reporting: int) -> float:
    """How much the words after this one say."""
    if token.word in SPEECH and place:
        return CONTENT_WEIGHT
    if token.word == "that" and 0 <= place - reporting <= 7 and not stands_for_something(tokens, place):
        return CONTENT_WEIGHT
    if opens_infinitive(tokens, place):
        return CONTENT_WEIGHT
    if token.word in TOPIC and place:
        return TOPIC_WEIGHT
    return 1.0


def opens_infinitive(tokens: tuple[Token, ...], place: int) -> bool:
    """Whether "to" at this place begins what somebody is to remember, or is told to do."""
    if tokens[place].word != "to" or not place or place + 1 >= len(tokens):
        return False
    if place <= 2 and any(token.word in ("remember", "remind", "forget") for token in tokens[:place]):
        return True
    told = tokens[0].word in ("tell", "ask", "remind", "invite", "get", "note", "make", "mail")
    to_whom = any(token.kind is Kind.ADDRESS or token.word == "note" for token in tokens[:place])
    return told and to_whom and tokens[place + 1].word in IMPERATIVES


def stands_for_something(tokens: tuple[Token, ...], place: int) -> bool:
    """Whether "that" at this place stands for a thing ("save that as a note") and opens no sentence."""
    if place + 1 >= len(tokens):
        return True
    following = tokens[place + 1]
    if (
        place
        and tokens[place - 1].word.split()[-1] in _BEFORE_A_THING
        and following.word not in _OPENS_A_SENTENCE
    ):
        return True
    if (
        following.kind is Kind.WORD
        and not following.name
        and (following.word in DERIVED or following.word not in FUNCTION)
    ):
        return (place + 2 >= len(tokens) and place > 0) or (
            place + 2 < len(tokens)
            and (
                tokens[place + 2].word in _BEHIND
                or (following.word in DERIVED and tokens[place + 2].word == "in")
            )
        )
    return following.kind is Kind.MARK or following.word in _AFTER_A_THING


_BEFORE_A_THING = frozenset(
    "is was of to from by with into than times plus minus add divide multiply double halve square twice half take"
    " does makes on".split()
)
_OPENS_A_SENTENCE = frozenset(
    "the a an he she it they we i you there this my our his her their its these those some all every no nobody"
    " everyone".split()
)
_BEHIND = frozenset("as to into by with down , . ! ? ;".split())
_AFTER_A_THING = frozenset(
    "as to in into by with for down on and from at via please over off ; , . ! ? out up along around back"
    " too also".split()
)
