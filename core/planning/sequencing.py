"""Words that tell the order of the work: "then", "once that's done", "before that", "step 2"."""

from __future__ import annotations

from enum import StrEnum
from itertools import pairwise

from core.planning.order_phrases import (
    EARLIER,
    THEN_ANYWHERE,
    THEN_FIRST,
    TRAILING_EARLIER,
    TRAILING_THEN,
    by_first_word,
)
from core.planning.text import SHAPES, Kind, Token, ends_like_a_past
from core.planning.words import DERIVED, DONE, ENGLISH_NUMBERS, HANDING_ON, IMPERATIVES, IRREGULAR


class Link(StrEnum):
    """What a connecting word says about the order."""

    BESIDE = "beside"
    THEN = "then"
    """This clause comes after the one before it in the text."""
    AFTER_ALL = "after all"
    """This clause comes after everything before it: "when both are done, …"."""
    EARLIER = "earlier"
    """This clause comes before the one before it in the text."""


_REFERENCE = frozenset(
    "it that this them they these those all both everything which the a you i we are is has have been be got had"
    " get with step steps one two three thing things job task result results output your".split()
)

_WAITING = frozenset({"once", "when", "after", "as", "soon", "whenever", "if"})

_POINTING = frozenset({"it", "that", "this", "them", "those", "these", "both"})


_FIRST = tuple(
    (phrases, by_first_word(phrases), link)
    for phrases, link in ((EARLIER, Link.EARLIER), (THEN_ANYWHERE, Link.THEN), (THEN_FIRST, Link.THEN))
)


def first_words(tokens: tuple[Token, ...]) -> tuple[Link, int]:
    """What the words at the start say about the order, and how many they are."""
    step = step_number(tokens)
    step += 1 if 0 < step < len(tokens) - 2 and tokens[step].word == "," else 0
    if waits := (waiting_words(tokens[step:]) + step if step else waiting_words(tokens)) or _using(tokens):
        of_all = any(token.word in ("both", "all", "everything") for token in tokens[:waits])
        return Link.AFTER_ALL if of_all else Link.THEN, waits
    if starts_with(tokens, 0, ("then", "again")):
        return Link.BESIDE, 0
    if counted := counted_step(tokens):
        return Link.THEN, counted
    word = tokens[0].word
    for phrases, by_word, link in _FIRST:
        if word in by_word:
            length = max((len(p) for p in by_word[word] if starts_with(tokens, 0, p)), default=0)
            if length and _free(tokens, length, phrases):
                return link, length
    return Link.BESIDE, 0


def _using(tokens: tuple[Token, ...]) -> int:
    """How many words say only that what was found is used: "with what you learn write …"."""
    if tokens[0].word not in _SOURCES_OR_OUT:
        return 0
    words = [token.word for token in tokens[:12]]
    size = 2 if words[:2] in (["based", "on"], ["out", "of"]) else 1
    if words[size : size + 1] != ["what"]:
        return 0
    size += 2
    while size < len(words) and (words[size] in _LEARNT or words[size] not in _VERBS_OR_COMMA):
        size += 1
    size += 1 if words[size : size + 1] == [","] else 0
    return size if words[size : size + 1] and words[size] in _MAKING - {","} else 0


_LEARNT = frozenset("find read see get gather learn collect".split())


def counted_step(tokens: tuple[Token, ...]) -> int:
    """How many tokens "as a second step," and "the third thing is to" take."""
    if tokens[0].word not in _BEFORE_A_STEP:
        return 0
    words = [token.word for token in tokens[:6]]
    size = 1 if words[0] in ("as", "in", "for") else 0
    if words[size : size + 1] not in (["a"], ["the"], ["my"]) or len(words) < size + 4:
        return 0
    if words[size + 1] not in _ORDINALS or words[size + 2] not in ("step", "thing", "task", "move", "point"):
        return 0
    return size + (4 if words[size + 3] in (",", ":", "is") else 3)


_BEFORE_A_STEP = frozenset("as in for a the my".split())
_ORDINALS = frozenset("first second third fourth fifth next last final".split())


def step_number(tokens: tuple[Token, ...]) -> int:
    """How many tokens "step 2:" takes."""
    if (
        len(tokens) < 3
        or tokens[0].word != "step"
        or not (tokens[1].kind is Kind.NUMBER or tokens[1].word in ENGLISH_NUMBERS)
    ):
        return 0
    return 3 if tokens[2].kind is Kind.MARK or tokens[2].kind is Kind.SUM else 2


