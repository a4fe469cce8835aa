"""Slips of the keyboard: from an unknown word to the known one that was meant."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from itertools import pairwise

from rapidfuzz.distance import OSA

from core.planning import words
from core.planning.politeness import COURTEOUS
from core.planning.text import stem
from core.planning.thesaurus import GROUPS

_WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+){0,8}")
_LISTS = (
    words.FUNCTION, words.NEUTRAL, words.IMPERATIVES, words.REPORTING, words.DERIVED, words.GREETING, words.THANKS,
    words.SMALL_TALK, words.UNITS, words.MONEY, words.TIME_UNITS, words.DAYS, words.DONE, words.MODALS, words.TOPIC,
    words.SPEECH, words.LANGUAGES, words.SUBORDINATE, words.DELIVERY, *GROUPS,
)  # fmt: skip
_LANGUAGE = frozenset(word for each in (*_LISTS, COURTEOUS) for word in each)
_COMMON = {
    "rember": "remember",
    "remeber": "remember",
    "wich": "which",
    "recieve": "receive",
    "definately": "definitely",
    "nots": "notes",
}
_SHORT = frozenset(
    {
        "jot",
        "add",
        "put",
        "run",
        "how",
        "can",
        "sum",
        "why",
        "who",
        "get",
        "all",
        "our",
        "the",
        "and",
        "new",
        "what",
        "then",
        "that",
        "with",
        "for",
        "you",
        "please",
        "time",
    }
)


class Spelling:
    """Knows the words of the language's frame and of these agents, and nothing of the world."""

    def __init__(self, texts: Iterable[str]) -> None:
        own = frozenset(word.lower() for text in texts for word in _WORD.findall(text))
        self._known, self._stems, self._near = _learned(own)
        self.correct = lru_cache(maxsize=20_000)(self._correct)

    def _correct(self, word: str) -> str:
        if word in _COMMON:
            return _COMMON[word]
        if word in self._known or len(word) < 3 or len(word) > 24 or stem(word) in self._stems:
            return word
        near = {known for form in _with_one_missing(word) for known in self._near.get(form, ())}
        fitting = [(distance, known) for known in near if (distance := _slip(word, known))]
        return min(fitting)[1] if fitting else word


@lru_cache(maxsize=32)
def _learned(own: frozenset[str]) -> tuple[frozenset[str], frozenset[str], Mapping[str, tuple[str, ...]]]:
    """All words beside these that are right, their stems, and what was meant where a letter is missing or too many."""
    meant = _LANGUAGE | own
    known = frozenset(meant | words.EVERYDAY)
    near: dict[str, tuple[str, ...]] = {}
    for word in meant:
        if len(word) > 2:
            for form in _with_one_missing(word):
                # Most forms are of one word; a set for each would be four times as large.
                near[form] = (*near.get(form, ()), word)
    return known, frozenset(stem(word) for word in known), near


def _with_one_missing(word: str) -> set[str]:
    return {word, *(word[:i] + word[i + 1 :] for i in range(len(word)))}


def _too_long(written: str, known: str) -> bool:
    """Whether a letter was struck twice, or an ending put to a verb: "allso", "finde"."""
    doubled = any(
        a == b and written[:i] + written[i + 1 :] == known for i, (a, b) in enumerate(pairwise(written))
    )
    return doubled or (
        len(written) == 5 and known in words.IMPERATIVES and written[:4] == known and written[4] == "e"
    )


def _without_vowels(known: str, written: str) -> bool:
    """Whether a vowel was swallowed, and all that is left are consonants and a silent e: "nte", "snd"."""
    inner = next((i for i in range(1, 4) if known[:i] + known[i + 1 :] == written), 0)
    return 0 < inner < 3 and known[inner] in "aeiou" and not set("aiou").intersection(written)


def _slip(written: str, known: str) -> int:
    """How far apart they are where one can be a slip for the other, else 0."""
    distance = int(OSA.distance(written, known, score_cutoff=2))
    if distance > 2 or (written[0] != known[0] and sorted(written) != sorted(known)):
        return 0
    swapped = distance == 1 and len(written) == len(known) and sorted(written) == sorted(known)
    if len(written) <= 3:
        swallowed = len(known) == 4 and known in words.IMPERATIVES and _without_vowels(known, written)
        return distance if (swapped and known in _SHORT) or swallowed else 0
    if len(written) <= 5:
        # a changed letter makes another word of a short one (book, look); a swapped or missing one rarely does
        return (
            distance
            if distance == 1 and (swapped or len(known) == len(written) + 1 or _too_long(written, known))
            else 0
        )
    return distance if distance == 1 or (len(written) >= 7 and len(known) >= 6) else 0
