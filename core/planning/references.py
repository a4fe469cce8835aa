"""Words that stand for an earlier step's output: "it", "the summary", "both results", or nothing at all."""

from __future__ import annotations

from collections.abc import Set
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise

from core.planning.content import Content
from core.planning.courtesy import without_opening
from core.planning.features import stands_for_something
from core.planning.handing_on import NO_CONTENT
from core.planning.passives import active
from core.planning.text import Kind, Token, stem
from core.planning.words import (
    DELIVERY,
    DERIVED,
    DONE,
    EXPLETIVE_BEFORE,
    FUNCTION,
    HANDING_ON,
    IRREGULAR,
    LANGUAGES,
    SOURCES,
    TIME_UNITS,
    TOPIC,
    TRANSFORMING,
)


class Refers(StrEnum):
    """What a clause leans on."""

    NOTHING = "nothing"
    ONE = "one"
    LAST = "last"
    """The work just before, whether it made anything or not: "… and note that it was sent"."""
    THEM = "them"
    """One thing of several parts, or several things."""
    BOTH = "both"
    ALL = "all"


@dataclass(frozen=True, slots=True)
class Reference:
    kind: Refers = Refers.NOTHING
    noun: str = ""
    """What the thing is called, where it is named: "the summary"."""


def find_references(
    tokens: tuple[Token, ...], content: Content, *, earlier: Set[str]
) -> tuple[Reference, ...]:
    """What the command leans on; content leans on nothing, except for "that it's done"."""
    command = active(content.command if content.open else without_opening(tokens))
    own = next((i for i, token in enumerate(command) if token.kind in (Kind.URL, Kind.QUOTE)), len(command))
    command = () if content.colon and _points_ahead(command) else command[:own]
    brings = len(command) == own and own < len(without_opening(tokens)) and not content.open
    words = [token.word for token in command]
    found = []
    for place, token in enumerate(command):
        if token.kind is not Kind.WORD or (place and token.word not in _MAY_REFER):
            continue
        of_its_own = (own - place <= 3 and brings) or (content.that and place + 2 >= len(command))
        points = brings and token.word in ("this", "that", "these", "those")
        reference = (None if points else _pronoun(command, place)) or (
            None if of_its_own else _named(words, place, earlier)
        )
        if reference is not None:
            found.append(reference)
    whole = not brings and not content.open
    if not found and (
        _whatever_came(words)
        or (whole and _lacks_an_object(words))
        or _reacts(words)
        or _about_it(content.words, earlier)
    ):
        found.append(Reference(Refers.ONE))
    elif not found and (kind := _says_that_it_is_done(content)):
        found.append(Reference(kind))
    return tuple(found)


def _whatever_came(words: list[str]) -> bool:
    """ "What you find", "whatever it says", "what comes out": the result by another name."""
    if words[:1] != [] and words[0] in HANDING_ON and words[-2:-1] in (["what"], ["whatever"]):
        return words[-1] not in FUNCTION
    return any(
        a in ("what", "whatever") and b in ("you", "it", "they", "comes", "came", "is") and c in _COMING
        for a, b, c in zip(words[1:], words[2:], words[3:], strict=False)
    )


_COMING = frozenset(
    "find found get got say says said out read learn learned see there collected gathered important new relevant"
    " interesting useful essential".split()
)


def _lacks_an_object(words: list[str]) -> bool:
    """Whether a verb that needs an object has none: "translate into French", "divide by 4"."""
    if words[:1] in (["add"], ["subtract"], ["deduct"]) and any(word[:1].isdigit() for word in words[1:4]):
        return {"to", "from", "and", "plus"}.isdisjoint(words)
    return words[:1] != [] and words[0] in TRANSFORMING and words[1:2] in ([], *([one] for one in _NO_OBJECT))


_NO_OBJECT = ("to", "into", "in", "as", "for", "by", "with", "from")


def _reacts(words: list[str]) -> bool:
    """Whether something is to be written that only makes sense as an answer to what came before: "draft a reply"."""
    nouns = [
        place
        for place, word in enumerate(words)
        if word in _REACTIONS and place and "the" not in words[:place]
    ]
    return (
        bool(nouns)
        and words[nouns[0] + 1 : nouns[0] + 2] in ([], ["in"], ["to"], ["for"])
        and len(words) <= 8
    )


_REACTIONS = frozenset(
    "reply response comment reaction summary translation version abstract conclusion recap overview rebuttal digest"
    " outline gist rundown synopsis"
    " follow-up paraphrase".split()
)


def _about_it(words: tuple[Token, ...], earlier: Set[str]) -> bool:
    """ "About the top story", "about the backup", where an earlier clause made one."""
    said = [token.word for token in words]
    if len(said) < 2 or said[0] not in TOPIC:
        return False
    if not {"it", "its", "them", "their"}.isdisjoint(said[1:6]):
        return True
    if said[1] not in _DEFINITE:
        return False
    return any(noun in SOURCES or (noun not in FUNCTION and stem(noun) in earlier) for noun in said[2:5])


def _says_that_it_is_done(content: Content) -> Refers | None:
    """What "that it's done" and "that it was sent" mean by "it"."""
    said = [part for token in content.words if token.kind is Kind.WORD for part in token.word.split()]
    if {"it", "this", "everything"}.isdisjoint(said[:3]) or len(said) > 7:
        return None
    if any(a in ("is", "was", "been") and IRREGULAR.get(b) in HANDING_ON for a, b in pairwise(said)):
        return Refers.LAST
    return None if DONE.isdisjoint(said) else Refers.ONE