def waiting_words(tokens: tuple[Token, ...]) -> int:
    """How many words at the start only say "after it has finished" or "with those"."""
    if tokens[0].word not in _MAY_WAIT:
        return 0
    words = [token.word for token in tokens]
    if words[0] in _SOURCES:
        size = 2 if words[:2] == ["based", "on"] else 1
        pointed = _POINTING.intersection(words[size : size + 1]) and _MAKING.intersection(
            words[size + 1 : size + 2]
        )
        if pointed:
            return size + 1
        result = words[size : size + 1] == ["the"] and _RESULTS.intersection(words[size + 1 : size + 2])
        if result and words[size + 2 : size + 3] and words[size + 2] in _VERBS_OR_COMMA:
            return size + 2
    only = 1 if words[0] in ("only", "but") and len(words) > 2 else 0
    if words[only] not in _WAITING:
        return 0
    size = 1 + only
    while size < len(words) and (
        all(_is_reference(word) for word in words[size].split())
        or (words[size - 1] == "step" and words[size].isdigit())
        or (words[size - 1] in _DEFINITE and words[size] in DERIVED)
        or (size == 1 + only and words[size].endswith("ing") and words[size + 1 : size + 2] in _OBJECTS)
        or (size > 1 and _is_past(words[size]) and words[size - 1].split()[-1] in _BEFORE_A_PAST)
    ):
        size += 1
    if size == len(words):
        return 0
    if words[size] in ("want", "need", "would") and words[size - 1] in ("i", "we"):
        return size - 1
    points = not _POINTING.isdisjoint(words[1:size])
    asks = (
        words[size] in _VERBS_OR_ASKING
        or words[size] in ("i would", "we would")
        or (points and words[size] in ("a", "an", "the", "my"))
    )
    return size if size > (1 if points else 2) and asks else 0


def _is_reference(word: str) -> bool:
    return word in _REFERENCE or word in DONE or word in _WAITING


_SOURCES = frozenset({"with", "using", "from", "based", "given"})
_SOURCES_OR_OUT = _SOURCES | {"out"}
_MAY_WAIT = _SOURCES | _WAITING | {"only", "but"}
_INVERTED = (["does"], ["do"], ["did"], ["is"], ["are"], ["was"], ["will"], ["can"], ["should"])
"""After "when" these make a question of it."""
_DEFINITE = frozenset({"the", "your", "that", "this", "these", "those"})
_EXACTLY = frozenset("only but and even right immediately directly just straight".split())
"""Words before "after that" or "once it's done" that change nothing about what waits."""
_BEFORE_A_PAST = frozenset("is was has been have had are were it that".split())
_OBJECTS = (["it"], ["them"], ["that"], ["this"])
_BUILDING = frozenset({"out", "building", "drawing", "working", "starting", "by"})
_RESULTS = frozenset("result results answer answers outcome output number figure total".split())
_MAKING = frozenset({"write", "draft", "make", "create", "compose", "build", "prepare", ","})
_ASKING = frozenset({"please", "could", "can", "would", ",", ":"})
_VERBS_OR_ASKING = IMPERATIVES | _ASKING
_VERBS_OR_COMMA = IMPERATIVES | {","}


def _free(tokens: tuple[Token, ...], length: int, phrases: tuple[tuple[str, ...], ...]) -> bool:
    """Whether the words at the start of a clause connect it ("next, mail …") and belong to nothing ("next week")."""
    if phrases is not THEN_FIRST:
        return True
    following = tokens[length].word if length < len(tokens) else ""
    if tokens[0].word in ("next", "last", "later", "after", "second", "third") and length == 1:
        return following in (",", ":") or (
            tokens[0].word != "last"
            and (
                following in IMPERATIVES
                or (tokens[0].word in ("next", "second", "third") and following in _ARTICLES)
            )
        )
    return following != ""


_ARTICLES = frozenset("a an the my our your what how which please could can would i we".split())


_LAST = frozenset(phrase[-1] for phrase in (*TRAILING_THEN, *TRAILING_EARLIER))


