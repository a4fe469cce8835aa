"""A summary made of a text's own sentences."""

from __future__ import annotations

import re
from collections import Counter

MOST_READ = 60_000
MOST_SENTENCES = 400
_END = re.compile(r"(?<=[.!?…])[\"'”’)\]]{0,2}\s+(?=[\"'“‘(\[]?[^\W_a-z])")
_SHORT = re.compile(
    r"(?:\b(?:e\.g|i\.e|etc|vs|Dr|Mr|Mrs|Ms|Prof|St|No|Nr|Fig|approx|bzw|z\.B|d\.h|ca|Inc|Ltd|Co|U\.S|[A-Z]))\.$"
)
_WORD = re.compile(r"[^\W\d_]{3,40}")
_STOP = frozenset(
    "the and for are but not you all any can had her was one our out has have his how its may "
    "new now old see two who did get him "
    "use that this with from they will would there their what about which when make like time "
    "just know take into year your some "
    "could them than then look only come over also back after work first well even want because "
    "these give most been were being "
    "more other such very much many does each where while should those under between both before "
    "during through however said says "
    "und der die das den dem des ein eine einer eines ist sind war nicht mit von auf für als "
    "auch sich aus bei nach wird werden "
    "les des une est pas pour que qui dans sur avec par los las una por con del para".split()
)


def summarise(text: str, *, title: str = "", sentences: int = 5) -> tuple[str, ...]:
    """At most `sentences` sentences that say most of the text, in its order."""
    found = _sentences(text[:MOST_READ])
    if len(found) <= sentences:
        return tuple(sentence for _, sentence in found)
    frequency = Counter(word for _, sentence in found for word in _words(sentence))
    heading = set(_words(title))
    scored = sorted(
        (
            (_score(sentence, position, place, frequency, heading), index)
            for index, (place, sentence) in enumerate(found)
            for position in (index,)
        ),
        key=lambda pair: (-pair[0], pair[1]),
    )
    chosen: list[int] = []
    for _, index in scored:
        if len(chosen) == sentences:
            break
        if not any(_alike(found[index][1], found[other][1]) for other in chosen):
            chosen.append(index)
    return tuple(found[index][1] for index in sorted(chosen))


def _sentences(text: str) -> list[tuple[int, str]]:
    """Sentences with their place in their paragraph; headings, menus and crumbs are left out."""
    found: list[tuple[int, str]] = []
    for paragraph in re.split(r"\n+", text):
        paragraph = " ".join(paragraph.lstrip("-*•#> ").split())
        whole = paragraph.endswith((".", "!", "?", "…", ":", '"', "”"))
        if len(paragraph) < 25 or (not whole and len(paragraph) < 80):
            continue
        for place, sentence in enumerate(_split(paragraph)):
            if len(_WORD.findall(sentence)) >= 4:
                found.append((place, sentence))
        if len(found) >= MOST_SENTENCES:
            break
    if not found and text.strip():
        found = [(0, " ".join(text.split())[:500])]
    return found


def _split(paragraph: str) -> list[str]:
    parts: list[str] = []
    for piece in _END.split(paragraph):
        if parts and _SHORT.search(parts[-1]):
            parts[-1] += " " + piece
        else:
            parts.append(piece)
    return parts


def _words(text: str) -> list[str]:
    return [word for word in _WORD.findall(text.lower()) if word not in _STOP]


def _score(sentence: str, position: int, place: int, frequency: Counter[str], heading: set[str]) -> float:
    words = _words(sentence)
    if not words:
        return 0.0
    weight = sum(frequency[word] for word in set(words)) / (len(set(words)) + 4)
    lead = 2.0 if position == 0 else 1.5 if position < 3 else 1.2 if place == 0 else 1.0
    about_title = 1.0 + 0.3 * len(heading.intersection(words)) / (len(heading) or 1)
    length = len(sentence)
    fit = 1.0 if 50 <= length <= 260 else 0.75 if length <= 400 else 0.4
    question = 0.6 if sentence.endswith("?") else 1.0
    return weight * lead * about_title * fit * question


def _alike(one: str, two: str) -> bool:
    first, second = set(_words(one)), set(_words(two))
    return bool(first and second) and len(first & second) / min(len(first), len(second)) > 0.8