def _points_ahead(command: tuple[Token, ...]) -> bool:
    """Whether "this" and "the following" mean what stands behind the colon."""
    return any(
        token.word in ("this", "these", "following", "text", "sentence", "paragraph", "that")
        for token in command
    )


_PRONOUNS = {
    "it": Refers.ONE, "them": Refers.THEM, "those": Refers.THEM, "these": Refers.THEM, "both": Refers.BOTH,
}  # fmt: skip


def _pronoun(tokens: tuple[Token, ...], place: int) -> Reference | None:
    word = tokens[place].word
    before = tokens[place - 1].word if place else ""
    following = tokens[place + 1].word if place + 1 < len(tokens) else ""
    if word == "it" and (
        not before or before.split()[-1] in EXPLETIVE_BEFORE or following in ("is", "was", "will")
    ):
        return None
    if word == "what" and place and following in ("you", "it", "they", "comes", "came"):
        return Reference(Refers.ONE)
    if word in ("that", "this") and following in _OF_TIME:
        return None
    if word in ("that", "this"):
        named = following in DERIVED or following in SOURCES
        alone = named or stands_for_something(tokens, place) or following in ("back", "up")
        return Reference(Refers.ONE, following if following in DERIVED else "") if place and alone else None
    if word in _EVERYTHING and tokens[0].word in _DOING:
        return Reference(Refers.ALL) if word == "everything" or following in _OF_ALL else None
    if word == "they" and before in ("how", "what", "whether", "where", "if"):
        return Reference(Refers.THEM)
    if word not in _PRONOUNS or not place or (word == "both" and before == "to"):
        return None
    return Reference(Refers.ALL if following in ("results", "answers", "outputs") else _PRONOUNS[word])


_TIMES = frozenset(
    "morning afternoon evening quarter time weekend season spring summer autumn winter".split()
)
_OF_TIME = TIME_UNITS | _TIMES
_DOING = DELIVERY | TRANSFORMING
_EVERYTHING = frozenset({"everything", "all", "lot"})

_OF_ALL = frozenset({"of", "results", "answers", "that", "this", "two", "three", "four", "to", "as"})


def _named(words: list[str], place: int, earlier: Set[str]) -> Reference | None:
    """ "The summary", "the results", "that amount"; "mail result to …"; "translate the article"."""
    head = words[0] if words else ""
    uses = head in HANDING_ON or head in TRANSFORMING
    if words[place] not in _DEFINITE and not (uses and place == 0):
        return None
    if (
        words[place] == "the"
        and words[place + 1 : place + 2] == ["two"]
        and words[place + 2 : place + 3] in ([], ["to"], ["into"])
    ):
        return Reference(Refers.BOTH)
    if (
        words[place] == "the"
        and words[place + 2 : place + 3] == ["one"]
        and words[place + 1].endswith(("er", "est"))
    ):
        return Reference(Refers.ALL)
    counted = words[place + 1 : place + 2] and words[place + 1] in ("two", "three", "four", "five")
    based_on = place > 0 and words[place - 1] in ("from", "on", "with", "using", "out", "of", "into")
    for at in range(place + 1, min(place + 4, len(words))):
        noun, following = words[at], words[at + 1] if at + 1 < len(words) else ""
        if noun in _NO_NOUNS or " " in noun:
            return None
        made_of = words[place - 1] in ("from", "with", "using", "into") and stem(noun) in earlier
        known = noun in DERIVED or (based_on and (noun in SOURCES or made_of))
        if not known and uses and noun not in FUNCTION:
            known = (stem(noun) in earlier and noun not in NO_CONTENT) or (
                _is_object(words, place) and following in _ENDS_A_THING
            )
        if not known:
            continue
        translated = following == "in" and words[at + 2 : at + 3] and words[at + 2] in LANGUAGES
        if following in ("of", "from", "about", "between") or (
            following in _WHERE and not translated and not uses and noun not in _OUTPUTS
        ):
            return None
        many = counted or noun in ("results", "answers", "outputs", "summaries", "translations")
        return Reference(Refers.ALL if many else Refers.ONE, "" if many else noun)
    return None


def _is_object(words: list[str], place: int) -> bool:
    """Whether "the" at this place begins what the verb is done to, and the words bring nothing of their own."""
    return 0 < place <= 2 and not any(word[:1].isdigit() or word[:1] in "<\"'" for word in words)


_WHERE = frozenset({"in", "on", "at", "for", ":"})

_OUTPUTS = frozenset(
    {"result", "results", "answer", "answers", "outcome", "translation", "output", "outputs"}
)

_DEFINITE = frozenset({"the", "its", "your", "this", "that", "all", "these", "those", "said"})

_NO_NOUNS = frozenset({"of", "to", "in", "from", "a", "an", "my", "our", ":", "at", "by", "that", "about"})

_MAY_REFER = _DEFINITE | _EVERYTHING | _PRONOUNS.keys() | {"what", "they"}
"""All words that stand for something, or before its name; beside them only the verb at the beginning does."""

_ENDS_A_THING = frozenset(
    {"", "to", "into", "as", "in", "with", "for", ",", ".", "by", "down", "over", "on", "and", "via", "per"}
)
