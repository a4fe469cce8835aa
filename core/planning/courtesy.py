"""The kind words around a request, which say nothing about who should do it."""

from __future__ import annotations

import re
from functools import lru_cache

from core.planning.politeness import CLOSERS, COURTEOUS, OPENERS
from core.planning.text import Kind, Token, stem
from core.planning.words import (
    FUNCTION,
    IMPERATIVES,
    IRREGULAR,
    MODALS,
    NEUTRAL,
    QUESTION,
)

KEPT = 1024
"""How many pieces of instructions are remembered: each is looked at many times while a plan is made."""
_LONGEST_CLOSER = max(len(phrase) for phrase in CLOSERS)
_CLOSING = frozenset(phrase[-1] for phrase in CLOSERS)
_KIND = COURTEOUS | FUNCTION | NEUTRAL


@lru_cache(maxsize=KEPT)
def without_opening(tokens: tuple[Token, ...]) -> tuple[Token, ...]:
    """The tokens from the first one that asks for something."""
    start = 0
    while start < len(tokens):
        if tokens[start].kind in (Kind.MARK, Kind.BREAK) and tokens[start].word not in "([<{√#":
            start += 1
            continue
        taken = (
            _opener_length(tokens, start)
            or _indirect_question(tokens[start : start + 5])
            or _roundabout(tokens[start : start + 16])
        )
        if not taken or start + taken >= len(tokens) or _is_there(tokens, start):
            break
        start += taken
    return tokens[start:]


_NO_COURTESY = frozenset("when whenever if once after before how what which where who".split())


def _roundabout(tokens: tuple[Token, ...]) -> int:
    """How many words of mere courtesy lead up to the verb: "it would mean a lot if you could …"."""
    asked = False
    if tokens[0].word in _NO_COURTESY:
        return 0
    for place, token in enumerate(tokens):
        if token.kind is not Kind.WORD:
            return 0
        if asked and _is_verb(token.word) and tokens[place - 1].word.split()[-1] in _BEFORE_A_REQUEST:
            return place
        for word in token.word.split():
            if word not in _KIND:
                return 0
            asked = asked or word in _ASKING
    return 0


def _is_there(tokens: tuple[Token, ...], start: int) -> bool:
    """Whether "there" begins a statement ("there were 48 eggs") and ends no greeting; "both texts" likewise."""
    if tokens[start].word == "both":
        return tokens[start + 1].word.endswith("s")
    return tokens[start].word == "there" and tokens[start + 1].word in ("is", "are", "was", "were")


def _indirect_question(tokens: tuple[Token, ...]) -> int:
    """How many words only hand a question on: "tell me" before "how late it is", "let me know if"."""
    if tokens[0].word not in _HANDING_OVER:
        return 0
    words = [token.word for token in tokens]
    if words[1:2] not in (["me"], ["us"]):
        return 0
    size = 3 if words[0] in ("let", "letting") and words[2:3] == ["know"] else 2
    following = words[size].split()[0] if size < len(words) else ""
    if following in ("if", "whether"):
        return size + 1
    return size if following in _QUESTION_WORDS else 0


_QUESTION_WORDS = QUESTION - MODALS
_HANDING_OVER = frozenset({"tell", "telling", "let", "letting"})


def _is_verb(word: str) -> bool:
    """Whether a request may begin with it: "draft", "if you drafted"."""
    return word in IMPERATIVES or word in IRREGULAR or (word.endswith("ed") and stem(word) in _VERBS)


_VERBS = frozenset(stem(word) for word in IMPERATIVES)
_BEFORE_A_REQUEST = frozenset({"to", "you", "could", "would", "can", "and", "please", "kindly", "might"})

_ASKING = frozenset(
    {
        "you",
        "possible",
        "chance",
        "way",
        "please",
        "favour",
        "favor",
        "kindly",
        "ok",
        "okay",
        "alright",
        "request",
    }
)

_BETWEEN = frozenset(
    "also still just really kindly please further maybe perhaps now then quickly only again too".split()
)
"""Words that may stand anywhere in a kind phrase: "I also wonder", "could you please kindly"."""

_MODAL = re.compile(
    r"(?:could|can|would|will|might|may|shall) (?:you|i|we|u|someone|somebody|anyone|anybody)\b"
    r"(?: (?:please|kindly|possibly|perhaps|maybe|also|just|ever|now|quickly|still|then|do me))*"
    r"(?: (?:be (?:so |very |really )?(?:able|willing|happy|ready|kind|good|nice|sweet|lovely|helpful|generous)(?:"
    r" enough)?(?: as)?(?: to| and)?"
    r"|mind|care to|like to|manage to|ask(?: you)?(?: for| to)?|request|bother you (?:for|to|with)|trouble you"
    r" (?:for|to|with)"
    r"|get you to|have you|help(?: me| us)?(?: to| with| out with| out by)?|assist(?: me| us)?(?: with| in)?|go"
    r" ahead and|take a moment to"
    r"|(?:a|the|one|this) (?:big |huge |small |quick |little )?(?:favou?r|solid|kindness)(?: and|:)?|spare (?:a|the)"
    r" \w+ (?:to|and)))?"
    r"(?: (?:please|kindly|possibly|quickly))*(?= |$)"
)