def last_words(tokens: tuple[Token, ...]) -> tuple[Link, tuple[Token, ...]]:
    """What the words at the end say about the order, and the tokens before them."""
    if tokens[-1].word not in _LAST:
        return Link.BESIDE, tokens
    for phrases, link in ((TRAILING_THEN, Link.THEN), (TRAILING_EARLIER, Link.EARLIER)):
        for phrase in phrases:
            size = len(phrase)
            if len(tokens) > size + 2 and starts_with(tokens, len(tokens) - size, phrase):
                return link, tokens[:-size]
    return Link.BESIDE, tokens


def starts_with(tokens: tuple[Token, ...], place: int, phrase: tuple[str, ...]) -> bool:
    if place >= len(tokens) or tokens[place].word != phrase[0]:
        return False
    if len(phrase) == 1:
        return True
    part = tokens[place : place + len(phrase)]
    return len(part) == len(phrase) and all(t.word == w for t, w in zip(part, phrase, strict=True))


_ORDERING = frozenset((*THEN_ANYWHERE, *THEN_FIRST, ("and", "then"), ("step", "two"), ("step", "three")))


def only_orders(tokens: tuple[Token, ...]) -> bool:
    """Whether these words say "next" or "finally" and nothing else."""
    words = tuple(token.word for token in tokens if token.kind is Kind.WORD)
    return words in _ORDERING


def waits_for_what_came_before(tokens: tuple[Token, ...]) -> bool:
    """Whether these words only say "when that's done", "having drafted it" or "with the result"."""
    first = next((token.word.split()[0] for token in tokens if token.kind is Kind.WORD), "")
    if first not in _MAY_ONLY_WAIT or any(t.kind in SHAPES and t.kind is not Kind.NUMBER for t in tokens):
        return False
    words = [part for token in tokens if token.kind is Kind.WORD for part in token.word.split()]
    if (
        len(words) == 3
        and words[0] in ("take", "grab", "use")
        and words[1] in _DEFINITE
        and words[2] in DERIVED
    ):
        return True
    if words[0] == "should" and words[1:2] != [] and words[1] in _POINTING:
        return True
    if words[0] in _SOURCES_OR_BUILDING and len(words) <= 7 and not _POINTING.isdisjoint(words[1:4]):
        return words[1] not in _POINTING or words[2:3] == [] or words[2] not in IMPERATIVES
    if words[0] in _SOURCES and len(words) <= 4:
        return not _POINTING.isdisjoint(words[-2:]) or (words[-2:-1] == ["the"] and words[-1] in DERIVED)
    while words[1:] and words[0] in _EXACTLY:
        words = words[1:]
    if words[0] != "having" and (words[0] not in _WAITING_OR_BEFORE or words[1:2] in _INVERTED):
        return False
    if (len(words) == 2 and words[0] in ("once", "when")) or (words[0] == "having" and words[2:]):
        return all(_is_reference(word) or _is_past(word) for word in words[1:])
    rest = [word for word in words[1:] if not _is_reference(word)]
    named = any(a in _DEFINITE and b in DERIVED for a, b in pairwise(words))
    points = named or not _POINTING.isdisjoint(words) or "they" in words
    return len(words) > 1 and (not rest or (points and len(rest) <= 2))


_SOURCES_OR_BUILDING = _SOURCES | _BUILDING
_WAITING_OR_BEFORE = _WAITING | {"before"}
_MAY_ONLY_WAIT = (
    _SOURCES_OR_BUILDING | _WAITING_OR_BEFORE | _EXACTLY | {"take", "grab", "use", "should", "having"}
)
"""The first words of all that only says when something is done."""


def _is_past(word: str) -> bool:
    return ends_like_a_past(word) or word in IRREGULAR


_KEEPING = frozenset(
    "note notes remember remind text message saying memo jot write subject body down record".split()
)


def hands_on(tokens: tuple[Token, ...], place: int) -> bool:
    """Whether what stands behind a colon is to be done with what stands before it: "5*5 and …: mail both to …"."""
    behind = [token.word for token in tokens[place + 1 : place + 4]]
    if len(behind) < 3 or behind[0] not in HANDING_ON or place < 2:
        return False
    pointed = behind[1] in ("it", "them", "both", "those", "all", "everything")
    return pointed and _KEEPING.isdisjoint(token.word for token in tokens[:place])