_SPARE_MOMENT = re.compile(
    r"(?:when|whenever|if|once|as soon as) you (?:happen to )?(?:have|get|got|find|have got)"
    r"(?: (?:a|an|any|some|the|spare|free|quick|little|bit|of|few|idle|second|couple))*"
    r" (?:moments?|minutes?|seconds?|secs?|chance|time|opportunity)"
    r"(?: (?:to spare|for me|for us|for this|today|tomorrow|tonight|later|at some point"
    r"|this (?:morning|afternoon|week)))*"
    r"(?= |$)"
)
_ASIDE = re.compile(
    r"(?:(?:(?:just|only) )?(?:(?:a|one|two|three|some|a few|a couple of) |(?=quick|small|short|little|tiny|silly))"
    r"(?:(?:very|really|super|quick|small|short|little|tiny|simple|brief|silly|more|other) )*"
    r"(?:ones?|things?|questions?|requests?|favou?rs?|jobs?|tasks?|checks?)(?: for you| please| today)*)?(?: ?if"
    r" (?:i may|i might|possible|you (?:do|would|will) not mind|that is (?:ok|okay|all right|alright|fine|possible)"
    r"|it is (?:not|no)(?: too| any)?(?: much)?(?: of an?)? (?:trouble|bother|hassle|problem|imposition))"
    r"(?: (?:me|my|us|i|to|for|you|asking|ask|so|bold|be|so|may))*)?(?= |$)"
)
"""Kind words that a mark sets apart: "if you don't mind me asking, …", "two quick ones if I may: …"."""


_BEGIN_AN_ASIDE = frozenset("just only a one two three some quick small short little tiny silly if".split())
_BEGIN_A_MODAL = frozenset("could can would will might may shall when whenever if once as".split())


def _aside_length(tokens: tuple[Token, ...], start: int) -> int:
    """How many tokens such kind words take; none where no mark follows."""
    if tokens[start].word.partition(" ")[0] not in _BEGIN_AN_ASIDE:
        return 0
    end = start
    while end < len(tokens) and end - start < 14 and tokens[end].kind is Kind.WORD:
        end += 1
    if end < len(tokens) and tokens[end].word not in (",", ":", "-", ";", "."):
        return 0
    return end - start if _ASIDE.fullmatch(" ".join(token.word for token in tokens[start:end])) else 0


def _opener_length(tokens: tuple[Token, ...], start: int) -> int:
    """How many tokens the longest kind phrase at `start` takes; marks inside it don't count as words."""
    first = tokens[start].word.partition(" ")[0]
    if tokens[start].kind is not Kind.WORD:
        return 0
    asked = _modal_length(tokens[start : start + 14]) if first in _BEGIN_A_MODAL else 0
    if not asked and first not in OPENERS and first not in _BETWEEN:
        return _aside_length(tokens, start)
    words: list[str] = []
    best = 0
    for count, token in enumerate(tokens[start : start + 14], start=1):
        if token.kind is not Kind.WORD:
            break
        words.extend(token.word.split())
        bare = tuple(word for word in words if word not in _BETWEEN)
        if bare and bare in OPENERS.get(bare[0], frozenset()):
            best = count
        if tuple(words) in OPENERS.get(words[0], frozenset()) or len(words) == asked:
            best = count
    return max(best, _aside_length(tokens, start))


def _modal_length(tokens: tuple[Token, ...]) -> int:
    """How many words "could you please" and "if you have a minute" are."""
    said = " ".join(token.word for token in tokens if token.kind is Kind.WORD)
    modal = _MODAL.match(said) or _SPARE_MOMENT.match(said)
    return len(modal.group().split()) if modal else 0


def without_closing(tokens: tuple[Token, ...]) -> tuple[Token, ...]:
    """The tokens without the thanks at their end."""
    end = len(tokens)
    while end:
        if tokens[end - 1].kind in (Kind.MARK, Kind.BREAK) and tokens[end - 1].word not in ")]>}°":
            end -= 1
            continue
        taken = _closer_length(tokens, end)
        if not taken or (taken == 1 and _is_an_object(tokens[:end])):
            break
        end -= taken
    return tokens[:end] or tokens[:1]


def _is_an_object(tokens: tuple[Token, ...]) -> bool:
    """Whether a name at the end is what the words are about ("how do we use FlowMate") and nobody who is spoken to."""
    before = tokens[-2:-1]
    if tokens[-1].word not in _NAMES or not before or before[0].kind is not Kind.WORD:
        return False
    return not _closer_length(tokens[:-1], len(tokens) - 1)


_NAMES = frozenset({"flowmate", "bot", "mate"})


def _closer_length(tokens: tuple[Token, ...], end: int) -> int:
    last = tokens[end - 1]
    if last.kind is not Kind.WORD or last.word.rpartition(" ")[2] not in _CLOSING:
        return 0
    words: list[str] = []
    best = 0
    for count in range(1, min(end - 1, _LONGEST_CLOSER) + 1):
        token = tokens[end - count]
        if token.kind is not Kind.WORD:
            break
        words = [*token.word.split(), *words]
        if tuple(words) in CLOSERS:
            best = count
    return best


def is_courtesy(tokens: tuple[Token, ...]) -> bool:
    """Whether these words are a kind phrase and nothing else: "if you can", "just in case"."""
    words = tuple(part for token in tokens if token.kind is Kind.WORD for part in token.word.split())
    if not words or len(words) > len(tokens) + 3:
        return False
    return (
        words in CLOSERS
        or words in OPENERS.get(words[0], frozenset())
        or _opener_length(tokens, 0) == len(tokens)
    )


@lru_cache(maxsize=KEPT)
def core_of(tokens: tuple[Token, ...]) -> tuple[Token, ...]:
    """The request itself."""
    return without_closing(without_opening(tokens))
